"""Records what PyTorch's autograd and torchvision's models give for the maps
that the tests beside this file compare with.

    python make_reference.py    # torch 2.9.0, torchvision 0.24.0

Weights and inputs follow from names by the formula of psp-bench
(crates/bench/src/verify/formula.rs), so no weight file is needed. Everything is
computed in float64 from weights rounded to float32. Written beside this file:

- grad_cam.json: per model the scores and, per target, the map of Selvaraju et
  al. (ICCV 2017) by hooks on torchvision's layer and a backward pass through
  the whole model, after its ReLU.
- attention_rollout.json: per input size the class token's row of the roll-out
  of Abnar & Zuidema (ACL 2020), from `nn.MultiheadAttention`'s own weights.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch import nn

HERE = Path(__file__).parent
MASK = (1 << 64) - 1

# Model, the layer whose output is explained, side of the input, factor of the
# running variances (below 1 where activations would fade), seed. The seeds are
# such that some places raise each score, but for the second case, where none
# raises either.
GRAD_CAM = [
    ("resnet18", "layer4", 64, 1.0, 12),
    ("resnet18", "layer4", 64, 1.0, 4),
    ("resnet18", "layer4", 160, 1.0, 6),
    ("googlenet", "inception5b", 96, 1.0, 5),
    ("inception_v3", "Mixed_7c", 139, 0.7, 1),
    ("efficientnet_b0", "features.8", 96, 0.65, 3),
]
# Side of the input, seed.
ROLLOUT = [(64, 1), (224, 1)]


def uniform(name, count, seed):
    start = 0xCBF29CE484222325
    for byte in name.encode():
        start = ((start ^ byte) * 0x100000001B3) & MASK
    with np.errstate(over="ignore"):
        z = np.uint64(start ^ seed) + np.arange(count, dtype=np.uint64)
        z *= np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def weight(key, shape, running_var_scale, seed):
    count = math.prod(shape)
    fan_in = count / max(shape[0], 1) if shape else count
    u = uniform(key, count, seed)
    leaf = key.rsplit(".", 1)[-1]
    if leaf == "running_mean":
        values = 0.1 * u
    elif leaf == "running_var":
        values = running_var_scale * (1 + 0.5 * np.abs(u))
    elif leaf == "weight" and len(shape) == 4:
        values = u * math.sqrt(6 / fan_in)
    elif leaf in ("weight", "in_proj_weight") and len(shape) == 2:
        values = u * math.sqrt(3 / fan_in)
    elif leaf in ("class_token", "pos_embedding"):
        values = 0.1 * u
    elif leaf == "weight":
        values = 1 + 0.1 * u
    else:
        values = 0.1 * u
    return torch.from_numpy(values.astype(np.float32).astype(np.float64)).reshape(shape)


def images(size, seed):
    """One image, [1, 3, size, size]."""
    c, h, w = np.meshgrid(*map(np.arange, (3, size, size)), indexing="ij")
    rows = np.sin(2 * math.pi * (h / size + 0.3 * c))
    columns = np.cos(2 * math.pi * w * (c + 1) / size)
    noise = uniform("input", 3 * size * size, seed).reshape(3, size, size)
    values = noise + 1.5 * rows * columns
    return torch.from_numpy(values.astype(np.float32).astype(np.float64))[None]


def build(name, size, running_var_scale, seed):
    options = {}
    if name in ("googlenet", "inception_v3"):
        options = {"aux_logits": False, "init_weights": False, "transform_input": False}
    if name == "vit_b_16":
        options = {"image_size": size}
    backbone = getattr(torchvision.models, name)(weights=None, **options)
    features = {
        "resnet18": 512,
        "googlenet": 1024,
        "inception_v3": 2048,
        "efficientnet_b0": 1280,
        "vit_b_16": 768,
    }[name]
    classifier = {"efficientnet_b0": "classifier", "vit_b_16": "heads"}.get(name, "fc")
    setattr(backbone, classifier, nn.Identity())
    head = nn.Sequential(nn.Linear(features, 256), nn.ReLU(), nn.Linear(256, 2))
    for prefix, module in (("backbone", backbone), ("head", head)):
        module.double().eval()
        state = {
            key: tensor
            if key.endswith("num_batches_tracked")
            else weight(f"{prefix}.{key}", tuple(tensor.shape), running_var_scale, seed)
            for key, tensor in module.state_dict().items()
        }
        module.load_state_dict(state)
    return backbone, head


def rounded(tensor):
    return [float(f"{value:.9g}") for value in tensor.flatten().tolist()]


def grad_cam(name, layer, size, running_var_scale, seed):
    backbone, head = build(name, size, running_var_scale, seed)
    kept = {}

    def keep(_module, _inputs, output):
        kept["activation"] = output
        output.register_hook(lambda gradient: kept.update(gradient=gradient.clone()))

    backbone.get_submodule(layer).register_forward_hook(keep)
    scores = head(backbone(images(size, seed)))
    maps = []
    for target in range(scores.shape[1]):
        backbone.zero_grad()
        scores[0, target].backward(retain_graph=True)
        alpha = kept["gradient"].mean(dim=(2, 3), keepdim=True)
        signed = (alpha * kept["activation"]).sum(dim=1)[0].detach()
        maps.append(rounded(signed.relu()))
    _, _, height, width = kept["activation"].shape
    return {
        "model": name,
        "layer": layer,
        "size": size,
        "seed": seed,
        "running_var_scale": running_var_scale,
        "scores": rounded(scores[0].detach()),
        "height": height,
        "width": width,
        "maps": maps,
    }


def rollout(size, seed):
    backbone, head = build("vit_b_16", size, 1.0, seed)
    attentions = []

    def with_weights(attention):
        forward = attention.forward

        def call(query, key, value, **_):
            output, weights = forward(query, key, value, need_weights=True)
            attentions.append(weights[0])
            return output, weights

        attention.forward = call

    for block in backbone.encoder.layers:
        with_weights(block.self_attention)
    with torch.no_grad():
        scores = head(backbone(images(size, seed)))
        identity = torch.eye(attentions[0].shape[0], dtype=torch.float64)
        product = identity
        for attention in attentions:
            mixed = attention + identity
            product = mixed / mixed.sum(dim=-1, keepdim=True) @ product
    side = size // 16
    return {
        "size": size,
        "seed": seed,
        "scores": rounded(scores[0]),
        "height": side,
        "width": side,
        "map": rounded(product[0, 1:]),
    }


def write(name, values):
    text = json.dumps({"torch": torch.__version__, "cases": values}, indent=1)
    (HERE / name).write_text(text + "\n")


def main():
    torch.set_num_threads(2)
    write("grad_cam.json", [grad_cam(*case) for case in GRAD_CAM])
    write("attention_rollout.json", [rollout(*case) for case in ROLLOUT])


if __name__ == "__main__":
    main()
