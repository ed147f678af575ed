#!/usr/bin/env bash
# The whole job on rendered cars, on the CPU, with nothing but Rust installed:
# render, search, evaluate, export, predict.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/psp-target}"

cargo build --release -p psp-cli
psp="$CARGO_TARGET_DIR/release/psp"
begun=$SECONDS

images=1000
# Named by its size: a folder that holds another data set is never written to.
data=data/demo-$images
study=experiments/demo
model=experiments/demo-model
report=reports/demo-test
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

step "Render $images labelled cars into $data"
"$psp" data synth --out "$data" --count "$images" --seed 0 --size 128x96

step "Search five backbones with configs/search.toml in $study"
# Each demo is a new study; what it replaces is the last demo's own folder.
rm -rf "$study"
"$psp" search --config configs/search.toml --data "$data" --device flex --study "$study"
chosen=$("$psp" study best "$study" | sed -n 1p)

step "Evaluate the chosen model on the test part, into $report"
"$psp" eval "$chosen" --split test --out "$report"

step "Export it into $model"
"$psp" export "$study" --out "$model" --overwrite

step "Predict one test image with the exported model"
test_image=$(sed -n '/,test$/{s///p;q}' "$study/split.csv")
"$psp" predict --model "$model" "$data/imgs/$test_image"
grep "^$test_image," "$data/labels.csv" | sed 's/^/its labels: /'

printf '\nDone in %d s. Open these:\n' "$((SECONDS - begun))"
printf '  %-42s %s\n' \
    "$report/samples.png" "random test photos with label and prediction" \
    "$report/prediction_vs_label.png" "every test photo as a point" \
    "$report/distributions.png" "labels and predictions as histograms" \
    "$report/metrics.json" "the numbers of the table above" \
    "$study/selected.json" "which model was chosen, and why" \
    "$chosen/metrics.jsonl" "its run, epoch by epoch" \
    "$chosen/tensorboard" "the same for TensorBoard" \
    "$model/bundle.json" "what was exported, and with which preprocessing"
