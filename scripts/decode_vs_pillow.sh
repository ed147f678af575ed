#!/usr/bin/env bash
# Compares how psp and Pillow decode images: those under FOLDER…, or else COUNT
# generated ones of each generator, by SEED. Pillow comes with pip into a
# throw-away environment, or that in BENCH_ENV.
#
#   scripts/decode_vs_pillow.sh FOLDER…
#   scripts/decode_vs_pillow.sh --generate COUNT [SEED]
set -euo pipefail
start=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/bench_env.sh

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/psp-target}"
# All of the workspace: the features, and so the dependencies, that the tests are built with.
cargo build --release --workspace --example decode --example generate
examples=$CARGO_TARGET_DIR/release/examples

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
BENCH_ENV=${BENCH_ENV-$scratch/python}
bench_env 'pillow>=12'

if [[ ${1-} == --generate ]]; then
    count=${2:?how many files} seed=${3-1}
    "$examples/generate" "$scratch/generated" "$count" "$seed"
    "$BENCH_PYTHON" scripts/images_by_pillow.py "$scratch/by_pillow" "$count" "$seed"
    set -- "$scratch/generated" "$scratch/by_pillow"
fi
script=$PWD/scripts/decode_vs_pillow.py
cd "$start"
"$BENCH_PYTHON" "$script" --decoder "$examples/decode" "$@"
