"""psp beside PyTorch: the same backbone, head, batch and optimiser, in turn.

Each round runs psp and every variant of PyTorch in processes of their own, so
that neither profits from the other's warm memory; the table gives medians over
the rounds and psp's ratio to the best variant. See bench_vs_pytorch.sh.
"""

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import time

BACKBONES = [
    "resnet18",
    "googlenet",
    "inception_v3",
    "efficientnet_b0",
    "mobilenet_v2",
    "vit_b_16",
]

# What PyTorch's users can choose from without changing the model.
VARIANTS = {
    ("train", "fp32"): ["eager"],
    ("train", "bf16"): ["autocast", "autocast-channels_last"],
    ("infer", "fp32"): ["eager", "channels_last"],
    ("infer", "bf16"): ["autocast-channels_last", "whole-channels_last"],
}


def size_of(backbone):
    return 299 if backbone == "inception_v3" else 224


def build(backbone):
    """torchvision's backbone, without weights, with the perspective-score project's head."""
    import torch
    import torchvision

    options = {"weights": None}
    if backbone in ("googlenet", "inception_v3"):
        options |= {"aux_logits": False, "init_weights": False}
    model = getattr(torchvision.models, backbone)(**options)

    def head(features):
        return torch.nn.Sequential(
            torch.nn.Linear(features, 256), torch.nn.ReLU(), torch.nn.Linear(256, 2)
        )

    if backbone in ("efficientnet_b0", "mobilenet_v2"):
        model.classifier = head(1280)
    elif backbone == "vit_b_16":
        model.heads = head(768)
    else:
        model.fc = head(model.fc.in_features)
    return model


def peak_mib():
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def rates(step, args):
    """Images per second of each run, as `psp bench` measures them."""
    for _ in range(args.warmup):
        step()
    found = []
    for _ in range(args.runs):
        begun = time.perf_counter()
        for _ in range(args.steps):
            step()
        found.append(args.steps * args.batch / (time.perf_counter() - begun))
    return found


def torch_step(args):
    import torch

    torch.set_num_threads(args.threads)
    size = size_of(args.backbone)
    model = build(args.backbone)
    images = torch.randn(args.batch, 3, size, size)
    labels = torch.rand(args.batch, 2)
    options = args.variant.split("-")
    layout = torch.contiguous_format
    if "channels_last" in options:
        layout = torch.channels_last
        model = model.to(memory_format=layout)
    context = contextlib.nullcontext
    if "autocast" in options:
        context = lambda: torch.autocast("cpu", dtype=torch.bfloat16)
    if args.mode == "infer":
        model.eval()
        dtype = torch.bfloat16 if "whole" in options else torch.float32
        model = model.to(dtype)

        def step():
            with torch.inference_mode(), context():
                model(images.to(dtype, memory_format=layout, copy=True)).float().numpy()

        return step
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=1e-4)
    loss_of = torch.nn.MSELoss()

    def step():
        with context():
            predictions = model(images.clone(memory_format=layout))
        loss = loss_of(predictions.float(), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def onnx_step(args):
    import os
    import tempfile

    import numpy
    import onnxruntime
    import torch

    size = size_of(args.backbone)
    images = torch.randn(args.batch, 3, size, size)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        torch.onnx.export(build(args.backbone).eval(), images, path, dynamo=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = args.threads
        session = onnxruntime.InferenceSession(path, options)
    name = session.get_inputs()[0].name
    images = images.numpy()
    return lambda: session.run(None, {name: numpy.copy(images)})


def worker(args):
    step = onnx_step(args) if args.variant == "onnxruntime" else torch_step(args)
    print(json.dumps({"rates": rates(step, args), "peak_memory_mib": peak_mib()}))


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"error: exit status {done.returncode} of {' '.join(command)}")
    return json.loads(done.stdout.splitlines()[-1])


def compare(args, backbone, mode, precision):
    """One row: psp, the best of PyTorch's variants, their ratio."""
    common = [
        "--backbone", backbone, "--batch", str(args.batch),
        "--warmup", str(args.warmup), "--runs", str(args.runs), "--steps", str(args.steps),
    ]  # fmt: skip
    variants = list(VARIANTS[mode, precision])
    if args.onnx and (mode, precision) == ("infer", "fp32"):
        variants.append("onnxruntime")
    found = {"psp": []} | {variant: [] for variant in variants}
    memory = {name: 0.0 for name in found}
    for _ in range(args.rounds):
        for name in found:
            if name == "psp":
                # Burn on that device, and not the engine for prediction alone.
                engine = ["--engine", "burn"] if mode == "infer" else []
                report = run(
                    [args.psp, "bench", mode, "--json", "--device", args.device,
                     "--precision", precision, *engine, *common]
                )  # fmt: skip
                rate = report["images_per_second"]
            else:
                report = run(
                    [sys.executable, __file__, "--worker", "--mode", mode,
                     "--variant", name, "--threads", str(args.threads), *common]
                )  # fmt: skip
                rate = statistics.median(report["rates"])
            found[name].append(rate)
            memory[name] = max(memory[name], report["peak_memory_mib"])
    speed = {name: statistics.median(rates) for name, rates in found.items()}
    torch_variants = [name for name in variants if name != "onnxruntime"]
    best = max(torch_variants, key=speed.get)
    # Round by round, so that what both suffered from falls out.
    ratios = sorted(ours / theirs for ours, theirs in zip(found["psp"], found[best]))
    cells = [
        backbone,
        f"{mode} {precision}",
        f"{speed['psp']:.1f}",
        f"{speed[best]:.1f} ({best})",
        f"{speed['psp'] / speed[best]:.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})",
        f"{memory['psp']:.0f} / {memory[best]:.0f}",
    ]
    if "onnxruntime" in speed:
        cells.append(f"ONNX Runtime {speed['onnxruntime']:.1f}")
    print("| " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--psp", default="psp", help="the psp binary, with LibTorch")
    parser.add_argument("--device", default="libtorch", help="psp's device")
    parser.add_argument("--backbone", action="append", choices=BACKBONES, help="default: all")
    parser.add_argument("--mode", action="append", choices=["train", "infer"])
    parser.add_argument("--precision", action="append", choices=["fp32", "bf16"])
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3, help="processes of each side")
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2, help="PyTorch's threads")
    parser.add_argument("--onnx", action="store_true", help="ONNX Runtime too (infer fp32)")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--variant", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        args.backbone, args.mode = args.backbone[0], args.mode[0]
        return worker(args)
    print("| backbone | | psp, images/s | PyTorch, images/s | ratio (rounds) | peak MiB, psp / PyTorch |")
    print("|---|---|---|---|---|---|", flush=True)
    for mode in args.mode or ["train", "infer"]:
        for precision in args.precision or ["fp32", "bf16"]:
            for backbone in args.backbone or BACKBONES:
                compare(args, backbone, mode, precision)


if __name__ == "__main__":
    main()
