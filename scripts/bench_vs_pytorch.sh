#!/usr/bin/env bash
# Runs psp and PyTorch alternately on this machine and prints the ratio of their
# speeds, for all five backbones. PyTorch comes with pip into a throw-away
# environment (about 7 GB, removed at the end unless BENCH_ENV names a folder
# to keep it in). Arguments go to bench_vs_pytorch.py: --help lists them. With
# `epoch` as the first of them it measures whole epochs on a folder of photos
# (epoch_vs_pytorch.py).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

what=bench
if [[ ${1-} == epoch ]]; then
    what=epoch
    shift
fi

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/psp-target}"
if [[ -z ${PSP-} ]]; then
    [[ -n ${LIBTORCH-} ]] || scripts/libtorch.sh
    cargo build --release --features libtorch -p psp-cli
    PSP=$CARGO_TARGET_DIR/release/psp
fi

env=${BENCH_ENV-}
if [[ -z $env ]]; then
    env=$(mktemp -d)
    trap 'rm -rf "$env"' EXIT
fi
if ! "$env/bin/python" -c 'import torchvision, onnxruntime' 2>/dev/null; then
    python3 -m venv "$env" || {
        echo 'bench_vs_pytorch.sh: error: please install python3-venv and run this again' >&2
        exit 1
    }
    "$env/bin/pip" install --quiet --disable-pip-version-check \
        torch==2.9.0 torchvision==0.24.0 onnx==1.23.2 onnxruntime==1.32.0 numpy
fi
"$env/bin/python" "scripts/${what}_vs_pytorch.py" --psp "$PSP" "$@"
