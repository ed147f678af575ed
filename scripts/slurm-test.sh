#!/usr/bin/env bash
# Runs the tests of psp's Slurm launcher on a cluster of this one machine, which
# lives as long as they do (slurm-test-cluster.sh; as root, or with sudo, it
# installs Slurm where it is missing). Arguments go to the tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/psp-target}"

# In /tmp itself: the names of Slurm's sockets must not become long.
cluster=$(mktemp -d /tmp/psp-slurm.XXXXXX)

# Whatever happens, the cluster ends, and the status is that of the tests. What
# Slurm wrote stays to be read unless they passed.
passed=
end() {
    scripts/slurm-test-cluster.sh stop "$cluster" || true
    if [[ -n $passed ]]; then
        rm -rf "$cluster"
    else
        printf 'slurm-test.sh: not passed; the logs of Slurm are in %s/log\n' "$cluster" >&2
    fi
}
trap end EXIT

export_conf=$(scripts/slurm-test-cluster.sh start "$cluster")
eval "$export_conf"
# With the whole workspace, or its crates would be built with other features.
cargo test --release --workspace --test cli slurm:: -- --ignored --test-threads 1 "$@"
passed=1
