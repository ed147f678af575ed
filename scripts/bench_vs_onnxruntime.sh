#!/usr/bin/env bash
# Runs psp's prediction on the CPU and ONNX Runtime alternately on this machine and prints the
# ratio of their speeds, for all backbones. ONNX Runtime gets models that psp exported, each
# trained here for an epoch or six on rendered images; it comes with pip into a throw-away
# environment, or that in BENCH_ENV. Arguments go to bench_vs_onnxruntime.py: --help lists them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/bench_env.sh

if [[ -z ${PSP-} ]]; then
    export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/psp-target}"
    cargo build --release --workspace
    PSP=$CARGO_TARGET_DIR/release/psp
fi
bench_env numpy onnxruntime==1.32.0
"$BENCH_PYTHON" scripts/bench_vs_onnxruntime.py --psp "$PSP" "$@"
