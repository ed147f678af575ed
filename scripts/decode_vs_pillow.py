#!/usr/bin/env python3
"""Compares how psp and Pillow decode every file under the given folders.

Prints each file of which psp makes other pixels than Pillow's
ImageOps.exif_transpose(image).convert("RGB"), or any where Pillow finds the pixels
damaged; exit status 1 if there are any. A file that only one of the two can read is
counted: `--refused` lists those that Pillow opens and psp does not, with psp's reason,
and those of a kind that Pillow does not know. Needs Pillow 12 or newer;
scripts/decode_vs_pillow.sh brings it along.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import warnings

from PIL import Image, ImageChops, ImageOps, ImageStat

# Lossy formats may be rounded otherwise: grey levels, on average.
TOLERANCE = 1.0

# How Pillow says that pixels are damaged, and not that it does not know the kind of file.
DAMAGED = ("truncated", "broken data", "decoder error", "corrupt", "not enough image data")


def files(folders):
    for folder in folders:
        for parent, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                yield os.path.join(parent, name)


def pillow(path):
    """The image as RGB, or why there is none."""
    try:
        with Image.open(path) as image:
            return ImageOps.exif_transpose(image).convert("RGB"), None
    except Exception as error:  # Pillow raises many kinds for damaged files.
        return None, f"{type(error).__name__}: {error}"


def psp(decoder, paths):
    """For each path the image, or why there is none."""
    with tempfile.TemporaryDirectory() as out:
        text = "".join(f"{path}\n" for path in paths)
        subprocess.run([decoder, out], input=text, text=True, check=True)
        for number in range(len(paths)):
            reason = os.path.join(out, f"{number}.txt")
            if os.path.exists(reason):
                with open(reason, encoding="utf-8", errors="replace") as file:
                    yield None, file.read()
            else:
                with Image.open(os.path.join(out, f"{number}.ppm")) as image:
                    image.load()
                    yield image, None


def difference(ours, theirs):
    """How two images differ, or None."""
    if ours.size != theirs.size:
        return f"{ours.size[0]}x{ours.size[1]} pixels, Pillow has {theirs.size[0]}x{theirs.size[1]}"
    mean = max(ImageStat.Stat(ImageChops.difference(ours, theirs)).mean)
    if mean > TOLERANCE:
        return f"{mean:.2f} grey levels from Pillow's on average"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    parser.add_argument("--decoder", required=True, help="psp-data's example `decode`, built")
    parser.add_argument("--refused", action="store_true", help="list what only psp refuses")
    args = parser.parse_args()
    warnings.simplefilter("ignore")

    paths = list(files(args.folders))
    outcomes = ("same", "read by psp alone", "refused by psp alone", "refused by both", "different")
    counts = dict.fromkeys(outcomes, 0)
    step = 500
    for start in range(0, len(paths), step):
        part = paths[start : start + step]
        for path, (ours, reason) in zip(part, psp(args.decoder, part)):
            theirs, error = pillow(path)
            differs = None
            if ours is None:
                counts["refused by psp alone" if theirs else "refused by both"] += 1
                if theirs and args.refused:
                    print(reason)
                continue
            if theirs is None and not any(word in error.lower() for word in DAMAGED):
                counts["read by psp alone"] += 1
                if args.refused:
                    print(f"{path}: Pillow refuses it: {error}")
                continue
            if theirs is None:
                differs = f"Pillow refuses it: {error}"
            else:
                differs = difference(ours, theirs)
            counts["different" if differs else "same"] += 1
            if differs:
                print(f"{path}: {differs}")
    summary = ", ".join(f"{count} {what}" for what, count in counts.items())
    print(f"{len(paths)} files: {summary}", file=sys.stderr)
    if not paths:
        sys.exit("error: no files there")
    sys.exit(1 if counts["different"] else 0)


if __name__ == "__main__":
    main()
