#!/usr/bin/env bash
# Puts LibTorch 2.9.0 where builds with the cargo feature `libtorch` look for
# it: third_party/libtorch (see .cargo/config.toml).
#
# The libraries come out of the Python wheel `torch`, through pip: it is the
# one distribution of LibTorch that an ordinary package index (or its mirror)
# carries. pip checks every wheel against the sha256 below. Python is only the
# means of fetching; nothing of it is needed to build or to run.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/libtorch.sh [--cpu | --cuda] [--dest DIR]

  (neither)   LibTorch for the CPU, unless one is there already: 0.9 GB to
              download, 0.5 GB on disk; one with CUDA is kept, it has the CPU too
  --cpu       LibTorch for the CPU, in place of one with CUDA
  --cuda      LibTorch with CUDA 12.8: 3.9 GB to download, 6 GB on disk
  --dest DIR  where to put it, instead of third_party/libtorch; build with
              LIBTORCH=DIR then
TEXT
}

readonly VERSION=2.9.0
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly ROOT

say() { printf 'libtorch.sh: %s\n' "$*"; }
fail() {
    printf 'libtorch.sh: error: %s\n' "$*" >&2
    exit 1
}

# libtorch_cpu.so of this wheel names libcudart.so.12 and libcupti.so.12 as
# libraries that it needs, so the CPU form needs those two wheels as well.
cpu_wheels() {
    cat <<'TEXT'
torch==2.9.0 --hash=sha256:51de31219c97c51cf4bf2be94d622e3deb5dcc526c6dc00e97c17eaec0fc1d67
nvidia-cuda-runtime-cu12==12.8.90 --hash=sha256:adade8dcbd0edf427b7204d480d6066d33902cab2a4707dcfc48a2d0fd44ab90
nvidia-cuda-cupti-cu12==12.8.90 --hash=sha256:ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182
TEXT
}

# What torch 2.9.0 asks for besides, on Linux on x86-64 (triton left out: only
# Python's compiler uses it).
cuda_wheels() {
    cat <<'TEXT'
nvidia-cublas-cu12==12.8.4.1 --hash=sha256:8ac4e771d5a348c551b2a426eda6193c19aa630236b418086020df5ba9667142
nvidia-cuda-nvrtc-cu12==12.8.93 --hash=sha256:a7756528852ef889772a84c6cd89d41dfa74667e24cca16bb31f8f061e3e9994
nvidia-cudnn-cu12==9.10.2.21 --hash=sha256:949452be657fa16687d0930933f032835951ef0892b37d2d53824d1a84dc97a8
nvidia-cufft-cu12==11.3.3.83 --hash=sha256:4d2dd21ec0b88cf61b62e6b43564355e5222e4a3fb394cac0db101f2dd0d4f74
nvidia-cufile-cu12==1.13.1.3 --hash=sha256:1d069003be650e131b21c932ec3d8969c1715379251f8d23a1860554b1cb24fc
nvidia-curand-cu12==10.3.9.90 --hash=sha256:b32331d4f4df5d6eefa0554c565b626c7216f87a06a4f56fab27c3b68a830ec9
nvidia-cusolver-cu12==11.7.3.90 --hash=sha256:4376c11ad263152bd50ea295c05370360776f8c3427b30991df774f9fb26c450
nvidia-cusparse-cu12==12.5.8.93 --hash=sha256:1ec05d76bbbd8b61b06a80e1eaf8cf4959c3d4ce8e711b65ebd0443bb0ebb13b
nvidia-cusparselt-cu12==0.7.1 --hash=sha256:f1bb701d6b930d5a7cea44c19ceb973311500847f81b634d802b7b539dc55623
nvidia-nccl-cu12==2.27.5 --hash=sha256:ad730cf15cb5d25fe849c6e6ca9eb5b76db16a80f13f425ac68d8e2e55624457
nvidia-nvjitlink-cu12==12.8.93 --hash=sha256:81ff63371a7ebd6e6451970684f916be2eab07321b73c9d244dc2b4da7f73b88
nvidia-nvshmem-cu12==3.3.20 --hash=sha256:d00f26d3f9b2e3c3065be895e3059d6479ea5c638a3f38c9fec49b1b9dd7c1e5
nvidia-nvtx-cu12==12.8.90 --hash=sha256:5b17e2001cc0d751a5bc2c6ec6d26ad95913324a4adb86788c944f8ce9ba441f
TEXT
}

want=any
dest=$ROOT/third_party/libtorch
while (($#)); do
    case $1 in
    --cpu) want=cpu ;;
    --cuda) want=cuda ;;
    --dest)
        dest=${2:?--dest needs a folder}
        shift
        ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
    shift
done

[[ $(uname -sm) == 'Linux x86_64' ]] ||
    fail "these wheels are for Linux on x86-64, this is $(uname -sm); set LIBTORCH to a LibTorch $VERSION of your own"

mkdir -p "$(dirname "$dest")"
dest=$(cd "$(dirname "$dest")" && pwd)/$(basename "$dest")

# One run at a time: the second waits, then finds the first one's work. So a
# work folder found here belongs to a run that was killed.
exec 9<"$(dirname "$dest")"
flock 9
work=$dest.partial
rm -rf "$work"
trap 'rm -rf "$work"' EXIT

# The folder gets its name only when it is whole; so one that is not whole is
# not this script's, and not for it to remove.
old=
if [[ -e $dest ]]; then
    old=$(cat "$dest/variant" 2>/dev/null) || true
    version=$(cat "$dest/build-version" 2>/dev/null) || true
    [[ $old == cpu || $old == cuda ]] && [[ $version == "$VERSION" && -s $dest/lib/libtorch_cpu.so ]] ||
        fail "$dest is not a whole LibTorch $VERSION of this script's making (build-version '$version', variant '$old'); move or remove it and run this again"
    if [[ $want == any || $want == "$old" ]]; then
        say "LibTorch $VERSION ($old) is there already: $dest"
        exit 0
    fi
fi
[[ $want == any ]] && want=cpu

# A compiler is not needed here, but by the build that follows; better to learn
# of it now than after the download.
missing=()
python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
command -v "${CXX:-c++}" >/dev/null || missing+=(g++)
if ((${#missing[@]})); then
    if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        say "installing ${missing[*]}"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
    else
        fail "please install ${missing[*]} (Debian's names) and run this again"
    fi
fi

mkdir -p "$work/wheels" "$work/libtorch"
{
    cpu_wheels
    if [[ $want == cuda ]]; then cuda_wheels; fi
} >"$work/requirements.txt"

say "downloading LibTorch $VERSION ($want) with pip"
# Python version and platforms are named, so that the same wheels come whatever
# Python this machine has. No cache: it would keep the gigabytes a second time.
python3 -m pip download --disable-pip-version-check --no-cache-dir --progress-bar off \
    --no-deps --only-binary=:all: --require-hashes \
    --python-version 3.11 --implementation cp \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 \
    --platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64 \
    --dest "$work/wheels" --requirement "$work/requirements.txt"

say "unpacking"
# Python's zipfile, since a fresh machine has no unzip.
python3 - "$want" "$work/wheels" "$work/libtorch" <<'PYTHON'
import os, re, shutil, sys, zipfile

want, wheels, out = sys.argv[1:]

# The members to take, and the name that each gets. `libtorch_python` and
# `libshm` serve Python alone.
if want == "cpu":
    library = re.compile(
        r"torch/lib/(libtorch_cpu\.so|libc10\.so|libgomp\.so\.1)"
        r"|nvidia/cuda_runtime/lib/(libcudart\.so\.12)"
        r"|nvidia/cuda_cupti/lib/(libcupti\.so\.12)"
    )
else:
    library = re.compile(
        r"torch/lib/((?!libtorch_python|libshm)[^/]+\.so[.0-9]*)"
        r"|nvidia/[^/]+/lib/([^/]+\.so[.0-9]*)"
    )
header = re.compile(r"torch/(include/.+[^/])")


def target(member):
    if match := library.fullmatch(member):
        return os.path.join("lib", next(filter(None, match.groups())))
    if match := header.fullmatch(member):
        return match[1]


for wheel in sorted(os.listdir(wheels)):
    with zipfile.ZipFile(os.path.join(wheels, wheel)) as archive:
        for member in archive.namelist():
            if name := target(member):
                path = os.path.join(out, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                # "x": two libraries of one name must not hide each other.
                with archive.open(member) as source, open(path, "xb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
PYTHON
rm -rf "$work/wheels"

lib=$work/libtorch/lib
if [[ $want == cpu ]]; then
    # The linker looks for `-ltorch`; the wheel's own libtorch.so is an empty
    # library that names libtorch_cuda.so. This one line sends it to the CPU's.
    echo 'INPUT(libtorch_cpu.so)' >"$lib/libtorch.so"
fi

expected=(libtorch.so libtorch_cpu.so libc10.so libgomp.so.1 libcudart.so.12 libcupti.so.12)
if [[ $want == cuda ]]; then
    expected+=(libtorch_cuda.so libtorch_cuda_linalg.so libc10_cuda.so libcudnn.so.9
        libcublas.so.12 libcusparse.so.12 libnccl.so.2 libnvJitLink.so.12)
fi
for file in "${expected[@]}"; do
    [[ -s $lib/$file ]] || fail "the wheels hold no $file"
done
[[ -s $work/libtorch/include/torch/csrc/api/include/torch/torch.h ]] ||
    fail "the wheels hold no torch/torch.h"
# Every library that these name must be found beside them or on this machine
# (the wheels want glibc 2.28 or newer); libcuda.so.1 comes with the driver of a
# GPU and may be missing where one only builds.
unmet=$({ ldd "$lib"/lib{torch_,c10}*.so 2>&1 || true; } |
    grep 'not found' | grep -v 'libcuda\.so\.1 ' | sort -u) || true
[[ -z $unmet ]] || fail "LibTorch does not load on this machine:"$'\n'"$unmet"

# torch-sys reads this and refuses any other version than its own.
echo "$VERSION" >"$work/libtorch/build-version"
echo "$want" >"$work/libtorch/variant"
if [[ -n $old ]]; then
    mv "$dest" "$work/replaced"
fi
mv "$work/libtorch" "$dest"

say "LibTorch $VERSION ($want) is in $dest ($(du -sh "$dest" | cut -f1))"
if [[ -n $old ]]; then
    say "it replaces the $old form; cargo does not notice that by itself, so run: cargo clean --release -p torch-sys -p tch -p burn-tch"
fi
