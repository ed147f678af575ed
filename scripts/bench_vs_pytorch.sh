#!/usr/bin/env bash
# Runs psp and PyTorch alternately on this machine and prints the ratio of their
# speeds, for all backbones. PyTorch comes with pip into a throw-away
# environment (about 7 GB, removed at the end unless BENCH_ENV names a folder
# to keep it in). Arguments go to bench_vs_pytorch.py: --help lists them. With
# `epoch` as the first of them it measures whole epochs on a folder of photos
# (epoch_vs_pytorch.py).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/bench_env.sh

what=bench
if [[ ${1-} == epoch ]]; then
    what=epoch
    shift
fi
bench_psp
bench_env torch==2.9.0 torchvision==0.24.0 onnx==1.23.2 onnxruntime==1.32.0 numpy
"$BENCH_PYTHON" "scripts/${what}_vs_pytorch.py" --psp "$PSP" "$@"
