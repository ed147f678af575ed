#!/usr/bin/env bash
# Provides LibTorch, then runs on it the tests of every crate that links it.
# LIBTORCH set in the environment takes that LibTorch instead.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[[ -n ${LIBTORCH-} ]] || scripts/libtorch.sh
PSP_TEST_DEVICE=libtorch exec cargo test --release --features libtorch \
    -p psp-models -p psp-train -p psp-export -p psp-bench -p psp-explain -p psp-search -p psp-cli "$@"
