//! Small data sets, and such as people have them.

use std::fs;

use crate::support::{Folder, Ran, assert_says, psp, run};

/// `psp data split` of the folder's data with further arguments.
fn split(folder: &Folder, more: &[&str]) -> Ran {
    let mut command = psp(&["data", "split", "--data"]);
    run(command.arg(folder.data()).args(more))
}

/// Leaves the first `count` rows of the labels, with another column.
fn keep(folder: &Folder, count: usize, column: impl Fn(usize) -> &'static str) {
    let path = folder.data().join("labels.csv");
    let text = fs::read_to_string(&path).unwrap();
    let mut lines = text.lines();
    let mut kept = format!("{},split\n", lines.next().unwrap());
    for (index, line) in lines.take(count).enumerate() {
        kept += &format!("{line},{}\n", column(index));
    }
    fs::write(path, kept).unwrap();
}

#[test]
fn a_part_smaller_than_a_batch_is_trained_on_as_one() {
    let folder = Folder::with_data();
    keep(&folder, 14, |index| match index {
        0..10 => "train",
        10..12 => "valid",
        _ => "test",
    });
    let ran = folder.train("run", &["train.batch_size=16"]).assert_done();
    assert_says(
        &ran.stderr,
        &["imgs: 10 images are in no row of labels.csv"],
    );
    assert!(
        !ran.stderr.contains("left out of each epoch"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_epochs_leave_out_is_said() {
    let folder = Folder::with_data();
    keep(&folder, 14, |index| match index {
        0..9 => "train",
        9..12 => "valid",
        _ => "test",
    });
    // 32 pixels are one value per channel at the end.
    let ran = folder
        .train("single", &["train.batch_size=4"])
        .assert_done();
    let note = "note: 1 image of 9 left out of each epoch: batch norm";
    assert_says(&ran.stderr, &[note]);
    let larger = ["train.batch_size=4", "preprocess.size=33"];
    let ran = folder.train("larger", &larger).assert_done();
    assert!(
        !ran.stderr.contains("left out of each epoch"),
        "{}",
        ran.stderr
    );
    let sets = ["train.batch_size=5", "train.drop_last=true"];
    let ran = folder.train("dropped", &sets).assert_done();
    let note = "4 images of 9 left out of each epoch: train.drop_last";
    assert_says(&ran.stderr, &[note]);
}

#[test]
fn batches_of_one_value_per_channel_are_refused_before_anything_is_computed() {
    let folder = Folder::with_data();
    folder.assert_refuses_to_train(
        &["train.batch_size=1"],
        &[
            "train.batch_size = 1",
            "2 or more",
            "preprocess.size",
            "features.14",
        ],
    );
    let frozen = ["train.batch_size=1", r#"model.unfreeze=["head"]"#];
    folder.train("frozen", &frozen).assert_done();
    keep(&folder, 3, |index| ["train", "valid", "test"][index]);
    folder.assert_refuses_to_train(
        &[],
        &["labels.csv", "one image", "features.14", "preprocess.size"],
    );
}

#[cfg(unix)]
#[test]
fn a_split_that_is_a_link_to_nowhere_is_not_taken_for_none() {
    let folder = Folder::with_data();
    std::os::unix::fs::symlink("away.csv", folder.data().join("split.csv")).unwrap();
    folder.assert_refuses_to_train(&[], &["split.csv", "link to away.csv"]);
}

#[test]
fn labels_with_a_split_are_not_split_past_it() {
    let folder = Folder::with_data();
    keep(&folder, 24, |index| {
        ["train", "train", "valid", "test"][index % 4]
    });
    split(&folder, &[]).assert_refused(&["labels.csv", "column `split`", "--out FILE"]);
    assert!(!folder.data().join("split.csv").exists());
    let out = folder.path("other.csv");
    let ran = split(&folder, &["--out", out.to_str().unwrap()]).assert_done();
    let hint = format!("train on it with --set data.split={}", out.display());
    assert!(ran.stdout.contains(&hint), "{}", ran.stdout);
}

#[test]
fn a_split_is_not_written_where_it_would_hide_the_labels() {
    let folder = Folder::with_data();
    let (usual, own) = (folder.path("data/labels.csv"), folder.path("data/mine.csv"));
    std::fs::rename(&usual, &own).unwrap();
    let out = folder.path("data/other.csv");
    let flags = ["--out", out.to_str().unwrap()];
    split(&folder, &flags).assert_refused(&["other.csv: would be taken", "labels.csv"]);
    assert!(!out.exists());
    // Among several tables the labels have to be named anyhow.
    let submission = folder.path("data/submission.csv");
    std::fs::copy(&own, &submission).unwrap();
    let named = ["--set", &format!("data.labels={}", own.display())];
    split(&folder, &[flags, named].concat()).assert_done();
    let first = ["--out", usual.to_str().unwrap()];
    split(&folder, &[first, named].concat()).assert_refused(&["labels.csv: would be taken"]);
    std::fs::remove_file(&out).unwrap();
    std::fs::remove_file(&submission).unwrap();
    std::fs::rename(&own, &usual).unwrap();
    let done = split(&folder, &flags).assert_done();
    let set = format!("data.split={}", out.display());
    assert_says(&done.stdout, &[&set]);
    folder.train("run", &[&set]).assert_done();
}

#[test]
fn fractions_that_a_split_file_leaves_without_a_say_are_told_of() {
    let folder = Folder::with_data();
    let set = "data.fractions=[0.5, 0.25, 0.25]";
    let ran = folder.train("drawn", &[set]).assert_done();
    assert!(!ran.stderr.contains("is not used"), "{ran:#?}");
    split(&folder, &[]).assert_done();
    let ran = folder.train("found", &[set]).assert_done();
    let parts = [
        "split.csv: ",
        "data.fractions is not used",
        "data.split=random",
    ];
    assert_says(&ran.stderr, &parts);
    let ran = folder.train("default", &[]).assert_done();
    assert!(!ran.stderr.contains("is not used"), "{ran:#?}");
    let drawing = ["data.split_seed=9", "data.split_bins=2"];
    let ran = folder.train("seeded", &drawing).assert_done();
    assert_says(
        &ran.stderr,
        &["data.split_seed, data.split_bins are not used"],
    );
    // They draw these.
    let some = [drawing[0], drawing[1], "data.train_images=8"];
    let ran = folder.train("some", &some).assert_done();
    assert!(!ran.stderr.contains("not used"), "{ran:#?}");
}

#[test]
fn a_split_file_is_found_however_its_name_is_spelled() {
    let folder = Folder::with_data();
    split(&folder, &["--seed", "7"]).assert_done();
    let (usual, other) = (
        folder.data().join("split.csv"),
        folder.data().join("Split.CSV"),
    );
    fs::rename(&usual, &other).unwrap();
    folder.train("run", &[]).assert_done();
    let read = |path| fs::read_to_string(path).unwrap();
    assert_eq!(read(folder.path("run/split.csv")), read(other.clone()));
    split(&folder, &[]).assert_refused(&["Split.CSV", "--overwrite"]);
    assert!(!usual.exists() && other.exists());
}

#[test]
fn keys_without_effect_are_told_of_and_means_on_another_scale_refused() {
    let folder = Folder::with_data();
    let sets = [
        "train.optimizer=adamw",
        "train.momentum=0.5",
        "model.stochastic_depth=0.1",
        "train.min_delta=0.1",
    ];
    let ran = folder.train("idle", &sets).assert_done();
    for key in [
        "train.momentum",
        "model.stochastic_depth",
        "train.min_delta",
    ] {
        assert_says(&ran.stderr, &[&format!("note: {key} has no effect with")]);
    }
    let ran = folder.train("plain", &[]).assert_done();
    assert!(!ran.stderr.contains("no effect"), "{ran:#?}");
    folder.assert_refuses_to_train(
        &["preprocess.mean=[123.7, 116.3, 103.5]"],
        &["preprocess.mean", "divided by 255"],
    );
}

#[test]
fn a_part_without_images_has_no_mean() {
    let folder = Folder::with_data();
    let ran = split(&folder, &["--fractions", "0.8", "0.2", "0"]).assert_done();
    assert_says(&ran.stdout, &[" 0 images  perspective_score_hood mean –  "]);
}

#[test]
fn copies_in_two_parts_are_warned_about_and_drawn_into_one() {
    let folder = Folder::with_data();
    fs::copy(
        folder.image("synth-000000.jpg"),
        folder.image("synth-000003.jpg"),
    )
    .unwrap();
    let ran = split(&folder, &[]).assert_done();
    assert!(!ran.stderr.contains("another part"), "{}", ran.stderr);
    keep(&folder, 24, |index| {
        ["train", "train", "valid", "test"][index % 4]
    });
    let ran = folder.train("run", &[]).assert_done();
    assert_says(
        &ran.stderr,
        &[
            "warning: ",
            "have a copy in another part",
            "`synth-000000.jpg` in train and `synth-000003.jpg` in test",
        ],
    );
}

#[test]
fn how_a_csv_was_read_is_said_once() {
    let folder = Folder::with_data();
    let path = folder.data().join("labels.csv");
    let text = fs::read_to_string(&path).unwrap();
    let text = text
        .replace(',', ";")
        .replace(";0.", ";0,")
        .replace("filename", "Image");
    fs::write(&path, text).unwrap();
    let ran = split(&folder, &[]).assert_done();
    for part in [
        "labels.csv: separated by semicolons",
        "labels.csv: decimal commas",
        "the column `Image` is used as `filename`",
    ] {
        assert_eq!(ran.stderr.matches(part).count(), 1, "{}", ran.stderr);
    }
}

#[test]
fn a_file_for_a_folder_and_a_folder_for_a_file_do_not_ask_to_try_again() {
    let folder = Folder::with_data();
    let labels = folder.data().join("labels.csv");
    let mut command = psp(&["train", "--device", "flex", "--data"]);
    run(command.arg(&labels)).assert_refused(&["labels.csv: is a file", "--data"]);
    let images = format!("data.labels={}", folder.data().join("imgs").display());
    folder.assert_refuses_to_train(&[&images], &["imgs: is a folder", "CSV file"]);
}
