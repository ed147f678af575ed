"""psp's CPU engine beside ONNX Runtime: the same model and batch, in turn.

Each round runs either side in a process of its own; the table gives medians over the rounds,
and the least and the largest ratio of a round. See bench_vs_onnxruntime.sh.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

BACKBONES = [
    "resnet18",
    "googlenet",
    "inception_v3",
    "efficientnet_b0",
    "mobilenet_v2",
    "vit_b_16",
]


def size_of(backbone):
    return 299 if backbone == "inception_v3" else 224


def export(psp, backbone, folder):
    """An ONNX file of the backbone, hardly trained: speed does not depend on the weights."""
    data = os.path.join(folder, "data")
    if not os.path.exists(data):
        check([psp, "data", "synth", "--out", data, "--count", "24", "--seed", "5", "--size", "96x72"])
    run, model = os.path.join(folder, backbone), os.path.join(folder, f"{backbone}-model")
    # Untrained norms of Inception v3 would make scores infinite.
    epochs = 6 if backbone == "inception_v3" else 1
    settings = [
        f"model.backbone={backbone}", f"preprocess.size={size_of(backbone)}",
        f"train.epochs={epochs}", "train.batch_size=8", "train.learning_rate=0.0001",
    ]  # fmt: skip
    if backbone == "vit_b_16":
        settings.append('model.unfreeze=["head"]')
    flags = [flag for setting in settings for flag in ("--set", setting)]
    check([psp, "train", "--data", data, "--out", run, *flags])
    check([psp, "export", run, "--out", model])
    return os.path.join(model, "model.onnx")


def check(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(command)}\n{done.stderr}")
    return done.stdout


def by_onnxruntime(args):
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    session = onnxruntime.InferenceSession(args.worker, options)
    size = size_of(args.backbone[0])
    shape = (args.batch[0], 3, size, size)
    images = numpy.random.default_rng(1).standard_normal(shape, dtype=numpy.float32)
    rates = []
    for run in range(args.runs + 1):
        begun = time.perf_counter()
        for _ in range(args.steps):
            session.run(None, {"images": images})
        rates.append(args.steps * len(images) / (time.perf_counter() - begun))
    # The first one warms up.
    print(statistics.median(rates[1:]))


def compare(args, backbone, batch, path):
    common = ["--backbone", backbone, "--batch", str(batch), "--runs", str(args.runs), "--steps"]
    common.append(str(args.steps))
    ours, theirs = [], []
    for _ in range(args.rounds):
        report = check(
            [args.psp, "bench", "infer", "--json", "--engine", args.engine, "--device", "flex",
             "--warmup", str(args.steps), *common]
        )  # fmt: skip
        ours.append(json.loads(report)["images_per_second"])
        rate = check(
            [sys.executable, __file__, "--worker", path, "--threads", str(args.threads), *common]
        )
        theirs.append(float(rate))
    ratios = sorted(a / b for a, b in zip(ours, theirs))
    cells = [
        backbone,
        str(batch),
        f"{statistics.median(ours):.1f}",
        f"{statistics.median(theirs):.1f}",
        f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})",
    ]
    print("| " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--psp", default="psp", help="the psp binary")
    parser.add_argument("--engine", default="cpu", choices=["cpu", "burn"], help="psp's engine")
    parser.add_argument("--backbone", action="append", choices=BACKBONES, help="default: all")
    parser.add_argument("--batch", action="append", type=int, help="default: 1 and 16")
    parser.add_argument("--rounds", type=int, default=3, help="processes of each side")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument(
        "--threads", type=int, default=len(os.sched_getaffinity(0)), help="ONNX Runtime's threads"
    )
    parser.add_argument("--models", help="folder to keep the exported models in")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return by_onnxruntime(args)
    print("| backbone | batch | psp, images/s | ONNX Runtime, images/s | ratio (rounds) |")
    print("|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.models or scratch
        os.makedirs(folder, exist_ok=True)
        for backbone in args.backbone or BACKBONES:
            path = os.path.join(folder, f"{backbone}-model", "model.onnx")
            if not os.path.exists(path):
                path = export(args.psp, backbone, folder)
            for batch in args.batch or [1, 16]:
                compare(args, backbone, batch, path)


if __name__ == "__main__":
    main()
