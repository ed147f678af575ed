"""What replays are written in: psp run and listened to, and what is expected of it."""

import csv
import io
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

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

    def waits_until(self, holds, what):
        """Returns once this holds."""
        end = time.monotonic() + LIMIT
        while not holds():
            if self.process.poll() is not None or time.monotonic() > end:
                raise Wrong(f"expected {what} while it runs; came: {self.ends().told()}")
            time.sleep(0.01)
        return self

    def waits_for(self, pattern):
        """Returns once it has written this."""
        return self.waits_until(lambda: re.search(pattern, self.text()), f"/{pattern}/")

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


def contents(folder):
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder): path.read_bytes() for path in files}


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
