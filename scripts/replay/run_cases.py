"""Replays of cases of single runs: training, resuming, evaluating, reporting."""

import csv
import fcntl
import io
import json
import os
import pty
import re
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time

from harness import (
    DOOR,
    FLEX,
    HEAD,
    HOOD,
    SIZE,
    Skipped,
    contents,
    epochs_of,
    expect,
    load,
    read,
    rewrite_labels,
    valid_mses,
    write,
)
from pictures import write_png


def warm_start(case):
    """Fine-tunes from an own model: the exported one, its weights alone, and a run."""
    case.psp("export", case.model, "--out", "model").exits(0)
    for number, weights in enumerate(["model/model.safetensors", "model", case.model]):
        more = [*HEAD, "--set", "train.epochs=1", "--set", f"model.weights={weights}"]
        case.train(f"run-{number}", *more).exits(0).says("weights of").never_says("from scratch")
    other = [*HEAD, "--set", "train.epochs=1", "--set", "model.backbone=googlenet"]
    done = case.train("other", *other, "--set", "model.weights=model/model.safetensors").fails()
    expect(len(done.all) < 1000, "a refusal of a few lines", done.told())


def search_warm_start(case):
    warm_start(case)


def search_batchnorm_one(case):
    done = case.train("run", "--set", "train.batch_size=1")
    done.fails().says(r"train\.batch_size").says("batch norm")
    expect(not (case / "run" / "checkpoints").exists(), "nothing trained", done.told())


def search_extend_epochs(case):
    case.train("run", *HEAD, "--set", "train.epochs=2").exits(0)
    case.psp("train", "--resume", "run", "--set", "train.epochs=4").exits(0)
    trained = [epoch["epoch"] for epoch in epochs_of(case / "run")]
    expect(trained == [1, 2, 3, 4], "epochs 1 to 4", trained)
    config = case / "run" / "config.toml"
    write(config, re.sub(r"(?m)^epochs = 4$", "epochs = 5", read(config)))
    done = case.psp("train", "--resume", "run")
    if done.code != 0:
        done.fails().says(r"train\.epochs|config\.toml")
    else:
        last = epochs_of(case / "run")[-1]["epoch"]
        expect(last == 5, "an edited config.toml that counts", done.told())


def search_resume_exact(case):
    how = ["--set", "train.schedule=one-cycle", "--set", "train.patience=500"]
    how += ["--set", "train.checkpoint_seconds=0"]
    run = case / "run"
    case.start_head("undisturbed", *how, epochs=400).ends().exits(0)
    killed = case.start_head(run, *how, epochs=400).waits_for(r"epoch +30/")
    last = run / "checkpoints" / "last.safetensors"
    # Quick epochs are not all saved: there must be a checkpoint to go back to.
    killed.waits_until(last.with_name("previous.safetensors").exists, "a second checkpoint")
    killed.kill()
    last.write_bytes(last.read_bytes()[:1000])
    again = case.start("train", "--resume", run).waits_for(r"epoch +1\d\d/")
    again.signal(signal.SIGTERM).ends().exits(130)
    data = bytearray(last.read_bytes())
    data[len(data) // 2] ^= 1
    last.write_bytes(data)
    run = run.rename(case / "elsewhere")
    case.psp("train", "--resume", run).exits(0).says("last.safetensors")

    def learned(folder):
        clocks = {"seconds", "images_per_second"}
        return [{k: v for k, v in epoch.items() if k not in clocks} for epoch in epochs_of(folder)]

    same = learned(run) == learned(case / "undisturbed")
    expect(same, "the epochs of an undisturbed run", "others")
    for name in ["undisturbed", "elsewhere"]:
        case.psp("export", name, "--out", f"model-{name}").exits(0)
    models = {(case / f"model-{name}" / "model.safetensors").read_bytes() for name in ["undisturbed", "elsewhere"]}
    expect(len(models) == 1, "the weights of an undisturbed run", "others")


def search_sighup(case):
    # In the middle of the first epoch, when nothing has been saved yet.
    run = case.start(
        *("train", "--data", case.cars, *FLEX, *SIZE, "--out", "run", "--set", "train.epochs=1"),
        *("--set", "train.batch_size=2"),
    )
    run.waits_for(r"steps +21 per epoch")
    time.sleep(0.3)
    done = run.signal(signal.SIGHUP).ends().exits(129, 130).says("saved.*psp train --resume run")
    expect((case / "run" / "checkpoints" / "last.safetensors").exists(), "a checkpoint", done.told())
    case.psp("train", "--resume", "run").exits(0).says("finished after 1 epoch")


def search_min_delta_best(case):
    # A first epoch that learns next to nothing, and a patience that nothing satisfies.
    more = ["--set", "train.min_delta=0.2", "--set", "train.epochs=30", "--set", "train.warmup_epochs=5"]
    done = case.train("run", *HEAD, *more).exits(0)
    mses = valid_mses(case / "run")
    best = 1 + mses.index(min(mses))
    expect(best > 1, "a run that gets better after its first epoch", mses)
    done.says(rf"best is epoch {best}:")
    stored = load(case / "run" / "result.json")["best_epoch"]
    expect(stored == best, f"epoch {best} as the best", stored)
    case.psp("export", "run", "--out", "model").exits(0).says(rf"epoch {best}\b")


def search_label_scale(case):
    # Labels that a picture shows plainly: how bright and how red it is.
    data = case / "data"
    (data / "imgs").mkdir(parents=True)
    rows = []
    for number in range(48):
        light, red = number % 8 / 7, number // 8 / 5
        low = bytes([int(200 * light)] * 3)
        high = bytes([int(255 * red), 60, 255 - int(255 * red)])
        write_png(data / "imgs" / f"{number}.png", 32, 32, low * 512 + high * 512)
        rows.append([f"{number}.png", -50 + 100 * light, -300 + 1000 * red])
    with open(data / "labels.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["filename", "neg", "big"], *rows])
    more = ["--set", 'data.targets=["neg", "big"]', "--set", "data.label_range=[-300, 700]"]
    more += [*HEAD, "--set", "train.epochs=60", "--set", "train.learning_rate=3e-3"]
    case.train("run", *more, data=data).exits(0)
    targets = epochs_of(case / "run")[-1]["train"]["targets"]
    r2 = [target["r2"] for target in targets]
    expect(min(r2) > 0.8, "both targets learned (training R² above 0.8)", r2)
    rows = case.psp("predict", "--model", "run", *FLEX, "--csv", data).exits(0).rows()
    for name, least in [("neg", 60), ("big", 600)]:
        values = [float(row[name]) for row in rows]
        expect(max(values) - min(values) > least, f"predictions of {name} across its range", values)


def search_eval_unclipped(case):
    data = case.cars
    rewrite_labels(data, lambda row: [row[0], *(f"{float(label):.2f}" for label in row[1:])])
    wild = [*HEAD, "--set", "train.epochs=3", "--set", "train.learning_rate=0.1"]
    case.train("run", *wild).exits(0)
    case.psp("eval", "run", "--out", "eval").exits(0)
    with open(data / "labels.csv", encoding="utf-8") as file:
        labels = {row["filename"]: row for row in csv.DictReader(file)}
    with open(case / "run" / "split.csv", encoding="utf-8") as file:
        test = [row["filename"] for row in csv.DictReader(file) if row["split"] == "test"]
    mse = {}
    for how, more in {"--csv": [], "--raw": ["--raw"]}.items():
        done = case.psp("predict", "--model", "run", *FLEX, "--csv", *more, data).exits(0)
        rows = {row["filename"]: row for row in done.rows()}
        pairs = [(labels[name][key], rows[name][key]) for name in test for key in (HOOD, DOOR)]
        mse[how] = sum((float(a) - float(b)) ** 2 for a, b in pairs) / len(pairs)
    expect(abs(mse["--raw"] - mse["--csv"]) > 1e-3, "predictions outside of the range", mse)
    said = load(case / "eval" / "metrics.json")["overall"]["model"]["mse"]
    expect(abs(said - mse["--csv"]) < 1e-5, f"the MSE of what predict prints, {mse}", said)
    for row in csv.DictReader(io.StringIO(read(case / "eval" / "predictions.csv"))):
        right = labels[row["filename"]]
        for key in (HOOD, DOOR):
            same = float(row[key]) == float(right[key]) and len(row[key]) <= 4
            expect(same, f"the label {right[key]} as it is", row[key])


def two_runs_of_one_name(case):
    for folder, seed in [("a", 0), ("b", 1)]:
        more = [*HEAD, "--set", "train.epochs=1", "--set", f"train.seed={seed}"]
        case.train(f"{folder}/run", *more).exits(0)


def search_eval_report_overwritten(case):
    two_runs_of_one_name(case)
    for command in [["eval"], ["report", "--no-measure", "--explain", 0]]:
        before = None
        for run in ["a/run", "b/run"]:
            done = case.psp(*command, run)
            if before is None:
                before = contents(case / "reports")
                done.exits(0)
            elif done.code != 0:
                done.fails().says("--out").says("--overwrite")
            after = contents(case / "reports")
            kept = all(after.get(file) == content for file, content in before.items())
            expect(kept, f"that `psp {command[0]} b/run` keeps the results of a/run", done.told())
        # A run's own results are replaced.
        case.psp(*command, "a/run").exits(0)


def search_hint_unquoted(case):
    done = case.interrupted("my run")
    (hint,) = re.findall(r"continue with: (psp .*)", done.all)
    _, *arguments = shlex.split(hint)
    done = case.psp(*arguments).exits(0)
    for hint in re.findall(r"(?:evaluate|train longer) with: psp (.*)", done.all):
        case.psp(*shlex.split(hint)).exits(0)


def search_readonly_cache(case):
    folder = str(case.read_only("read-only"))
    more = [*HEAD, "--set", "train.epochs=1"]
    places = {
        "cache": {"PSP_CACHE_DIR": folder},
        "home": {"PSP_CACHE_DIR": None, "XDG_CACHE_HOME": None, "HOME": folder},
    }
    for name, environment in places.items():
        case.train(f"run-{name}", *more, **environment).exits(0).says("warning.*read-only")
    config = case.study(trials=2)
    case.psp("search", "--config", config, "--data", case.cars, **places["cache"]).exits(0)


def search_stdout_full(case):
    if not os.path.exists("/dev/full"):
        raise Skipped("no /dev/full here")
    train = ["train", "--data", case.cars, *FLEX, *SIZE, *HEAD, "--set", "train.epochs=3", "--out"]
    config = case.study(trials=2)
    with open("/dev/full", "wb") as full:
        commands = {"run": [*train, "run"], "study": ["search", "--config", config, "--data", case.cars]}
        for name, command in commands.items():
            done = case.psp(*command, stdout=full).exits(0, 75).keeps_calm()
            if done.code == 75:
                done.says("No space left")
        done = case.psp(*train, "silent", stdout=full, stderr=full).exits(0, 75)
    for run in ["run", "silent"]:
        if not (case / run / "result.json").exists():
            case.psp("train", "--resume", run).exits(0)
    case.psp(*commands["study"]).exits(0)


def search_targets_markup(case):
    shutil.copytree(case.shared.cars, case / "d80")
    for kind in ["markup", "ten", "long", "const", "dots"]:
        subprocess.run([sys.executable, "mkdata.py", kind, kind], cwd=case.folder, check=True)
        # Its link is relative to the folder it is called in.
        (case / kind / "imgs").unlink()
        (case / kind / "imgs").symlink_to("../d80/imgs")
        names = load(case / f"{kind}.names")
        more = [*HEAD, "--set", "train.epochs=1", "--set", f"data.targets={json.dumps(names)}"]
        run = f"run-{kind}"
        case.train(run, *more, data=kind).exits(0)
        done = case.psp("predict", "--model", run, *FLEX, "--csv", case / "d80" / "imgs").exits(0)
        rows = done.rows()
        expect(list(rows[0]) == ["filename", *names], f"columns {names}", list(rows[0]))
        expect(len(rows) == 60, "60 rows", len(rows))
        if kind in ("markup", "const"):
            case.psp("report", run, "--no-measure", "--explain", 0, "--out", f"report-{kind}").exits(0)
            page = read(case / f"report-{kind}" / "index.html")
            expect("<script>alert" not in page, "names that are no markup")
            expect(kind == "const" or "&lt;script" in page, "names that are shown")


def records(data):
    """What the bytes of a TensorBoard file hold: (wall time, step) of each event."""
    at = 0
    while at + 12 <= len(data):
        (length,) = struct.unpack("<Q", data[at : at + 8])
        body = data[at + 12 : at + 12 + length]
        at += length + 16
        wall, step, place = 0.0, 0, 0
        while place < len(body) and body[place] in (0x09, 0x10):
            if body[place] == 0x09:
                (wall,) = struct.unpack("<d", body[place + 1 : place + 9])
                place += 9
            else:
                step, shift, place = 0, 0, place + 1
                while True:
                    byte = body[place]
                    step, shift, place = step | (byte & 127) << shift, shift + 7, place + 1
                    if byte < 128:
                        break
        yield wall, step


def search_tensorboard_dir_entry(case):
    case.interrupted("run")
    folder = case / "run" / "tensorboard"
    (folder / ".ipynb_checkpoints").mkdir()
    write(folder / "notes.txt", "mine")
    case.psp("train", "--resume", "run").exits(0)
    expect((folder / ".ipynb_checkpoints").is_dir(), "that the folder of others stays")
    expect((folder / "notes.txt").exists(), "that notes.txt stays")


def search_tensorboard_resume(case):
    case.interrupted("run")
    folder = case / "run" / "tensorboard"
    # As a reader holds it open: what it has read stays, what is new comes after it.
    before = {path: (path.stat().st_ino, path.read_bytes()) for path in folder.iterdir()}
    seen = max(step for _, old in before.values() for _, step in records(old))
    time.sleep(1.1)
    resumed_at = time.time()
    case.psp("train", "--resume", "run").exits(0)
    new = []
    for path in sorted(folder.iterdir()):
        inode, old = before.get(path, (path.stat().st_ino, b""))
        expect(path.stat().st_ino == inode, "the same file as before")
        now, known = path.read_bytes(), set(records(old))
        expect(now.startswith(old), "a file that only grows")
        new += [event for event in records(now) if event not in known]
    last = load(case / "run" / "result.json")
    steps = {step for _, step in new}
    expect(max(steps) > seen, "later steps in the files", sorted(steps)[-3:])
    early = [(wall, step) for wall, step in new if 0 < step <= seen and wall > resumed_at]
    expect(len(early) <= 0.2 * last["epochs"] * 6, "old steps that keep their times", early[:3])


def search_terminal(case):
    done = case.train("run", *HEAD, "--set", "train.epochs=3").exits(0)
    expect(not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.all), "no control characters", repr(done.all))
    for environment in [{"TERM": "dumb"}, {"NO_COLOR": "1"}]:
        text = in_terminal(case, environment)
        expect(not re.search(r"\x1b\[[0-9;]*m", text), f"no colours with {environment}", repr(text))
    for shell in ["bash", "zsh", "fish"]:
        completions = case.psp("completions", shell).exits(0).out
        expect("predict" in completions, f"completions of {shell}", completions[:200])
    # A reader that goes away ends the run as it ends any program; it can be continued.
    reader, writer = os.pipe()
    run = case.start_head("piped", stdout=writer)
    os.close(writer)
    os.read(reader, 200)
    os.close(reader)
    done = run.ends().keeps_calm()
    expect(done.code in (-signal.SIGPIPE, 128 + signal.SIGPIPE), "an end by SIGPIPE", done.told())
    case.psp("train", "--resume", "piped").exits(0)
    run = case.start_head("paused").waits_for(r"epoch +20/")
    run.signal(signal.SIGTSTP)
    time.sleep(0.2)
    run.signal(signal.SIGCONT).ends().exits(0)


def in_terminal(case, environment):
    """What a short run shows in a terminal of 30 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 30, 0, 0))
    name = f"run-{len(os.listdir(case.folder))}"
    run = case.start_head(name, epochs=3, stdout=theirs, stderr=theirs, **environment)
    os.close(theirs)
    text = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Nobody writes to it any more.
            break
        if not part:
            break
        text += part
    os.close(ours)
    run.ends().exits(0)
    return text.decode("utf-8", "replace")
