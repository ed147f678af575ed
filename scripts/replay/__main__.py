"""Replays the cases of a folder, each by its own command, and checks the outcome.

A case is a folder with a case.txt, in data/ or search/; its replay is the function of
that name in data_cases.py, run_cases.py or study_cases.py, and a case without one counts
as failed. Every replay works on a copy of the case's files, with tiny images and models.
Needs nothing but Python 3.11; replay_cases.sh brings the binary along.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import resource
import sys
import tempfile
import time
import traceback

import data_cases
import run_cases
import study_cases
from harness import Case, Shared, Skipped, Wrong

REPLAYS = {**vars(data_cases), **vars(run_cases), **vars(study_cases)}


def replay(shared, source, number):
    """The outcome of one case: "ok", "FAIL" or "skip", and the line that tells it."""
    kind, name = source.parent.name, source.name
    function = REPLAYS.get(f"{kind}_{re.sub(r'^[0-9]+-', '', name)}".replace("-", "_"))
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
        ours = pathlib.Path(__file__).resolve().parent
        frames = reversed(traceback.extract_tb(error.__traceback__))
        places = ((pathlib.Path(frame.filename).resolve(), frame.lineno) for frame in frames)
        file, line = next(place for place in places if place[0].parent == ours)
        return "FAIL", f"FAIL {kind}/{name}: the replay broke in {file.name}, line {line}: {error!r}"
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
