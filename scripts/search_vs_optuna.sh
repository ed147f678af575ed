#!/usr/bin/env bash
# Runs the same small study with psp and with Optuna over PyTorch on this machine,
# and prints the seconds per trial of each. What Python needs comes with pip into a
# throw-away environment (about 7 GB, removed at the end unless BENCH_ENV names a
# folder to keep it in). Arguments go to search_vs_optuna.py: --help lists them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/bench_env.sh

bench_psp
bench_env torch==2.9.0 torchvision==0.24.0 safetensors optuna==4.5.0 numpy
"$BENCH_PYTHON" scripts/search_vs_optuna.py --psp "$PSP" "$@"
