#!/usr/bin/env bash
# Checks that docs/browser/index.html scores photos in Chromium as psp does: with the models in
# the given folders on IMAGES, or else with two trained here for a few epochs on rendered images.
# onnxruntime-web comes with npm, Pillow with pip into a throw-away environment, or that in
# BENCH_ENV. Screenshots go to DIR.
#
#   scripts/onnx_web.sh [--shots DIR]
#   scripts/onnx_web.sh [--shots DIR] --images FOLDER [--count N] MODEL…
set -euo pipefail
start=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/bench_env.sh

scripts/browser.sh
if ! command -v chromedriver >/dev/null; then
    echo 'onnx_web.sh: SKIPPED, there is no Chromium' >&2
    exit 0
fi
command -v npm >/dev/null || { echo 'error: please install npm and run this again' >&2; exit 1; }

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/psp-target}"
if [[ -z ${PSP-} ]]; then
    # All of the workspace: the features, and so the dependencies, that the tests are built with.
    cargo build --release --workspace
    PSP=$CARGO_TARGET_DIR/release/psp
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
BENCH_ENV=${BENCH_ENV-$scratch/python}
bench_env 'pillow>=12'

# The page, set up by the commands that it shows itself, save for the last, which serves it.
mkdir "$scratch/page"
cp docs/browser/index.html "$scratch/page"
setup=$(sed -n '/<pre /,/<\/pre>/p' docs/browser/index.html | sed 's/<[^>]*>//g; /http\.server/d')
(cd "$scratch/page" && bash -euo pipefail -c "$setup" >/dev/null 2>"$scratch/log") ||
    { cat "$scratch/log" >&2; exit 1; }

check=("$BENCH_PYTHON" "$PWD/scripts/onnx_web.py" --psp "$PSP" --page "$scratch/page")
if [[ " $* " == *' --images '* ]]; then
    cd "$start"
    "${check[@]}" "$@"
    exit
fi

export PSP_CACHE_DIR=$scratch/cache
{
    "$PSP" data synth --out "$scratch/data" --count 48 --seed 5 --size 211x158
    for resize in squash center-crop; do
        "$PSP" train --data "$scratch/data" --out "$scratch/run-$resize" \
            --set model.backbone=resnet18 --set "preprocess.resize=$resize" \
            --set train.epochs=6 --set train.batch_size=4 --set train.learning_rate=0.0001 \
            --set preprocess.size=64
    done
    "$PSP" export "$scratch/run-squash" --out "$scratch/plain" --precision f32,f16
    "$PSP" export "$scratch/run-squash" --out "$scratch/inside" --with-preprocessing
    "$PSP" export "$scratch/run-center-crop" --out "$scratch/crop"
} >"$scratch/log" 2>&1 || { tail -5 "$scratch/log" >&2; exit 1; }
cd "$start"
"${check[@]}" "$@" --images "$scratch/data/imgs" --count 2 "$scratch"/{plain,inside,crop}
