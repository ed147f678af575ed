#!/usr/bin/env bash
# Chromium and its driver, in which the tests of reports open the page as a reader
# does. Installed from Debian's packages where they are missing, as root or with
# sudo; where that can't be, the tests say that they skip.
set -euo pipefail

if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then
    exit 0
fi
as_root=()
if [[ $(id -u) != 0 ]]; then
    as_root=(sudo -n)
fi
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
    echo 'browser.sh: no Chromium here, and no way to install one: the tests in a browser will skip' >&2
    exit 0
fi
echo 'browser.sh: installing chromium and chromium-driver' >&2
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null
