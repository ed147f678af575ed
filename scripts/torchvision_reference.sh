#!/usr/bin/env bash
# Records what torchvision computes for each backbone, for the tests in crates/bench.
# PyTorch comes with pip into a throw-away environment (about 7 GB, removed at the
# end unless BENCH_ENV names a folder to keep it in). Arguments go to
# torchvision_reference.py: --help lists them.
set -euo pipefail
start=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/bench_env.sh

bench_env torch==2.9.0 torchvision==0.24.0 numpy
script=$PWD/scripts/torchvision_reference.py
cd "$start"
"$BENCH_PYTHON" "$script" "$@"
