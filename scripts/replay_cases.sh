#!/usr/bin/env bash
# Replays recorded cases, each by its own command and on a copy of its files, and checks
# that it ends well. CASES holds data/*/case.txt and search/*/case.txt; PSP names a
# binary, which is built otherwise. `--only WORD` replays those with WORD in their names,
# `--jobs N` so many at a time (2).
#
#   scripts/replay_cases.sh [CASES] [--only WORD] [--jobs N]
set -euo pipefail
start=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cases=$PWD/../shared/cases
if [[ ${1-} != '' && ${1-} != -* ]]; then
    cases=$(cd "$start" && realpath -m -- "$1")
    shift
fi
if [[ ! -d $cases ]]; then
    echo "SKIPPED: no cases at $cases"
    exit 0
fi

if [[ -z ${PSP-} ]]; then
    export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/psp-target}"
    # With the whole workspace and a test, or its crates would be built with other
    # features than the tests'.
    cargo build --release --workspace --bin psp --test atomic
    PSP=$CARGO_TARGET_DIR/release/psp
fi

# What is mounted for a case is gone with it, and seen by nobody else.
python=(python3)
may_mount=()
if unshare --mount true 2>/dev/null; then
    python=(unshare --mount --propagation private python3)
    may_mount=(--may-mount)
fi
exec "${python[@]}" scripts/replay --psp "$PSP" "${may_mount[@]}" "$@" "$cases"
