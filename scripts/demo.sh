#!/usr/bin/env bash
# The whole job on rendered cars, on the CPU, with nothing but Rust installed:
# render, search, refit, export, predict, report. An interrupted demo is continued.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/psp-target}"

# Beside a test, so that dependencies are built with the features that `make test` needs.
cargo build --release --workspace --bin psp --test atomic
psp="$CARGO_TARGET_DIR/release/psp"
begun=$SECONDS

images=6000
# Named by its size: a folder that holds another data set is never written to.
data=data/demo-$images
study=experiments/demo
model=experiments/demo-model
report=reports/demo
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

step "Render $images labelled cars into $data"
"$psp" data synth --out "$data" --count "$images" --seed 0 --size 96x72

step "Search five backbones with configs/demo.toml in $study, and refit the chosen one"
"$psp" search --config configs/demo.toml --data "$data" --device flex --study "$study" || {
    status=$?
    # Failed trials are named above; what was chosen among the others goes on.
    [[ $status == 1 && -e $study/selected.json ]] || {
        echo "To begin anew instead of continuing: rm -r $study" >&2
        exit "$status"
    }
}
chosen=$("$psp" study best "$study")

step "Export it into $model"
"$psp" export "$study" --out "$model" --overwrite

step "Predict three test images with the exported model"
mapfile -t names < <(sed -n '/,test$/s///p' "$study/split.csv" | sed -n 1,3p)
"$psp" predict --model "$model" "${names[@]/#/$data/imgs/}"
for name in "${names[@]}"; do
    grep "^$name," "$data/labels.csv" | sed 's/^/labels: /'
done

step "Report on the study into $report"
"$psp" report "$study" --out "$report" \
    --note "The images are rendered, not photographed: nothing here says how the model does on photos."

step "What was found"
printf 'Scores are R²: 1 is perfect, 0 is the mean label for every image.\n\n'
"$psp" study show "$study" | sed -n '/^Finalists/,$p'
printf '\nDone in %d s. Open these:\n' "$((SECONDS - begun))"
printf '  %-42s %s\n' \
    "$report/index.html" "the report: start here, in a browser" \
    "$report/metrics.json" "its numbers" \
    "$report/plots" "its pictures as files" \
    "$study/selected.json" "which model was chosen, and why" \
    "$chosen/metrics.jsonl" "its run, epoch by epoch" \
    "$chosen/tensorboard" "the same for TensorBoard" \
    "$model/bundle.json" "what was exported, and with which preprocessing"
