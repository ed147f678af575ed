#!/usr/bin/env bash
# The whole job on rendered cars, on the CPU, with nothing but Rust installed:
# render, search, export, predict, report.
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
report=reports/demo
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

step "Render $images labelled cars into $data"
"$psp" data synth --out "$data" --count "$images" --seed 0 --size 128x96

step "Search five backbones with configs/search.toml in $study"
# Each demo is a new study; what it replaces is the last demo's own folder.
rm -rf "$study"
"$psp" search --config configs/search.toml --data "$data" --device flex --study "$study"
chosen=$("$psp" study best "$study" | sed -n 1p)

step "Export it into $model"
"$psp" export "$study" --out "$model" --overwrite

step "Predict one test image with the exported model"
test_image=$(sed -n '/,test$/{s///p;q}' "$study/split.csv")
"$psp" predict --model "$model" "$data/imgs/$test_image"
grep "^$test_image," "$data/labels.csv" | sed 's/^/its labels: /'

step "Report on the study into $report"
"$psp" report "$study" --out "$report" \
    --note "The images are rendered, not photographed: nothing here says how the model does on photos."

printf '\nDone in %d s. Open these:\n' "$((SECONDS - begun))"
printf '  %-42s %s\n' \
    "$report/index.html" "the report: start here, in a browser" \
    "$report/metrics.json" "its numbers" \
    "$report/plots" "its pictures as files" \
    "$study/selected.json" "which model was chosen, and why" \
    "$chosen/metrics.jsonl" "its run, epoch by epoch" \
    "$chosen/tensorboard" "the same for TensorBoard" \
    "$model/bundle.json" "what was exported, and with which preprocessing"
