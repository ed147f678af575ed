#!/usr/bin/env bash
# Measures a fixed set of steps and predictions and compares each figure with the
# last time on this machine, kept in $CARGO_TARGET_DIR/bench. Under five minutes
# once psp is built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/psp-target}"
[[ -n ${LIBTORCH-} ]] || scripts/libtorch.sh
cargo build --release --features libtorch -p psp-cli

out=$CARGO_TARGET_DIR/bench
mkdir -p "$out"
last=$out/last.jsonl
now=$out/now.jsonl
: >"$now"

# What is measured: mode, backbone, device, precision, side of the images.
measure() {
    "$CARGO_TARGET_DIR/release/psp" bench "$1" --backbone "$2" --device "$3" \
        --precision "$4" --size "$5" --warmup 2 --runs 5 --steps 1 --json >>"$now"
    python3 - "$now" "$last" <<'PYTHON'
import json, os, sys

now, last = sys.argv[1:]
report = json.loads(open(now).read().splitlines()[-1])
settings = report["settings"]
rate = report["images_per_second"]
change = ""
if os.path.exists(last):
    for known in map(json.loads, open(last)):
        if (known["mode"], known["settings"]) == (report["mode"], settings):
            change = f"  {rate / known['images_per_second']:5.2f} times the last"
print(
    f"{report['mode']:5}  {settings['backbone']:15}  {settings['device']:8}  {settings['precision']}"
    f"  {rate:7.1f} images/s{change}",
    flush=True,
)
PYTHON
}

measure train resnet18 flex fp32 64
measure infer resnet18 flex fp32 224
for precision in fp32 bf16; do
    for backbone in resnet18 googlenet efficientnet_b0; do
        measure train "$backbone" libtorch "$precision" 224
        measure infer "$backbone" libtorch "$precision" 224
    done
    measure infer vit_b_16 libtorch "$precision" 224
done
mv "$now" "$last"
