#!/usr/bin/env bash
# The whole job on rendered cars, on the CPU, with nothing but Rust installed:
# render, train, evaluate, export, predict.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/psp-target}"

cargo build --release -p psp-cli
psp="$CARGO_TARGET_DIR/release/psp"
begun=$SECONDS

images=6000
# Named by its size: a folder that holds another data set is never written to.
data=data/demo-$images
run=experiments/demo
model=experiments/demo-model
report=reports/demo-test
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

step "Render $images labelled cars into $data"
"$psp" data synth --out "$data" --count "$images" --seed 0 --size 128x96

step "Train ResNet18 from scratch with configs/quick.toml into $run"
# Each demo is a new run; what it replaces is the last demo's own folder.
rm -rf "$run"
"$psp" train --config configs/quick.toml --data "$data" --out "$run"

step "Evaluate on the test part, which training never saw, into $report"
"$psp" eval "$run" --split test --out "$report"

step "Export the best checkpoint into $model"
"$psp" export "$run" --out "$model" --overwrite

step "Predict one test image with the exported model"
test_image=$(sed -n '/,test$/{s///p;q}' "$run/split.csv")
"$psp" predict --model "$model" "$data/imgs/$test_image"
grep "^$test_image," "$data/labels.csv" | sed 's/^/its labels: /'

printf '\nDone in %d s. Open these:\n' "$((SECONDS - begun))"
printf '  %-42s %s\n' \
    "$report/samples.png" "random test photos with label and prediction" \
    "$report/prediction_vs_label.png" "every test photo as a point" \
    "$report/distributions.png" "labels and predictions as histograms" \
    "$report/metrics.json" "the numbers of the table above" \
    "$run/metrics.jsonl" "the run, epoch by epoch" \
    "$run/tensorboard" "the same for TensorBoard" \
    "$model/bundle.json" "what was exported, and with which preprocessing"
