"""What torchvision computes for each backbone, as reference files.

A file holds features, predictions, gradients' norms, running statistics and AdamW
losses in float64; its form is that of crates/bench/src/verify/reference.rs. Weights,
input and target are those of crates/bench/src/verify/formula.rs, so a file needs
nothing beside it. Dropout and stochastic depth are off, auxiliary classifiers absent.

Checked by --against on files that another program had recorded with torchvision 0.24,
of all six backbones and of five of them at two sizes: no float64 number was further off
than 2e-14 (--weights-in float32, which that program had used). See
torchvision_reference.sh.
"""

import argparse
import copy
import json
import math
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
from torch import Tensor, nn

TARGETS = 2
HEAD_HIDDEN = 256
FEATURE_COLUMNS = 16
BETAS = (0.9, 0.999)
EPS = 1e-8
WEIGHT_DECAY = 0.01

# Lists of numbers in a file.
PARTS = {
    "eval": ["features_head", "features_norm", "prediction", "mse"],
    "train": ["prediction", "mse", "grad_norm", "running_mean_norm", "running_var_norm"],
    "adamw": ["mse_per_step"],
}
# Those of which a file holds the error in float32, by the error's name.
F32_ERRORS = {
    "eval_prediction": "eval.prediction",
    "eval_features_norm": "eval.features_norm",
    "train_prediction": "train.prediction",
    "grad_norm": "train.grad_norm",
    "adamw": "adamw.mse_per_step",
}
# Gradients' norms up to this fraction of the largest one are too small to judge.
GRAD_FLOOR = 1e-4
# Differences that --against lets pass.
AGREEMENT = 1e-6


@dataclass(frozen=True)
class Settings:
    """What decides which numbers a file holds."""

    backbone: str
    size: int
    batch: int
    seed: int
    running_var_scale: float = 1.0
    lr: float = 2e-5
    steps: int = 4
    # Precision of the products in the weights' formula.
    weights_in: str = "float64"


# Small images, and seeds and rates with which float32 errs far less than a comparison
# allows. Inception's gradients are the exception: at every seed tried, float32 puts some
# activation on the other side of a kink.
DEFAULTS = [
    Settings("resnet18", size=64, batch=3, seed=5),
    Settings("googlenet", size=64, batch=3, seed=19, lr=2e-6),
    Settings("inception_v3", size=107, batch=3, seed=7, running_var_scale=0.7, lr=5e-7),
    Settings("efficientnet_b0", size=64, batch=3, seed=7, running_var_scale=0.65),
    Settings("mobilenet_v2", size=64, batch=3, seed=11, running_var_scale=0.8, lr=5e-6),
    Settings("vit_b_16", size=64, batch=2, seed=6, lr=1e-5, steps=3),
]


def uniform(name: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Numbers in [-1, 1): splitmix64's finaliser over FNV-1a of the name."""
    start = 0xCBF29CE484222325
    for byte in name.encode():
        start = (start ^ byte) * 0x100000001B3 % 2**64
    z = np.arange(np.prod(shape), dtype=np.uint64) + np.uint64(start ^ seed)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> 30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> 27)) * np.uint64(0x94D049BB133111EB)
    z ^= z >> 31
    # 24 bits, which float32 holds exactly.
    return ((z >> 40) / 2**23 - 1).reshape(shape)


def rounded(values: np.ndarray) -> Tensor:
    """The values in float32, from which every precision starts."""
    return torch.from_numpy(values.astype(np.float32))


def weight(key: str, shape: tuple[int, ...], settings: Settings) -> Tensor:
    """The values of the tensor `key` of the state."""
    u = uniform(key, shape, settings.seed).astype(settings.weights_in)
    fan_in = u.size / shape[0]
    match key.rsplit(".", 1)[-1], len(shape):
        case "running_var", _:
            return rounded(settings.running_var_scale * (1 + 0.5 * np.abs(u)))
        case "weight", 4:
            return rounded(u * math.sqrt(6 / fan_in))
        case "weight" | "in_proj_weight", 2:
            return rounded(u * math.sqrt(3 / fan_in))
        case "weight", _:
            return rounded(1 + 0.1 * u)
        case _:
            return rounded(0.1 * u)


def images(settings: Settings) -> Tensor:
    """Noise over a wave that differs by image and channel."""
    batch, size = settings.batch, settings.size
    n = np.arange(batch).reshape(-1, 1, 1, 1)
    c = np.arange(3).reshape(-1, 1, 1)
    h = np.arange(size).reshape(-1, 1)
    w = np.arange(size)
    rows = np.sin(2 * np.pi * (h * (n + 1) / size + 0.3 * c))
    columns = np.cos(2 * np.pi * w * (c + 1) / size)
    noise = uniform("input", (batch, 3, size, size), settings.seed)
    return rounded(noise + 1.5 * rows * columns)


def labels(settings: Settings) -> Tensor:
    """Numbers in [0, 1)."""
    return rounded(0.5 + 0.5 * uniform("target", (settings.batch, TARGETS), settings.seed))


def torchvision_backbone(name: str, size: int) -> tuple[nn.Module, int]:
    """torchvision's network up to its pooled features, and their number."""
    options: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        options = {"aux_logits": False, "init_weights": False, "transform_input": False}
    elif name == "efficientnet_b0":
        options = {"stochastic_depth_prob": 0.0}
    elif name == "vit_b_16":
        options = {"image_size": size}
    backbone = getattr(torchvision.models, name)(weights=None, **options)
    for module in backbone.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    place = next(place for place in ("fc", "classifier", "heads") if hasattr(backbone, place))
    classifier = getattr(backbone, place)
    linear = next(layer for layer in classifier.modules() if isinstance(layer, nn.Linear))
    setattr(backbone, place, nn.Identity())
    return backbone, linear.in_features


class Regressor(nn.Module):
    """Backbone and head with the formula's weights."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.backbone, features = torchvision_backbone(settings.backbone, settings.size)
        self.head = nn.Sequential(
            nn.Linear(features, HEAD_HIDDEN), nn.ReLU(), nn.Linear(HEAD_HIDDEN, TARGETS)
        )
        with torch.no_grad():
            for key, tensor in state(self).items():
                tensor.copy_(weight(key, tuple(tensor.shape), settings))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))


def state(module: nn.Module) -> dict[str, Tensor]:
    """Parameters and running statistics: all but the batch norms' counters."""
    entries = module.state_dict().items()
    return {key: tensor for key, tensor in entries if not key.endswith("num_batches_tracked")}


def norm(tensor: Tensor) -> float:
    """The tensor's norm, summed in float64: the sum's own rounding is not the model's."""
    return tensor.double().norm().item()


def evaluation(model: Regressor, x: Tensor, y: Tensor) -> dict[str, Any]:
    """Numbers of evaluation mode."""
    model.eval()
    with torch.no_grad():
        features = model.backbone(x)
        prediction = model.head(features)
    return {
        "features_head": features[:, :FEATURE_COLUMNS].tolist(),
        "features_norm": [norm(row) for row in features],
        "prediction": prediction.tolist(),
        "mse": nn.functional.mse_loss(prediction, y).item(),
    }


def training(model: Regressor, x: Tensor, y: Tensor) -> dict[str, Any]:
    """Numbers of one forward and backward pass in training mode."""
    model.train()
    prediction = model(x)
    loss = nn.functional.mse_loss(prediction, y)
    loss.backward()

    def running(leaf: str) -> dict[str, float]:
        buffers = model.named_buffers()
        return {key: norm(value) for key, value in buffers if key.endswith(leaf)}

    return {
        "prediction": prediction.tolist(),
        "mse": loss.item(),
        "grad_norm": {key: norm(value.grad) for key, value in model.named_parameters()},
        "running_mean_norm": running(".running_mean"),
        "running_var_norm": running(".running_var"),
    }


def adamw(model: Regressor, x: Tensor, y: Tensor, settings: Settings) -> dict[str, Any]:
    """The loss before each of the first steps; every parameter is decayed."""
    model.train()
    options = {"lr": settings.lr, "betas": BETAS, "eps": EPS, "weight_decay": WEIGHT_DECAY}
    optimizer = torch.optim.AdamW(model.parameters(), **options)
    losses = []
    for _ in range(settings.steps):
        loss = nn.functional.mse_loss(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return options | {"mse_per_step": losses}


def numbers(start: Regressor, settings: Settings, dtype: torch.dtype) -> dict[str, Any]:
    """All that is computed from one start in one precision."""
    x, y = images(settings).to(dtype), labels(settings).to(dtype)
    return {
        "eval": evaluation(copy.deepcopy(start).to(dtype), x, y),
        "train": training(copy.deepcopy(start).to(dtype), x, y),
        "adamw": adamw(copy.deepcopy(start).to(dtype), x, y, settings),
    }


def record(settings: Settings) -> dict[str, Any]:
    """All that a file holds."""
    model = Regressor(settings)

    def shapes(module: nn.Module) -> list[list[Any]]:
        return [[key, list(tensor.shape)] for key, tensor in state(module).items()]

    exact = numbers(model, settings, torch.float64)
    errors = float32_errors(model, settings, exact)
    return {
        "model": settings.backbone,
        "seed": settings.seed,
        "batch": settings.batch,
        "size": settings.size,
        "running_var_scale": settings.running_var_scale,
        "torch": torch.__version__.split("+")[0],
        "torchvision": torchvision.__version__.split("+")[0],
        "feature_dim": model.head[0].in_features,
        "head_hidden": HEAD_HIDDEN,
        "backbone_state": shapes(model.backbone),
        "head_state": shapes(model.head),
        "params": sum(value.numel() for value in model.parameters()),
        "mib": round(sum(value.nbytes for value in model.state_dict().values()) / 2**20, 3),
        **exact,
        "torch_f32_error": errors,
    }


def float32_errors(model: Regressor, settings: Settings, exact: dict[str, Any]) -> dict[str, float]:
    """The errors in float32, the larger of two layouts in memory.

    Each sums in another order, and in training the order decides on which side of a kink
    some activation falls.
    """
    runs = [
        differences(exact, numbers(model.to(memory_format=layout), settings, torch.float32))
        for layout in (torch.contiguous_format, torch.channels_last)
    ]
    return {name: max(run[part] for run in runs) for name, part in F32_ERRORS.items()}


def differences(want: dict[str, Any], got: dict[str, Any]) -> dict[str, float]:
    """The largest difference of each part, relative as `psp models verify` has it.

    A gradient's norm is compared with itself, all else with the largest of its list.
    """
    found = {}
    for mode, names in PARTS.items():
        for name in names:
            a, b = flat(want[mode][name]), flat(got[mode][name])
            scale = np.full_like(a, np.abs(a).max(initial=0.0))
            judged = np.full_like(a, True, dtype=bool)
            if name == "grad_norm":
                judged = a > GRAD_FLOOR * scale
                scale = a
            errors = np.abs(a - b)[judged] / scale[judged]
            found[f"{mode}.{name}"] = float(errors.max(initial=0.0))
    return found


def flat(values: Any) -> np.ndarray:
    """The numbers of a list, or of names in their order."""
    if isinstance(values, dict):
        values = [values[key] for key in sorted(values)]
    return np.ravel(np.array(values, dtype=np.float64))


def structure(reference: dict[str, Any]) -> dict[str, Any]:
    """What has to be the same in two files of the same settings."""
    alike = ["feature_dim", "head_hidden", "backbone_state", "head_state", "params"]
    named = [name for name in PARTS["train"] if isinstance(reference["train"][name], dict)]
    return {
        **{name: reference[name] for name in alike},
        "mib": round(reference["mib"], 3),
        **{name: sorted(reference["train"][name]) for name in named},
    }


def against(path: Path, weights_in: str) -> bool:
    """Computes a file's numbers again; whether they agree."""
    want = json.loads(path.read_text())
    settings = Settings(
        backbone=want["model"],
        size=want["size"],
        batch=want["batch"],
        seed=want["seed"],
        running_var_scale=want["running_var_scale"],
        lr=want["adamw"]["lr"],
        steps=len(want["adamw"]["mse_per_step"]),
        weights_in=weights_in,
    )
    got = record(settings)
    print(f"{path.name}: {settings}")
    theirs, ours = structure(want), structure(got)
    wrong = [name for name in ours if theirs[name] != ours[name]]
    for name in wrong:
        print(f"  {name:24} differs")
    if wrong:
        return False
    found = differences(want, got)
    for part, error in found.items():
        print(f"  {part:24} {error:.1e}")
    for name, error in want.get("torch_f32_error", {}).items():
        print(f"  float32: {name:24} {got['torch_f32_error'][name]:.1e}, in the file {error:.1e}")
    return all(error <= AGREEMENT for error in found.values())


def compact(value: Any, indent: str = "") -> str:
    """JSON with a line per name and per row, and nine digits of a number."""
    inner = f"{indent}  "
    if isinstance(value, dict) and value:
        items = [f"{json.dumps(key)}: {compact(item, inner)}" for key, item in value.items()]
        return "{" + rows(items, indent) + "}"
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[" + rows([compact(item, inner) for item in value], indent) + "]"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(compact(item) for item in value)}]"
    if isinstance(value, float):
        value = float(f"{value:.9g}")
    return json.dumps(value, allow_nan=False)


def rows(items: list[str], indent: str) -> str:
    """The items below each other."""
    inner = f"\n{indent}  "
    return f"{inner}{f',{inner}'.join(items)}\n{indent}"


def write(settings: Settings, folder: Path) -> None:
    """Records one file and prints the errors in float32."""
    reference = record(settings)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{settings.backbone}_{settings.size}.json"
    path.write_text(compact(reference) + "\n")
    errors = (f"{name} {error:.1e}" for name, error in reference["torch_f32_error"].items())
    print(f"{path}: in float32 {', '.join(errors)}", flush=True)


def main() -> int:
    names = [settings.backbone for settings in DEFAULTS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", type=Path, metavar="DIR", help="folder of the new files")
    what.add_argument(
        "--against", type=Path, action="append", metavar="FILE", help="compute a file's again"
    )
    parser.add_argument("--backbone", action="append", choices=names, help="default: all")
    parser.add_argument("--size", type=int, help="side of the images in pixels")
    parser.add_argument("--batch", type=int, help="images")
    parser.add_argument("--seed", type=int, help="of weights, images and labels")
    parser.add_argument(
        "--weights-in",
        choices=["float32", "float64"],
        help="precision of the products in the weights' formula, for --against; "
        "default: float64, as this program records",
    )
    args = parser.parse_args()
    given = {name: getattr(args, name) for name in ("size", "batch", "seed")}
    given = {name: value for name, value in given.items() if value is not None}
    if args.against:
        if given or args.backbone:
            parser.error("with --against, the file says backbone, size, batch and seed")
        agree = [against(path, args.weights_in or "float64") for path in args.against]
        return 0 if all(agree) else 1
    if args.weights_in:
        parser.error("--weights-in needs --against")
    for settings in DEFAULTS:
        if settings.backbone in (args.backbone or names):
            write(replace(settings, **given), args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
