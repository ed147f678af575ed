#!/usr/bin/env python3
"""Replays the cases of a folder, each by its own command, and checks the outcome.

A case is a folder with a case.txt, in data/ or search/; its replay is the function of
that name below, and a case without one counts as failed. Every replay works on a copy of
the case's files, with tiny images and models. Needs nothing but Python 3.11;
replay_cases.sh brings the binary along.
"""

import argparse
import concurrent.futures
import csv
import hashlib
import io
import json
import os
import pathlib
import pty
import re
import resource
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import zlib

# How far the scores of two files with the same picture may differ.
TOLERANCE = 0.005

# Seconds that one command may take.
LIMIT = 240

SIZE = ["--set", "preprocess.size=32"]
FLEX = ["--device", "flex"]
HEAD = ["--set", 'model.unfreeze=["head"]']
HOOD, DOOR = "perspective_score_hood", "perspective_score_backdoor_left"

STUDY = """
[study]
sampler = "grid"
trials = 4
finalists = 1
seeds = 1
[data]
fractions = [0.6, 0.2, 0.2]
[preprocess]
size = 32
[model]
unfreeze = ["head"]
[train]
device = "flex"
epochs = 1
[space]
train.learning_rate = [1e-3, 3e-3, 1e-2, 3e-2]
"""


class Wrong(Exception):
    """A case that did not end as it should: what was expected, and what came."""


class Skipped(Exception):
    """A case that can't be replayed on this machine, and why."""


def expect(true, expected, came=""):
    if not true:
        text = f"expected {expected}"
        raise Wrong(f"{text}; came: {came}" if came != "" else text)


class Done:
    """A command that has ended."""

    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err
        self.all = out + err

    def told(self):
        words = shlex.join(self.command[1:])
        return f"`psp {words}` ended with {self.code} and said {self.all.strip()[-1500:]!r}"

    def exits(self, *codes):
        expect(self.code in codes, f"exit status {' or '.join(map(str, codes))}", self.told())
        return self

    def fails(self):
        """Fails as a command that its user can mend: not try again, not a panic."""
        return self.exits(1, 2).keeps_calm()

    def says(self, pattern):
        expect(re.search(pattern, self.all, re.I), f"to read /{pattern}/", self.told())
        return self

    def never_says(self, pattern):
        expect(not re.search(pattern, self.all, re.I), f"not to read /{pattern}/", self.told())
        return self

    def keeps_calm(self):
        return self.never_says(r"panicked|RUST_BACKTRACE|stack backtrace")

    def rows(self):
        return list(csv.DictReader(io.StringIO(self.out)))


class Running:
    """A command under way, in a process group of its own; what it writes goes to files."""

    def __init__(self, command, folder, environment, stdout=None, stderr=None):
        self.command = command
        handle, self.log = tempfile.mkstemp(dir=folder, prefix=".out-")
        errors, self.errors = tempfile.mkstemp(dir=folder, prefix=".err-")
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=handle if stdout is None else stdout,
            stderr=errors if stderr is None else stderr,
            start_new_session=True,
        )
        os.close(handle)
        os.close(errors)

    def text(self):
        return read(self.log) + read(self.errors)

    def waits_for(self, pattern):
        """Returns once it has written this."""
        end = time.monotonic() + LIMIT
        while not re.search(pattern, self.text()):
            if self.process.poll() is not None or time.monotonic() > end:
                raise Wrong(f"expected /{pattern}/ while it runs; came: {self.ends().told()}")
            time.sleep(0.01)
        return self

    def signal(self, number):
        self.process.send_signal(number)
        return self

    def ends(self):
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Wrong(f"expected an end within {LIMIT} s of {shlex.join(self.command)}") from None
        return Done(self.command, self.process.returncode, read(self.log), read(self.errors))

    def children(self):
        pid = self.process.pid
        return [int(child) for child in read(f"/proc/{pid}/task/{pid}/children").split()]

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def read(path):
    return pathlib.Path(path).read_text(encoding="utf-8", errors="replace")


def write(path, text):
    pathlib.Path(path).write_text(text, encoding="utf-8")


def load(path):
    return json.loads(read(path))


class Shared:
    """What the replays use, made once: the binary, a data set, a run and a study."""

    def __init__(self, psp, scratch, may_mount):
        self.psp, self.scratch, self.may_mount = psp, scratch, may_mount
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("PSP_")}
        self.environment["PSP_CACHE_DIR"] = str(scratch / "cache")
        self.cars, self.run = scratch / "cars", scratch / "model"
        self.study = scratch / "experiments" / "study"
        self.ends("data", "synth", "--out", self.cars, "--count", 60, "--size", "64x48")
        data = ["--data", self.cars, *FLEX]
        small = ["--set", "preprocess.size=48", "--set", "train.epochs=1"]
        self.trained = self.ends("train", *data, *small, "--out", self.run)
        write(scratch / "study.toml", STUDY.replace("trials = 4", "trials = 2"))
        self.ends("search", "--config", scratch / "study.toml", *data)

    def ends(self, *arguments):
        command = [self.psp, *map(str, arguments)]
        return Running(command, self.scratch, self.environment).ends().exits(0)


class Case:
    """One case: a copy of its files in a folder of its own, and psp run there."""

    def __init__(self, shared, source, folder):
        self.shared, self.source, self.folder = shared, source, folder
        shutil.copytree(source, folder, symlinks=True)
        subprocess.run(["chmod", "-R", "u+w", folder], check=True)
        self.running, self.mounts = [], []

    def close(self):
        for running in self.running:
            running.kill()
        for mount in reversed(self.mounts):
            subprocess.run(["umount", "--lazy", mount], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __truediv__(self, name):
        return self.folder / name

    @property
    def cars(self):
        """A copy of the data set, which the case may change."""
        folder = self / "cars"
        if not folder.exists():
            shutil.copytree(self.shared.cars, folder)
        return folder

    @property
    def model(self):
        return self.shared.run

    def start(self, *arguments, cwd=None, stdout=None, stderr=None, wrapped=(), **environment):
        command = [*wrapped, self.shared.psp, *map(str, arguments)]
        full = {**self.shared.environment, **environment}
        full = {key: value for key, value in full.items() if value is not None}
        running = Running(command, cwd or self.folder, full, stdout, stderr)
        self.running.append(running)
        return running

    def psp(self, *arguments, **how):
        return self.start(*arguments, **how).ends()

    def train(self, out, *more, data=None, **how):
        return self.psp("train", "--data", data or self.cars, *FLEX, *SIZE, "--out", out, *more, **how)

    def start_head(self, out, *more, epochs=1000, **how):
        """A run of many quick epochs: only the head is trained, on stored features."""
        what = ["--data", self.cars, *FLEX, *SIZE, *HEAD, "--set", f"train.epochs={epochs}"]
        return self.start("train", *what, "--out", out, *more, **how)

    def interrupted(self, out, *more, **how):
        run = self.start_head(out, *more, **how).waits_for(r"epoch +20/")
        return run.signal(signal.SIGINT).ends().exits(130)

    def study(self, name="study", text=STUDY, **values):
        """Writes a study's file: keys that are there get other values, 32 pixels."""
        for key, value in {"size": 32, **values}.items():
            text, count = re.subn(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.M)
            assert count == 1, f"{key} in {name}"
        write(self / f"{name}.toml", text)
        return self / f"{name}.toml"

    def stored_study(self, file, **values):
        path = self / file
        return self.study(path.stem, read(path), **values)

    def trials(self, study):
        return json.loads(self.psp("study", "show", study, "--json").exits(0).out)["trials"]

    def split(self, *arguments, rows=14):
        """`psp data split`, which must find so many images."""
        out = self / f"split-{len(os.listdir(self.folder))}.csv"
        done = self.psp("data", "split", *arguments, "--out", out).exits(0)
        lines = read(out).splitlines()
        expect(len(lines) == rows + 1, f"{rows} images in the split", len(lines) - 1)
        return done

    def tmpfs(self, name, options):
        if not self.shared.may_mount:
            raise Skipped("no mount namespace of one's own here (needs root)")
        folder = self / name
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
        self.mounts.append(folder)
        return folder

    def read_only(self, name):
        """A folder that nobody may write to, not even root."""
        if os.geteuid() == 0:
            return self.tmpfs(name, "ro,size=1m")
        (self / name).mkdir(mode=0o555)
        return self / name

    def scores(self, *images):
        """The raw scores of each image, in order."""
        done = self.psp("predict", "--model", self.model, "--raw", "--csv", *FLEX, *images).exits(0)
        rows = done.rows()
        expect(len(rows) == len(images), f"{len(images)} rows", done.told())
        return [(float(row[HOOD]), float(row[DOOR])) for row in rows]


def epochs_of(run):
    return [json.loads(line) for line in read(run / "metrics.jsonl").splitlines()]


def valid_mses(run):
    return [epoch["valid"]["overall"]["mse"] for epoch in epochs_of(run)]


def distance(a, b):
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def rewrite_labels(folder, change):
    """Puts `change(row)` in place of every row of labels.csv, the first not counted."""
    with open(folder / "labels.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([rows[0], *map(change, rows[1:])])


# Pictures, written and read without a library.


def write_png(path, width, height, pixels):
    """RGB, 8 bit."""
    stride = 3 * width
    lines = b"".join(b"\0" + pixels[y * stride : (y + 1) * stride] for y in range(height))

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    pathlib.Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def read_png(path):
    """Width, height and pixels of an RGB file of 8 bit without interlacing."""
    data, at, packed = pathlib.Path(path).read_bytes(), 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, *format = struct.unpack(">IIBBBBB", body)
            assert format == [8, 2, 0, 0, 0], f"{path}: not plain RGB"
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    lines, stride = zlib.decompress(packed), 3 * width
    above, pixels = bytearray(stride), bytearray()
    for y in range(height):
        filter, *line = lines[y * (stride + 1) : (y + 1) * (stride + 1)]
        for x in range(stride):
            left, corner = (line[x - 3], above[x - 3]) if x >= 3 else (0, 0)
            up = above[x]
            nearest = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
            guess = (0, left, up, (left + up) // 2, nearest)[filter]
            line[x] = (line[x] + guess) & 255
        above = line
        pixels += bytes(line)
    return width, height, bytes(pixels)


def turned(width, height, pixels):
    """Lies on its side."""
    cells = (pixels[3 * (y * width + x) :][:3] for x in range(width) for y in reversed(range(height)))
    return height, width, b"".join(cells)


def striped(width, height, pixels):
    """Every other line black."""
    stride, black = 3 * width, bytes(3 * width)
    lines = (black if y % 2 else pixels[y * stride : (y + 1) * stride] for y in range(height))
    return width, height, b"".join(lines)


def green(width, height, _):
    return width, height, bytes([0, 175, 0]) * (width * height)


def flat_jpeg(path, width, height):
    """A grey baseline JPEG, 4:2:0, of whole blocks: the first block has a mean, and each
    further one says in two bits that nothing changes."""

    def segment(marker, body):
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    components = bytes([1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0])
    blocks = width // 16 * (height // 16) * 6
    bits = 8 + 2 * (blocks - 1)
    whole, rest = divmod(bits, 8)
    tables = (
        segment(0xDB, bytes([0]) + bytes([16] * 64))
        + segment(0xC0, struct.pack(">BHHB", 8, height, width, 3) + components)
        + segment(0xC4, bytes([0x00, 1, 1] + [0] * 14 + [0, 5]))
        + segment(0xC4, bytes([0x10, 1] + [0] * 15 + [0]))
        + segment(0xDA, bytes([3, 1, 0, 2, 0, 3, 0, 0, 63, 0]))
    )
    first = bytes([0b10_01100_0])  # A difference of 5 bits, -19, and the end of the block.
    scan = first + bytes(whole - 1) + bytes([0xFF >> rest])
    pathlib.Path(path).write_bytes(b"\xff\xd8" + tables + scan + b"\xff\xd9")


def alike(case, *wrong_pictures):
    """Every file scores as its .ref.png, or is refused with the reason; and not as the
    picture that it was once taken for."""
    files = sorted(case.folder.glob("*.ref.png"))
    expect(files, "files with a .ref.png")
    for reference in files:
        file = reference.with_suffix("").with_suffix("")
        done = case.psp("predict", "--model", case.model, "--raw", "--csv", *FLEX, file)
        if done.code != 0:
            done.exits(1).says(re.escape(file.name) + r": .{10}").keeps_calm()
            continue
        ours, right = case.scores(file, reference)
        expect(distance(ours, right) <= TOLERANCE, f"the scores of {reference.name} {right}", ours)
        for spoil in wrong_pictures:
            wrong = case / f"{spoil.__name__}.png"
            write_png(wrong, *spoil(*read_png(reference)))
            (scores,) = case.scores(wrong)
            expect(
                distance(scores, right) > TOLERANCE,
                f"a model that tells a {spoil.__name__} picture from the right one",
                f"{scores}, {right}",
            )


# Data.


def data_jpeg_noninterleaved_420(case):
    alike(case, green, striped)


def data_jpeg_luma_subsampled(case):
    alike(case, striped)


def data_webp_exif_prefix(case):
    alike(case, turned)


def data_exif_orientation_long(case):
    alike(case, turned)


def data_png_orientation(case):
    alike(case, turned)


def data_jpeg_damaged_scored_as_grey(case):
    for file in case.folder.glob("*.jpg"):
        done = case.psp("predict", "--model", case.model, *FLEX, file)
        done.exits(1).says(rf"{re.escape(file.name)}.*(cut off|damaged)").keeps_calm()
        expect(done.out == "", "no scores", done.out)


def data_predict_folder_skips(case):
    done = case.psp("predict", "--model", case.model, *FLEX, "photos", "--csv").exits(0)
    scored = {pathlib.Path(row["filename"]).name for row in done.rows()}
    expect({"a.jpg", "b.jfif", "c.jpe", "d.mpo"} <= scored, "the JPEGs of all names", scored)
    for name in {"IMG_1.HEIC", "f.tif", "noext", "sub"} - scored:
        expect(name in done.err, f"{name} named on stderr", done.told())
    deep = case.psp("predict", "--model", case.model, *FLEX, "photos", "--csv", "--recursive")
    expect("sub/e.jpg" in deep.exits(0).out, "sub/e.jpg with --recursive", deep.told())


def data_drop_last_small_data(case):
    out = case / "run"
    done = case.train(out, *HEAD, "--set", "train.epochs=1", data=".").exits(0)
    done.says("10 train, 2 valid, 2 test").says("1 per epoch")
    expect(epochs_of(out)[0]["train"]["count"] == 10, "10 trained images", epochs_of(out))
    # With more than a batch, the last one is smaller, and not left out.
    case.shared.trained.says("42 train").says("3 per epoch, of up to 16")
    first = epochs_of(case.model)[0]
    expect(first["train"]["count"] == 42, "42 trained images", first)


def data_split_column_ignored_by_data_split(case):
    done = case.psp("data", "split", "--data", ".").fails().says("column `split`").says("psp train")
    expect(not (case / "split.csv").exists(), "no split.csv", done.told())
    done = case.train("run", *HEAD, "--set", "train.epochs=1", data=".").exits(0)
    done.says("8 train, 3 valid, 3 test")


def data_duplicate_content_across_parts(case):
    done = case.train("run", *HEAD, "--set", "train.epochs=1", "--set", "train.batch_size=4", data=".")
    done.exits(0).says("12 images have a copy with other labels")
    parts = {}
    for row in csv.DictReader(open(case / "run" / "split.csv", encoding="utf-8")):
        content = hashlib.sha256((case / "imgs" / row["filename"]).read_bytes()).digest()
        parts.setdefault(content, set()).add(row["split"])
    expect(len(parts) == 14, "14 contents", len(parts))
    expect(all(len(part) == 1 for part in parts.values()), "copies in one part", parts.values())


def data_hf_symlinks(case):
    case.split("--data", "snapshots/abc").never_says("leads out")


def data_absolute_paths(case):
    write(case / "labels.csv", read(case / "labels.csv").replace("ABSOLUTE", str(case.folder)))
    case.split("--data", ".").never_says("leads out")


def beside(case, name):
    """The images of another case, which this one's CSV files are about."""
    source = next(case.source.parent.glob(f"*-{name}"), None)
    if source is None:
        raise Skipped(f"the case {name}, whose images it takes, is not there")
    return ["--data", source, "--set"]


def data_csv_dialects(case):
    data = beside(case, "drop-last-small-data")
    for name, separator in {
        "semicolon.csv": "semicolons",
        "semicolon_deccomma.csv": "semicolons",
        "tab_csv.csv": "tabs",
        "tsv.tsv": "tabs",
    }.items():
        done = case.split(*data, f"data.labels={case / name}").says(f"separated by {separator}")
        done.says(r"hood mean 0\.4807.*left mean 0\.0942")  # The decimals were read as such.
    case.psp("data", "split", "--data", ".", "--set", "data.labels=semicolon_deccomma.csv").fails()
    unquoted = case / "deccomma_unquoted.csv"
    done = case.psp("data", "split", *data, f"data.labels={unquoted}", "--out", "no.csv").fails()
    done.says("decimal commas").says("semicolons")


def data_csv_excel_trailing_columns(case):
    data = beside(case, "drop-last-small-data")
    for name, said in {
        "excel_empty_cols.csv": "empty columns",
        "excel_empty_rows.csv": "empty rows",
        "row_trailing_comma.csv": "",
        "col_file_name.csv": "`file_name` is taken",
        "col_image.csv": "`image` is taken",
    }.items():
        case.split(*data, f"data.labels={case / name}").says(said)
    no_header = case / "no_header.csv"
    done = case.psp("data", "split", *data, f"data.labels={no_header}", "--out", "no.csv").fails()
    done.says("line 1 must name the columns").never_says("stands at positions")
    # A name that is not guessed has a key, and the message names it.
    write(case / "own.csv", read(case / "col_image.csv").replace("image,", "foto,", 1))
    own = [*data, f"data.labels={case / 'own.csv'}"]
    case.psp("data", "split", *own, "--out", "no.csv").fails().says(r"data\.filename_column")
    case.split(*own, "--set", "data.filename_column=foto")


def data_filename_near_misses(case):
    for folder in sorted(path for path in case.folder.iterdir() if path.is_dir()):
        done = case.split("--data", folder.name)
        done.says("14 file names are spelled differently").says("on line 2 for")


def data_flags_named_in_messages_do_not_exist(case):
    done = case.psp("data", "split", "--data", ".", "--out", "no.csv").fails()
    for flag in re.findall(r"(?<![\w-])--[a-z-]+", done.all):
        known = case.psp("data", "split", "--help").out
        expect(flag in known, f"only flags of `psp data split`, and not {flag}", done.told())
    done.says(r"--set data\.labels=").says("train.csv")
    case.split("--data", ".", "--set", "data.labels=train.csv")


def data_weights_prefixes(case):
    for file in sorted(case.folder.glob("tiny*")):
        done = case.psp("weights", "check", file.name).exits(0).says("fit resnet18")
        expect(len(done.all) < 1000, "less than a screen of text", done.told())
        if file.name != "tiny.pth":
            done.says(r"prefix `[\w.]*\.` removed")


def warm_start(case):
    """Fine-tunes from an own model: the exported one, its weights alone, and a run."""
    case.psp("export", case.model, "--out", "model").exits(0)
    for number, weights in enumerate(["model/model.safetensors", "model", case.model]):
        more = [*HEAD, "--set", "train.epochs=1", "--set", f"model.weights={weights}"]
        case.train(f"run-{number}", *more).exits(0).says("weights of").never_says("from scratch")
    other = [*HEAD, "--set", "train.epochs=1", "--set", "model.backbone=googlenet"]
    done = case.train("other", *other, "--set", "model.weights=model/model.safetensors").fails()
    expect(len(done.all) < 1000, "a refusal of a few lines", done.told())


def data_own_model_as_weights(case):
    warm_start(case)


def data_100_megapixels(case):
    flat_jpeg(case / "p.jpg", 12032, 9024)
    flat_jpeg(case / "small.jpg", 96, 80)
    large, small = case.scores("p.jpg", "small.jpg")
    expect(distance(large, small) <= TOLERANCE, f"the scores of a small grey picture {small}", large)
    done = case.psp("predict", "--model", case.model, *FLEX, "--max-megapixels", 50, "p.jpg")
    done.exits(1).says("--max-megapixels|max_megapixels")


def data_jpeg_refused(case):
    alike(case, turned)
    done = case.psp("predict", "--model", case.model, *FLEX, "--csv", "truncated_app14.jpg")
    if done.code != 0:
        done.exits(1).says(r"truncated_app14\.jpg: .{10}").keeps_calm()
    else:
        expect(len(done.rows()) == 1, "a row", done.told())


def data_exit_75_for_a_file_as_data(case):
    case.psp("train", "--data", "labels.csv", *FLEX).fails().says("pass the folder")
    (case / "folder").mkdir()
    case.psp("train", "--data", ".", *FLEX, "--set", "data.labels=folder").fails().says("folder")
    case.psp("train", "--data", "nothing-here", *FLEX).fails().says("nothing-here")


def data_good_baseline(case):
    for folder in sorted(path for path in case.folder.iterdir() if path.is_dir()):
        case.split("--data", folder.name)


# Searches and runs.


def search_batchnorm_one(case):
    done = case.train("run", "--set", "train.batch_size=1")
    done.fails().says(r"train\.batch_size").says("batch norm")
    expect(not (case / "run" / "checkpoints").exists(), "nothing trained", done.told())


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


def contents(folder):
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder): path.read_bytes() for path in files}


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
    for how in ["--csv", "--raw"]:
        done = case.psp("predict", "--model", "run", *FLEX, "--csv", *{how} - {"--csv"}, data).exits(0)
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


def search_hint_unquoted(case):
    done = case.interrupted("my run")
    (hint,) = re.findall(r"continue with: (psp .*)", done.all)
    _, *arguments = shlex.split(hint)
    done = case.psp(*arguments).exits(0)
    for hint in re.findall(r"(?:evaluate|train longer) with: psp (.*)", done.all):
        case.psp(*shlex.split(hint)).exits(0)


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


def search_resume_exact(case):
    how = ["--set", "train.schedule=one-cycle", "--set", "train.patience=500"]
    how += ["--set", "train.checkpoint_seconds=0"]
    run = case / "run"
    case.start_head("undisturbed", *how, epochs=400).ends().exits(0)
    killed = case.start_head(run, *how, epochs=400).waits_for(r"epoch +30/")
    killed.kill()
    last = run / "checkpoints" / "last.safetensors"
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


def search_sigstop_lease(case):
    config = case.stored_study("sigstop-lease/study.toml" if False else "study.toml", epochs=1500)
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
        "train.learning_rate = { range = [1.0, 0.1], points = 3 }": "range",
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


def search_targets_markup(case):
    shutil.copytree(case.shared.cars, case / "d80")
    for kind in ["markup", "ten", "long", "const", "dots"]:
        subprocess.run([sys.executable, "mkdata.py", kind, kind], cwd=case.folder, check=True)
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


def records(path):
    """What a TensorBoard file holds: (wall time, step) of each event."""
    data, at = path.read_bytes(), 0
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
    seen = max(step for path in before for _, step in records(path))
    time.sleep(1.1)
    resumed_at = time.time()
    case.psp("train", "--resume", "run").exits(0)
    new = []
    for path in sorted(folder.iterdir()):
        inode, old = before.get(path, (path.stat().st_ino, b""))
        expect(path.stat().st_ino == inode, "the same file as before")
        expect(path.read_bytes().startswith(old), "a file that only grows")
        new += [event for event in records(path) if event not in set(records_of(old))]
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
        expect("\x1b[3" not in text, f"no colours with {environment}", repr(text))
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
    import fcntl
    import termios

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


def search_warm_start(case):
    warm_start(case)


def replay(shared, source, number):
    """The outcome of one case: "ok", "FAIL" or "skip", and the line that tells it."""
    kind, name = source.parent.name, source.name
    function = globals().get(f"{kind}_{re.sub(r'^[0-9]+-', '', name)}".replace("-", "_"))
    if function is None:
        return "FAIL", f"FAIL {kind}/{name}: no replay for {name}"
    begin = time.monotonic()
    case = Case(shared, source, shared.scratch / f"{number}-{name}")
    try:
        function(case)
    except Wrong as wrong:
        return "FAIL", f"FAIL {kind}/{name}: " + " ".join(str(wrong).split())
    except Skipped as skipped:
        return "skip", f"SKIPPED {kind}/{name}: {skipped}"
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)
        line = next(frame.lineno for frame in reversed(where) if frame.filename == __file__)
        return "FAIL", f"FAIL {kind}/{name}: the replay broke in line {line}: {error!r}"
    finally:
        case.close()
    return "ok", f"ok {kind}/{name} ({time.monotonic() - begin:.1f} s)"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=pathlib.Path, help="folder with data/ and search/")
    parser.add_argument("--psp", required=True, help="the binary")
    parser.add_argument("--only", default="", help="replay cases with this in their names")
    parser.add_argument("--jobs", type=int, default=2, help="cases at a time")
    parser.add_argument("--may-mount", action="store_true", help="this is a private mount namespace")
    options = parser.parse_args()

    found = sorted(options.cases.glob("data/*/case.txt")) + sorted(options.cases.glob("search/*/case.txt"))
    chosen = [path.parent.resolve() for path in found if options.only in str(path.parent)]
    if not chosen:
        print(f"SKIPPED: no cases at {options.cases}")
        return 0
    begin = time.monotonic()
    count = {"ok": 0, "FAIL": 0, "skip": 0}
    with tempfile.TemporaryDirectory(prefix="psp-replay-") as scratch:
        shared = Shared(os.path.abspath(options.psp), pathlib.Path(scratch), options.may_mount)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            jobs = [pool.submit(replay, shared, source, n) for n, source in enumerate(chosen)]
            for job in concurrent.futures.as_completed(jobs):
                outcome, line = job.result()
                count[outcome] += 1
                print(line, flush=True)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = spent.ru_utime + spent.ru_stime
    print(f"{time.monotonic() - begin:.0f} s, {cpu:.0f} s of them on processors")
    print(f"{count['ok']} passed, {count['FAIL']} failed, {count['skip']} skipped")
    return 1 if count["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
