#!/usr/bin/env bash
# Checks that exported ONNX models are valid and predict in ONNX Runtime what psp predicts:
# the models in the given folders on IMAGES, or else one of each backbone, trained here for
# six epochs on rendered images. onnx and onnxruntime come with pip into a throw-away
# environment, or that in BENCH_ENV.
#
#   scripts/onnx_check.sh
#   scripts/onnx_check.sh --images FOLDER [--count N] MODEL…
set -euo pipefail
start=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/bench_env.sh

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/psp-target}"
if [[ -z ${PSP-} ]]; then
    # All of the workspace: the features, and so the dependencies, that the tests are built with.
    cargo build --release --workspace
    PSP=$CARGO_TARGET_DIR/release/psp
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
BENCH_ENV=${BENCH_ENV-$scratch/python}
bench_env numpy onnx onnxruntime 'pillow>=12'

if [[ $# == 0 ]]; then
    "$PSP" data synth --out "$scratch/data" --count 48 --seed 5 --size 96x72 >"$scratch/log"
    export PSP_CACHE_DIR=$scratch/cache
    for backbone in resnet18 googlenet inception_v3 efficientnet_b0 mobilenet_v2 vit_b_16; do
        # So few images say nothing of what 8 bits cost.
        size=64 precision='f32,f16,int8 --budget 1000'
        # The norms of so short a training amplify what f16 rounds, and the export is refused.
        [[ $backbone != inception_v3 ]] || size=96 precision=f32
        "$PSP" train --data "$scratch/data" --out "$scratch/$backbone" \
            --set "model.backbone=$backbone" --set train.epochs=6 --set train.batch_size=8 \
            --set train.learning_rate=0.0001 --set "preprocess.size=$size" >>"$scratch/log" 2>&1 ||
            { tail -5 "$scratch/log" >&2; exit 1; }
        for more in '' --with-preprocessing; do
            model=$scratch/$backbone-model$more
            # shellcheck disable=SC2086  # several
            "$PSP" export "$scratch/$backbone" --out "$model" --precision $precision $more \
                >>"$scratch/log" 2>&1
            "$BENCH_PYTHON" scripts/onnx_check.py --psp "$PSP" --images "$scratch/data/imgs" "$model"
        done
    done
    exit
fi
script=$PWD/scripts/onnx_check.py
cd "$start"
"$BENCH_PYTHON" "$script" --psp "$PSP" "$@"
