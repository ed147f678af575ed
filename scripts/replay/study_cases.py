"""Replays of cases of studies: searching, continuing, listing, removing."""

import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import time

from harness import (
    LIMIT,
    STUDY,
    Skipped,
    contents,
    epochs_of,
    expect,
    load,
    read,
    rewrite_labels,
    write,
)


def search_conditional_importance(case):
    config = case.stored_study("study.toml")
    done = case.psp("search", "--config", config, "--data", case.cars).exits(1)
    failed = [trial for trial in case.trials("study") if trial["state"] == "failed"]
    expect(failed, "trials that diverge", done.told())
    done.says(rf"{len(failed)} .*failed").says("not finite|diverge|NaN|infinit")
    report = ["--no-measure", "--explain", 0, "--out", "report"]
    case.psp("report", "experiments/study", *report).exits(0)
    text = read(case / "report" / "report.md")
    for key in ["train.momentum", "train.epsilon"]:
        where = [line for line in text.splitlines() if key in line]
        expect(any("train.optimizer" in line for line in where), f"when {key} exists", where)
    expect("failed" in text, "the failed trials in the report", text[:500])


def search_data_moved(case):
    data = case.cars
    case.interrupted("run")
    slow = case.study("slow", epochs=2)
    search = ["search", "--config", slow, "--set", "train.cache_features=false", "--data"]
    running = case.start(*search, data).waits_for("finished, score")
    running.signal(signal.SIGINT).ends().exits(130)
    moved = data.rename(case / "moved")
    case.psp("train", "--resume", "run").keeps_calm().says("--data").exits(1, 2, 75)
    case.psp("train", "--resume", "run", "--data", moved).exits(0)
    case.psp(*search, moved).exits(0)
    states = {trial["state"] for trial in case.trials("slow")}
    expect(states == {"finished"}, "finished trials", states)
    # Other labels are other data.
    rewrite_labels(moved, lambda row: [row[0], "0.5", *row[2:]])
    more = ["--data", moved, "--set", "train.epochs=1100"]
    case.psp("train", "--resume", "run", *more).fails().says("data")


def search_duplicate_suggestions(case):
    for name in ["tpe", "random", "random-grid"]:
        config = case.stored_study(f"{name}.toml", epochs=1, seeds=1)
        case.psp("search", "--config", config, "--data", case.cars).exits(0).says("fewer than")
        values = [trial["values"] for trial in case.trials(name) if trial["seed"] is None]
        expect(len(values) == len(set(values)) == 4, f"4 trials by {name}, none twice", values)
        final = load(case / "experiments" / name / "finalists.json")["entries"]
        ids = {entry["trial"]["id"] for entry in final}
        expect(len(final) == len(ids) == 3, "3 configurations in the final", final)


def memory_group(name):
    """A control group of 3 GB, and the file that takes its processes."""
    mounts = [line.split() for line in read("/proc/self/mounts").splitlines()]
    groups = [line.split(":", 2) for line in read("/proc/self/cgroup").splitlines()]
    for _, mount, kind, options, *_ in mounts:
        for _, controllers, path in groups:
            if kind == "cgroup" and "memory" in options.split(",") and controllers == "memory":
                limit = "memory.limit_in_bytes"
            elif kind == "cgroup2" and controllers == "":
                limit = "memory.max"
            else:
                continue
            parent = pathlib.Path(mount + path) if os.path.isdir(mount + path) else pathlib.Path(mount)
            try:
                (parent / name).mkdir()
            except OSError:
                continue
            try:
                write(parent / name / limit, "3000000000")
                return parent / name
            except OSError:
                (parent / name).rmdir()
    raise Skipped("no control group with a memory limit can be made here (needs root)")


def search_memory_limit(case):
    plan = ["search", "--config", case.study(), "--data", case.cars, "--plan"]
    free = case.psp(*plan).exits(0)
    if not re.search(r"with (?!1 )\d+ workers", free.all):
        raise Skipped("too small a machine: one worker without a limit too")
    group = memory_group(f"psp-replay-{os.getpid()}")
    try:
        enter = ["sh", "-c", 'echo $$ > "$0"/cgroup.procs && exec "$@"', str(group)]
        case.psp(*plan, wrapped=enter).exits(0).says("with 1 worker\\b")
    finally:
        group.rmdir()


def search_one_bad_machine(case):
    config = case.stored_study("study.toml", epochs=200)
    unwritable = str(case.read_only("unwritable"))
    search = ["search", "--config", config, "--data", case.cars, "--workers", 1]
    bad = case.start(*search, PSP_CACHE_DIR=unwritable)
    good = case.start(*search)
    good.ends().exits(0)
    bad.ends().exits(0, 75)
    states = [trial["state"] for trial in case.trials("study") if trial["seed"] is None]
    expect(states == ["finished"] * 12, "12 finished trials", states)


def search_one_damaged_study(case):
    folder = case / "experiments"
    for name, file in [("good", None), ("bad-plan", "plan.json"), ("bad-outcome", "outcome.json")]:
        shutil.copytree(case.shared.study, folder / name, symlinks=True)
        if file:
            write(sorted((folder / name).rglob(file))[0], "")
    done = case.psp("study", "list")
    expect(re.search(r"(?m)^good\b", done.out), "the good study in the list", done.told())
    for name, file in [("bad-plan", "plan.json"), ("bad-outcome", "outcome.json")]:
        done.says(rf"{name}.*{file}")
    done.keeps_calm()


def search_sigstop_lease(case):
    config = case.stored_study("study.toml", epochs=1500)
    search = ["search", "--config", config, "--data", case.cars, "--workers", 1]
    sleeper = case.start(*search)
    metrics = case / "experiments" / "study" / "trials"
    end = time.monotonic() + LIMIT
    while not list(metrics.glob("*/claim.1")):
        expect(time.monotonic() < end, "a claimed trial", sleeper.text())
        time.sleep(0.01)
    workers = sleeper.children()
    expect(len(workers) == 1, "one worker", workers)
    os.kill(workers[0], signal.SIGSTOP)
    case.psp(*search).exits(0)
    os.kill(workers[0], signal.SIGCONT)
    sleeper.ends().exits(0)
    trials = [trial for trial in case.trials("study") if trial["seed"] is None]
    expect([trial["state"] for trial in trials] == ["finished"], "one finished trial", trials)
    (run,) = (case / "experiments" / "study" / "trials").iterdir()
    epochs = [epoch["epoch"] for epoch in epochs_of(run)]
    expect(epochs == list(range(1, 1501)), "each epoch once", f"{len(epochs)} epochs")


def search_space_grid(case):
    config = case.stored_study("tp.toml", epochs=1)
    search = ["search", "--config", config, "--data", case.cars]
    case.psp(*search, "--study", "at-once", "--trials", 13).exits(0)
    for trials in [7, 11, 13]:
        case.psp(*search, "--study", "in-parts", "--trials", trials).exits(0)

    def drawn(study):
        return [trial["values"] for trial in case.trials(study) if trial["seed"] is None]

    once, parts = drawn("at-once"), drawn("in-parts")
    expect(once == parts and len(set(once)) == 13, f"the same 13 trials {once}", parts)
    for line, said in {
        "train.learning_rat = [1e-3]": "did you mean",
        "train.learning_rate = [nan]": "nan|finite",
        "train.learning_rate = { log = [0.0, 1.0], points = 3 }": "log",
        "train.learning_rate = { range = [1.0, 0.1], points = 3 }": r"expected \[low, high\]",
        "train.learning_rate = [1e-3, 1e-3]": "twice|duplicate",
        "model.hidden = { int = [8, 4] }": "int",
    }.items():
        text = STUDY[: STUDY.index("train.learning_rate")] + line + "\n"
        write(case / "wrong.toml", text)
        done = case.psp("search", "--config", "wrong.toml", "--data", case.cars, "--plan").fails()
        done.says(said).says("line 17")


def search_space_over_data(case):
    for name in ["d80", "dB"]:
        shutil.copytree(case.shared.cars, case / name)
    for name, key in [("sp2", "data.targets"), ("sp3", "data.split_seed"), ("sp4", "data.dir")]:
        config = case.stored_study(f"{name}.toml", epochs=1)
        done = case.psp("search", "--config", config, "--data", "d80")
        done.fails().says(re.escape(key)).says("can't be searched|cannot be searched|line \\d+")
        expect(not (case / "experiments" / name).exists(), "nothing begun", done.told())


def search_study_begin_race(case):
    for number in range(3):
        study = case / "experiments" / f"race-{number}"
        racers = [
            case.start("search", "--config", f"{name}.toml", "--data", case.cars, "--study", study)
            for name in ["a", "b"]
        ]
        ends = [racer.ends().keeps_calm().never_says("every trial failed") for racer in racers]
        codes = sorted(end.code for end in ends)
        expect(codes[0] == 0 and codes[1] in (1, 2), "one that searches, one refused", ends[0].told() + ends[1].told())
        max(ends, key=lambda end: end.code).says("differ")
        (epochs,) = re.findall(r"(?m)^epochs = (\d+)", read(study / "study.toml"))
        trials = case.trials(study)
        right = all(t["state"] == "finished" and t["epochs"] == int(epochs) for t in trials)
        expect(right, f"trials of {epochs} epochs, as in study.toml", trials)


def search_study_continue_changed_data(case):
    data = case.cars
    config = case.stored_study("study4.toml")
    running = case.start("search", "--config", config, "--data", data).waits_for("finished, score")
    running.signal(signal.SIGINT).ends().exits(130)
    before, labels = case.trials("study4"), read(data / "labels.csv")
    rewrite_labels(data, lambda row: [row[0], "0.5", *row[2:]])
    for command in [["--study", "study4"], ["--config", config, "--data", data]]:
        done = case.psp("search", *command).fails().says("data.*(changed|differ)|(changed|differ).*data")
        after = case.trials("study4")
        expect(after == before, "a study that stays as it was", done.told())
    write(data / "labels.csv", labels)
    case.psp("search", "--study", "study4").exits(0)
    states = {trial["state"] for trial in case.trials("study4")}
    expect(states == {"finished"}, "finished trials with the old labels", states)


def search_study_disk_full(case):
    disk = case.tmpfs("disk", "size=300m")
    config = case.stored_study("study.toml", seeds=1, epochs=2)
    search = ["search", "--config", config, "--data", case.cars, "--study", disk / "study"]
    done = case.psp(*search).exits(75).keeps_calm().says("No space left")
    states = [trial["state"] for trial in case.trials(disk / "study")]
    expect("failed" not in states, "no failed trial", done.told())
    subprocess.run(["mount", "-o", "remount,size=3g", disk], check=True)
    case.psp(*search).exits(0)
    states = [trial["state"] for trial in case.trials(disk / "study")]
    expect(set(states) == {"finished"}, "trials that continue", states)


def search_study_path_with_space(case):
    for path in [case / "study.toml", case / "my study.toml"]:
        config = case.study(path.stem, read(path), epochs=1, seeds=1)
        name = ["--study", "my study"] if path.stem == "study" else []
        done = case.psp("search", "--config", config.name, "--data", case.cars, *name).exits(0)
        (hint,) = re.findall(r"export with: psp (.*)", done.all)
        shown = shlex.split(hint)[1]
        expect(shown == "experiments/my study", "a hint that can be pasted", hint)
        case.psp("study", "show", "my study").exits(0)
        case.psp("study", "rm", "my study").exits(0)
        expect(not (case / "experiments" / "my study").exists(), "no study any more")


def search_study_rm_symlink(case):
    target = case / "other disk" / "study"
    shutil.copytree(case.shared.study, target, symlinks=True)
    before = contents(target)
    link = case / "experiments" / "lnk"
    link.parent.mkdir()
    link.symlink_to(target)
    done = case.psp("study", "rm", "lnk")
    if done.code == 0:
        gone = not link.is_symlink() and not (target.exists() and contents(target))
        expect(gone, "the link and all of the study gone", list(target.glob("*")))
    else:
        done.fails().keeps_calm()
        expect(link.is_symlink() and contents(target) == before, "a study that is untouched", done.told())
