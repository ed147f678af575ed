"""Compares what ONNX Runtime makes of exported models with what psp predicts.

Each model folder holds ONNX files that `psp export` wrote. Every file is checked by ONNX's own
checker, and run on all images at once and one by one. Exits with 1 if any score differs by more
than a tolerance. Called by onnx_check.sh.
"""

import argparse
import csv
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from PIL import Image, ImageOps


def copies(images, resize, folder):
    """PNGs of images at the size of a model's input, which leave nothing to decoders and
    resizing: where these differ by one grey level, scores differ, too."""
    assert resize["mode"] == "squash", "only preprocess.resize = squash is checked"
    for path in images:
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        image = image.resize((resize["width"], resize["height"]), Image.Resampling.BILINEAR)
        image.save(folder / f"{path.stem}.png")
    return sorted(folder.iterdir())


def normalised(batch, preprocessing):
    """Pixels as the model's input: float32, NCHW."""
    mean, std = (np.float32(preprocessing[key]) for key in ("mean", "std"))
    return ((np.float32(batch) / 255 - mean) / std).transpose(0, 3, 1, 2)


def predicted(psp, model, images, raw):
    """psp's scores, clipped unless raw."""
    command = [psp, "predict", "--model", model, "--csv"] + ["--raw"] * raw + images
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = list(csv.reader(io.StringIO(told)))[1:]
    return np.array([[float(score) for score in row[1:]] for row in rows])


def check(psp, model, images, tolerances):
    """Checks the ONNX files in one folder and returns how many are wrong."""
    bundle = json.loads((model / "bundle.json").read_text())
    with tempfile.TemporaryDirectory() as folder:
        images = copies(images, bundle["preprocessing"]["resize"], Path(folder))
        return compare(psp, model, bundle, images, tolerances)


def compare(psp, model, bundle, images, tolerances):
    """Compares the ONNX files of a model with psp on images of its size."""
    batch = np.stack([np.asarray(Image.open(path)) for path in images])
    wrong = 0
    files = sorted(model.glob("*.onnx"))
    assert files, f"{model}: no ONNX file"
    for path in files:
        onnx.checker.check_model(str(path), full_check=True)
        file = onnx.load(path)
        stated = {entry.key: json.loads(entry.value) for entry in file.metadata_props}
        assert stated["targets"] == bundle["targets"]
        assert stated["preprocessing"] == bundle["preprocessing"]
        assert stated["label_range"] == bundle["label_range"]
        inside = stated["with_preprocessing"]
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        [given], [output] = session.get_inputs(), session.get_outputs()
        assert (given.name, output.name) == ("pixels" if inside else "images", "scores")
        assert given.shape[0] == "batch" and output.shape == ["batch", len(bundle["targets"])]
        inputs = batch if inside else normalised(batch, bundle["preprocessing"])
        expected = predicted(psp, model, images, raw=not inside)
        together = session.run(None, {given.name: inputs})[0]
        alone = [session.run(None, {given.name: inputs[i : i + 1]})[0] for i in range(len(inputs))]
        found = np.stack([together, np.concatenate(alone)])
        # A NaN is the largest of all, and not below any tolerance.
        worst = np.abs(found - expected).max()
        is_right = bool(worst <= tolerances[path.name])
        wrong += not is_right
        nodes = len(file.graph.node)
        mib = path.stat().st_size / 2**20
        told = "ok" if is_right else f"WRONG, more than {tolerances[path.name]}"
        print(
            f"{bundle['model']['backbone']:16} {path.name:15} {mib:6.1f} MiB  {nodes:4} nodes  "
            f"{given.name:6}  {len(images)} images, scores {expected.min():.3f} to "
            f"{expected.max():.3f}, largest difference {worst:.1e}  {told}",
            flush=True,
        )
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--psp", required=True, help="the binary")
    parser.add_argument("--images", required=True, help="folder of images", type=Path)
    parser.add_argument("--count", type=int, default=16, help="how many of them are used")
    parser.add_argument("--f32", type=float, default=1e-4, help="tolerance of model.onnx")
    parser.add_argument("--f16", type=float, default=5e-3, help="tolerance of model_fp16.onnx")
    parser.add_argument("--int8", type=float, default=0.1, help="tolerance of model_int8.onnx")
    parser.add_argument("models", nargs="+", type=Path, help="exported models")
    args = parser.parse_args()
    tolerances = {
        "model.onnx": args.f32,
        "model_fp16.onnx": args.f16,
        "model_int8.onnx": args.int8,
    }
    types = (".jpg", ".jpeg", ".png")
    images = sorted(path for path in args.images.iterdir() if path.suffix.lower() in types)
    images = images[: args.count]
    sys.exit(any([check(args.psp, model, images, tolerances) for model in args.models]))


if __name__ == "__main__":
    main()
