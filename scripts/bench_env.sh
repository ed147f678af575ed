# What the comparisons with Python share; sourced by them.

# Sets PSP to the binary with LibTorch, built unless PSP names one.
bench_psp() {
    export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/psp-target}"
    [[ -z ${PSP-} ]] || return 0
    [[ -n ${LIBTORCH-} ]] || scripts/libtorch.sh
    cargo build --release --features libtorch -p psp-cli
    PSP=$CARGO_TARGET_DIR/release/psp
}

# Sets BENCH_PYTHON to the interpreter of an environment with these packages:
# that in BENCH_ENV, or a throw-away one.
bench_env() {
    local env=${BENCH_ENV-}
    if [[ -z $env ]]; then
        env=$(mktemp -d)
        # shellcheck disable=SC2064  # the folder of now
        trap "rm -rf '$env'" EXIT
    fi
    if [[ ! -x $env/bin/pip ]]; then
        python3 -m venv "$env" || {
            echo 'error: please install python3-venv and run this again' >&2
            exit 1
        }
    fi
    "$env/bin/pip" install --quiet --disable-pip-version-check "$@"
    BENCH_PYTHON=$env/bin/python
}
