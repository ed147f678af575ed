"""psp beside PyTorch over whole epochs: files to decode, steps, validation, checkpoint.

The PyTorch side is the training script as its users write it: a Dataset over
Pillow and torchvision's transforms, a DataLoader with worker processes, a loop,
a validation pass, the best weights saved. Both sides run in turn from random
weights on the same folder, split, batch size and optimiser. Run it by
`bench_vs_pytorch.sh epoch --data FOLDER`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import photos
from bench_vs_pytorch import BACKBONES, build, size_of

VARIANTS = {"fp32": ["eager"], "bf16": ["autocast", "autocast-channels_last"]}


def torch_worker(args):
    import contextlib

    import torch

    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    backbone, size = args.backbone[0], size_of(args.backbone[0])
    options = args.variant.split("-")
    parts = photos.read(args.data)
    options_of = {"size": size, "batch": args.batch, "workers": args.loaders}
    train = photos.loader(parts["train"], shuffle=True, drop_last=True, **options_of)
    valid = photos.loader(parts["valid"], **options_of)
    model = build(backbone)
    layout = torch.contiguous_format
    if "channels_last" in options:
        layout = torch.channels_last
        model = model.to(memory_format=layout)
    context = contextlib.nullcontext
    if "autocast" in options:
        context = lambda: torch.autocast("cpu", dtype=torch.bfloat16)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=1e-4)
    steps = args.epochs * len(train)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    loss_of = torch.nn.MSELoss()

    def forward(images):
        with context():
            predictions = model(images.to(memory_format=layout))
        return predictions.float()

    seconds, best = [], float("inf")
    for _ in range(args.epochs):
        begun = time.perf_counter()
        model.train()
        for images, labels in train:
            loss = loss_of(forward(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            loss.item()
        model.eval()
        total = 0.0
        with torch.inference_mode():
            for images, labels in valid:
                total += loss_of(forward(images), labels).item() * len(labels)
        if total < best:
            best = total
            torch.save(model.state_dict(), os.path.join(args.out, "best.pt"))
        seconds.append(time.perf_counter() - begun)
    print(json.dumps({"epochs": seconds}))


def timed(command, **options):
    """What a process printed, and the seconds it took as a whole."""
    begun = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"error: exit status {done.returncode} of {' '.join(command)}")
    return done.stdout, time.perf_counter() - begun


def run_psp(args, backbone, precision, out):
    settings = {
        "model.backbone": json.dumps(backbone),
        "train.epochs": args.epochs,
        "train.batch_size": args.batch,
        "train.precision": json.dumps(precision),
    }
    command = [args.psp, "train", "--data", args.data, "--out", out, "--device", args.device]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    # Nothing is decoded yet.
    _, whole = timed(command, env=os.environ | {"PSP_CACHE_DIR": out + "-cache"})
    with open(os.path.join(out, "metrics.jsonl")) as lines:
        return [json.loads(line)["seconds"] for line in lines], whole


def run_torch(args, backbone, variant, out):
    printed, whole = timed(
        [sys.executable, __file__, "--worker", "--variant", variant, "--data", args.data,
         "--out", out, "--backbone", backbone, "--batch", str(args.batch),
         "--epochs", str(args.epochs), "--threads", str(args.threads),
         "--loaders", str(args.loaders)]
    )  # fmt: skip
    return json.loads(printed.splitlines()[-1])["epochs"], whole


def compare(args, backbone, precision):
    variants = VARIANTS[precision]
    found = {name: [] for name in ["psp", *variants]}
    for _ in range(args.rounds):
        for name, runs in found.items():
            with tempfile.TemporaryDirectory() as folder:
                out = os.path.join(folder, "run")
                if name == "psp":
                    epochs, whole = run_psp(args, backbone, precision, out)
                else:
                    epochs, whole = run_torch(args, backbone, name, folder)
            # The first epoch pays for what the later ones find done.
            runs.append((epochs[0], statistics.median(epochs[1:] or epochs), whole))
    median = {
        name: [statistics.median(column) for column in zip(*runs)] for name, runs in found.items()
    }
    best = min(variants, key=lambda name: median[name][2])
    cells = [backbone, precision, best]
    for index in range(3):
        ours, theirs = median["psp"][index], median[best][index]
        rounds = sorted(t[index] / o[index] for o, t in zip(found["psp"], found[best]))
        ratio = f"{theirs / ours:.2f} ({rounds[0]:.2f}–{rounds[-1]:.2f})"
        cells += [f"{ours:.1f} / {theirs:.1f}", ratio]
    print("| " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--psp", default="psp", help="the psp binary, with LibTorch")
    parser.add_argument("--device", default="libtorch", help="psp's device")
    parser.add_argument("--data", required=True, help="folder with labels.csv, split.csv, imgs/")
    parser.add_argument("--backbone", action="append", choices=BACKBONES, help="default: resnet18")
    parser.add_argument("--precision", action="append", choices=["fp32", "bf16"])
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3, help="processes of each side")
    parser.add_argument("--threads", type=int, default=2, help="PyTorch's threads")
    parser.add_argument("--loaders", type=int, default=2, help="worker processes of DataLoader")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--variant", help=argparse.SUPPRESS)
    parser.add_argument("--out", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return torch_worker(args)
    print(
        "| backbone | | PyTorch's best | first epoch, s, psp / PyTorch | ratio (rounds) "
        "| later epochs, s | ratio (rounds) | whole command, s | ratio (rounds) |"
    )
    print("|---" * 9 + "|", flush=True)
    for precision in args.precision or ["fp32", "bf16"]:
        for backbone in args.backbone or ["resnet18"]:
            compare(args, backbone, precision)


if __name__ == "__main__":
    main()
