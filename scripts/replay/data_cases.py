"""Replays of cases of data: images, tables of labels, splits, weights."""

import csv
import hashlib
import pathlib
import re

from harness import FLEX, HEAD, Skipped, distance, epochs_of, expect, read, write
from pictures import flat_jpeg, green, read_png, striped, turned, write_png
from run_cases import warm_start

# How far the scores of two files with the same picture may differ.
TOLERANCE = 0.005


def alike(case, *wrong_pictures):
    """Every file scores as its .ref.png, or is refused with the reason; and not as the
    picture that it was once taken for."""
    files = sorted(case.folder.glob("*.ref.png"))
    expect(files, "files with a .ref.png")
    for reference in files:
        file = reference.with_suffix("").with_suffix("")
        done = case.psp("predict", "--model", case.model, "--raw", "--csv", *FLEX, file)
        if done.code != 0:
            done.exits(1).says(re.escape(file.name) + r": .{10}").keeps_calm()
            continue
        ours, right = case.scores(file, reference)
        expect(distance(ours, right) <= TOLERANCE, f"the scores of {reference.name} {right}", ours)
        for spoil in wrong_pictures:
            wrong = case / f"{spoil.__name__}.png"
            write_png(wrong, *spoil(*read_png(reference)))
            (scores,) = case.scores(wrong)
            expect(
                distance(scores, right) > TOLERANCE,
                f"a model that tells a {spoil.__name__} picture from the right one",
                f"{scores}, {right}",
            )


def data_jpeg_noninterleaved_420(case):
    alike(case, green, striped)


def data_jpeg_luma_subsampled(case):
    alike(case, striped)


def data_webp_exif_prefix(case):
    alike(case, turned)


def data_exif_orientation_long(case):
    alike(case, turned)


def data_png_orientation(case):
    alike(case, turned)


def data_jpeg_damaged_scored_as_grey(case):
    for file in case.folder.glob("*.jpg"):
        done = case.psp("predict", "--model", case.model, *FLEX, file)
        done.exits(1).says(rf"{re.escape(file.name)}.*(cut off|damaged)").keeps_calm()
        expect(done.out == "", "no scores", done.out)


def data_predict_folder_skips(case):
    done = case.psp("predict", "--model", case.model, *FLEX, "photos", "--csv").exits(0)
    scored = {pathlib.Path(row["filename"]).name for row in done.rows()}
    expect({"a.jpg", "b.jfif", "c.jpe", "d.mpo"} <= scored, "the JPEGs of all names", scored)
    for name in {"IMG_1.HEIC", "f.tif", "noext", "sub"} - scored:
        expect(name in done.err, f"{name} named on stderr", done.told())
    deep = case.psp("predict", "--model", case.model, *FLEX, "photos", "--csv", "--recursive")
    expect("sub/e.jpg" in deep.exits(0).out, "sub/e.jpg with --recursive", deep.told())


def data_drop_last_small_data(case):
    out = case / "run"
    done = case.train(out, *HEAD, "--set", "train.epochs=1", data=".").exits(0)
    done.says("10 train, 2 valid, 2 test").says("1 per epoch")
    expect(epochs_of(out)[0]["train"]["count"] == 10, "10 trained images", epochs_of(out))
    # With more than a batch, the last one is smaller, and not left out.
    case.shared.trained.says("42 train").says("3 per epoch, of up to 16")
    first = epochs_of(case.model)[0]
    expect(first["train"]["count"] == 42, "42 trained images", first)


def data_split_column_ignored_by_data_split(case):
    done = case.psp("data", "split", "--data", ".").fails().says("column `split`").says("psp train")
    expect(not (case / "split.csv").exists(), "no split.csv", done.told())
    done = case.train("run", *HEAD, "--set", "train.epochs=1", data=".").exits(0)
    done.says("8 train, 3 valid, 3 test")


def data_duplicate_content_across_parts(case):
    done = case.train("run", *HEAD, "--set", "train.epochs=1", "--set", "train.batch_size=4", data=".")
    done.exits(0).says("12 images have a copy with other labels")
    parts = {}
    for row in csv.DictReader(open(case / "run" / "split.csv", encoding="utf-8")):
        content = hashlib.sha256((case / "imgs" / row["filename"]).read_bytes()).digest()
        parts.setdefault(content, set()).add(row["split"])
    expect(len(parts) == 14, "14 contents", len(parts))
    expect(all(len(part) == 1 for part in parts.values()), "copies in one part", parts.values())


def data_hf_symlinks(case):
    case.split("--data", "snapshots/abc").never_says("leads out")


def data_absolute_paths(case):
    write(case / "labels.csv", read(case / "labels.csv").replace("ABSOLUTE", str(case.folder)))
    case.split("--data", ".").never_says("leads out")


def beside(case, name):
    """The images of another case, which this one's CSV files are about."""
    source = next(case.source.parent.glob(f"*-{name}"), None)
    if source is None:
        raise Skipped(f"the case {name}, whose images it takes, is not there")
    return ["--data", source, "--set"]


def data_csv_dialects(case):
    data = beside(case, "drop-last-small-data")
    for name, separator in {
        "semicolon.csv": "semicolons",
        "semicolon_deccomma.csv": "semicolons",
        "tab_csv.csv": "tabs",
        "tsv.tsv": "tabs",
    }.items():
        done = case.split(*data, f"data.labels={case / name}").says(f"separated by {separator}")
        done.says(r"hood mean 0\.4807.*left mean 0\.0942")  # The decimals were read as such.
    case.psp("data", "split", "--data", ".", "--set", "data.labels=semicolon_deccomma.csv").fails()
    unquoted = case / "deccomma_unquoted.csv"
    done = case.psp("data", "split", *data, f"data.labels={unquoted}", "--out", "no.csv").fails()
    done.says("decimal commas").says("semicolons")


def data_csv_excel_trailing_columns(case):
    data = beside(case, "drop-last-small-data")
    for name, said in {
        "excel_empty_cols.csv": "empty columns",
        "excel_empty_rows.csv": "empty rows",
        "row_trailing_comma.csv": "",
        "col_file_name.csv": "`file_name` is used",
        "col_image.csv": "`image` is used",
    }.items():
        case.split(*data, f"data.labels={case / name}").says(said)
    no_header = case / "no_header.csv"
    done = case.psp("data", "split", *data, f"data.labels={no_header}", "--out", "no.csv").fails()
    done.says("line 1 must name the columns").never_says("stands at positions")
    # A name that is not guessed has a key, and the message names it.
    write(case / "own.csv", read(case / "col_image.csv").replace("image,", "foto,", 1))
    own = [*data, f"data.labels={case / 'own.csv'}"]
    case.psp("data", "split", *own, "--out", "no.csv").fails().says(r"data\.filename_column")
    case.split(*own, "--set", "data.filename_column=foto")


def data_filename_near_misses(case):
    for folder in sorted(path for path in case.folder.iterdir() if path.is_dir()):
        done = case.split("--data", folder.name)
        done.says("14 file names are spelled differently").says("on line 2 for")


def data_flags_named_in_messages_do_not_exist(case):
    done = case.psp("data", "split", "--data", ".", "--out", "no.csv").fails()
    for flag in re.findall(r"(?<![\w-])--[a-z-]+", done.all):
        known = case.psp("data", "split", "--help").out
        expect(flag in known, f"only flags of `psp data split`, and not {flag}", done.told())
    done.says(r"--set data\.labels=").says("train.csv")
    case.split("--data", ".", "--set", "data.labels=train.csv")


def data_weights_prefixes(case):
    for file in sorted(case.folder.glob("tiny*")):
        done = case.psp("weights", "check", file.name).exits(0).says("fit resnet18")
        expect(len(done.all) < 1000, "less than a screen of text", done.told())
        if file.name != "tiny.pth":
            done.says(r"prefix `[\w.]*\.` removed")


def data_own_model_as_weights(case):
    warm_start(case)


def data_100_megapixels(case):
    flat_jpeg(case / "p.jpg", 12032, 9024)
    flat_jpeg(case / "small.jpg", 96, 80)
    large, small = case.scores("p.jpg", "small.jpg")
    expect(distance(large, small) <= TOLERANCE, f"the scores of a small grey picture {small}", large)
    done = case.psp("predict", "--model", case.model, *FLEX, "--max-megapixels", 50, "p.jpg")
    done.exits(1).says("--max-megapixels|max_megapixels")


def data_jpeg_refused(case):
    alike(case, turned)
    done = case.psp("predict", "--model", case.model, *FLEX, "--csv", "truncated_app14.jpg")
    if done.code != 0:
        done.exits(1).says(r"truncated_app14\.jpg: .{10}").keeps_calm()
    else:
        expect(len(done.rows()) == 1, "a row", done.told())


def data_exit_75_for_a_file_as_data(case):
    case.psp("train", "--data", "labels.csv", *FLEX).fails().says("pass the folder")
    (case / "folder").mkdir()
    case.psp("train", "--data", ".", *FLEX, "--set", "data.labels=folder").fails().says("folder")
    case.psp("train", "--data", "nothing-here", *FLEX).fails().says("nothing-here")


def data_good_baseline(case):
    for folder in sorted(path for path in case.folder.iterdir() if path.is_dir()):
        case.split("--data", folder.name)
