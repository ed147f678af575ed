//! `psp predict` accounts for every file of a folder, and names images as labels do.

use std::fs;
use std::path::Path;

use crate::support::trained::{eval, export, predict, trained};
use crate::support::{Folder, assert_says, render, run};
use serde_json::Value;

/// Photos of several kinds, of which three can be scored, and one in a sub-folder.
fn photos(folder: &Folder) -> std::path::PathBuf {
    let photos = folder.path("photos");
    fs::create_dir_all(photos.join("sub")).unwrap();
    fs::create_dir(photos.join(".thumbnails")).unwrap();
    std::os::unix::fs::symlink("sub", photos.join("00latest")).unwrap();
    let image = fs::read(trained().data.join("imgs/synth-000000.jpg")).unwrap();
    for name in ["a b.jpg", "ü.jfif", "noext", "sub/d.jpg"] {
        fs::write(photos.join(name), &image).unwrap();
    }
    fs::write(photos.join("IMG_1.HEIC"), b"\0\0\0\x18ftypheic").unwrap();
    fs::write(photos.join("notes.txt"), "x").unwrap();
    fs::write(photos.join(".DS_Store"), "x").unwrap();
    photos
}

fn first_column(csv: &str) -> Vec<&str> {
    let rows = csv.lines().skip(1);
    rows.map(|line| line.split(',').next().unwrap()).collect()
}

#[test]
fn an_image_that_is_named_twice_is_told_of() {
    let folder = Folder::with_data();
    let image = folder.image("synth-000000.jpg");
    let ran = run(&mut predict(
        &trained().bundle,
        &[&image, &image],
        &["--csv"],
    ))
    .assert_done();
    assert_eq!(first_column(&ran.stdout).len(), 2);
    assert_says(&ran.stderr, &["named more than once: 1 of 2 rows"]);
}

#[test]
fn each_file_of_a_folder_is_scored_or_named_as_left_out() {
    let folder = Folder::new();
    let photos = photos(&folder);
    let ran = run(&mut predict(&trained().bundle, &[&photos], &["--csv"])).assert_done();
    let names = ["a b.jpg", "noext", "ü.jfif"].map(|name| photos.join(name).display().to_string());
    assert_eq!(first_column(&ran.stdout), names);
    assert_says(
        &ran.stderr,
        &[
            "left out: IMG_1.HEIC (HEIC is not read; convert to JPEG)",
            "left out: notes.txt (no image)",
            "left out: 1 hidden file, .DS_Store",
            "left out: 2 folders not entered, 00latest, sub; --recursive",
            "left out: 1 folder not entered, .thumbnails (hidden folders are never entered)",
        ],
    );
    let flags = ["--csv", "--recursive"];
    let ran = run(&mut predict(&trained().bundle, &[&photos], &flags)).assert_done();
    let deep = photos.join("sub/d.jpg").display().to_string();
    assert_eq!(first_column(&ran.stdout), [&names[..], &[deep]].concat());
    let again = "left out: 1 folder not entered, 00latest (listed already under another path)";
    assert_says(&ran.stderr, &[again, "not entered, .thumbnails (hidden"]);
    assert!(!ran.stderr.contains("--recursive"), "{}", ran.stderr);
}

#[test]
fn a_data_folders_images_are_called_what_its_labels_call_them() {
    let folder = Folder::with_data();
    folder.edit_labels("synth-000003.jpg", "imgs/synth-000003.JPG");
    let labels = fs::read_to_string(folder.data().join("labels.csv")).unwrap();
    for dir in [folder.data(), folder.data().join("imgs")] {
        let ran = run(&mut predict(&trained().bundle, &[&dir], &["--csv"])).assert_done();
        assert_eq!(first_column(&ran.stdout), first_column(&labels));
        assert!(ran.stderr.is_empty(), "{}", ran.stderr);
    }
}

#[test]
fn rows_whose_image_is_missing_are_named() {
    let folder = Folder::with_data();
    fs::remove_file(folder.image("synth-000003.jpg")).unwrap();
    let ran = run(&mut predict(
        &trained().bundle,
        &[&folder.data()],
        &["--csv"],
    ))
    .assert_done();
    let told = "left out: 1 row of the labels whose image is missing, synth-000003.jpg";
    assert_says(&ran.stderr, &[told]);
}

#[test]
fn an_exported_model_knows_the_column_of_file_names_that_it_was_trained_with() {
    let folder = Folder::with_data();
    folder.edit_labels("filename,", "bildname,");
    let named = "data.filename_column=bildname";
    folder.train("run", &[named]).assert_done();
    let (model, out) = (folder.path("model"), folder.path("evaluated"));
    run(&mut export(&folder.path("run"), &model, &[])).assert_done();
    let data = folder.data();
    let ran = run(&mut predict(&model, &[&data], &["--csv"])).assert_done();
    // Nothing is told of the column.
    let is_of_scores = |line: &str| line.contains("the same for every image");
    assert!(ran.stderr.lines().all(is_of_scores), "{}", ran.stderr);
    let flags = ["--data", data.to_str().unwrap()];
    run(&mut eval(&model, &out, &flags)).assert_done();
    // A run does not go by another name, and says which one it goes by.
    folder.edit_labels("bildname,", "filename,");
    let said = [
        "no column `bildname`",
        "call the column of the file names `bildname`",
    ];
    run(&mut eval(&folder.path("run"), &out, &["--overwrite"])).assert_refused(&said);
}

/// At random weights, so few pixels leave nothing of an image but rounding.
#[test]
fn scores_that_never_change_are_told_of_where_there_are_several_images() {
    let folder = Folder::with_data();
    folder
        .train("run", &["model.unfreeze=['head']"])
        .assert_done();
    let told = "the same for every image, whatever it shows";
    let (model, image) = (folder.path("run"), folder.image("synth-000000.jpg"));
    let ran = run(&mut predict(&model, &[&folder.data()], &[])).assert_done();
    assert_says(&ran.stderr, &[told]);
    let ran = run(&mut predict(&model, &[&image, &image], &[])).assert_done();
    assert!(!ran.stderr.contains(told), "{ran:#?}");
    let ran = run(&mut eval(&model, &folder.path("out"), &["--samples=0"])).assert_done();
    assert_says(&ran.stderr, &[told]);
}

#[test]
fn images_beside_the_labels_are_found_in_an_image_folder_of_other_data() {
    let folder = Folder::with_data();
    let data = folder.data();
    let labels = std::fs::read_to_string(data.join("labels.csv")).unwrap();
    fs::rename(data.join("imgs"), data.join("pics")).unwrap();
    folder.write("data/labels.csv", labels.replace("\nsynth", "\npics/synth"));
    let root = format!("data.images={}", data.display());
    folder.train("run", &[&root]).assert_done();
    let other = folder.path("other");
    render(&other, 12);
    let flags = ["--data", other.to_str().unwrap(), "--samples=0"];
    let ran = run(&mut eval(&folder.path("run"), &folder.path("out"), &flags));
    assert_says(&ran.assert_done().stdout, &["12 images"]);
    run(&mut eval(
        &folder.path("run"),
        &folder.path("own"),
        &flags[2..],
    ))
    .assert_done();
}

#[test]
fn scores_go_to_a_file_in_the_form_of_its_name() {
    let folder = Folder::new();
    let image = trained().data.join("imgs/synth-000000.jpg");
    let broken = folder.write("broken.jpg", "x");
    let to = |images: &[&Path], name: &str| {
        let out = folder.path(name);
        let more = ["--overwrite", "--out", out.to_str().unwrap()];
        let ran = run(&mut predict(&trained().bundle, images, &more));
        assert!(ran.stdout.is_empty(), "{}", ran.stdout);
        (ran, fs::read_to_string(out))
    };
    let (ran, csv) = to(&[&image], "scores.csv");
    let wrote = format!(
        "wrote {}: scores of 1 image\n",
        folder.path("scores.csv").display()
    );
    assert_eq!(ran.assert_done().stderr, wrote);
    let csv = csv.unwrap();
    let shown = run(&mut predict(&trained().bundle, &[&image], &["--csv"])).assert_done();
    assert_eq!(csv, shown.stdout);
    let mut dash = predict(&trained().bundle, &[&image], &["--out", "-"]);
    let shown = run(dash.current_dir(folder.path("."))).assert_done();
    assert_eq!(csv, shown.stdout);
    assert!(!folder.path("-").exists());

    let (ran, kept) = to(&[&broken], "scores.csv");
    ran.assert_refused(&[
        "scores.csv: not written",
        "1 of 1 image could not be scored",
    ]);
    assert_eq!(kept.unwrap(), csv);

    let (ran, json) = to(&[&image, &broken], "scores.json");
    ran.assert_refused(&["broken.jpg", "1 of 2 images"]);
    let json: Value = serde_json::from_str(&json.unwrap()).unwrap();
    assert!(json[0]["scores"].is_object() && json[1]["error"].is_string());

    let (ran, lines) = to(&[&image], "scores.jsonl");
    ran.assert_done();
    assert_eq!(lines.unwrap().lines().count(), 1);

    let (ran, _) = to(&[&image], "absent/scores.csv");
    ran.assert_refused(&["absent/scores.csv", "there is no folder"]);
    let (ran, _) = to(&[&image], "");
    ran.assert_refused(&["it is a folder"]);
    // A link is followed, and what it leads to is kept unless told otherwise.
    std::os::unix::fs::symlink("scores.csv", folder.path("link.csv")).unwrap();
    let out = folder.path("link.csv");
    let more = ["--out", out.to_str().unwrap()];
    run(&mut predict(&trained().bundle, &[&image], &more)).assert_refused(&["--overwrite"]);
    folder.write("scores.csv", "");
    let (ran, through) = to(&[&image], "link.csv");
    ran.assert_done();
    assert_eq!(through.unwrap(), csv);
    assert!(out.is_symlink());
}

#[test]
fn a_table_that_would_be_taken_for_labels_or_a_split_is_not_written() {
    let folder = Folder::with_data();
    let image = folder.image("synth-000000.jpg");
    let to = |name: &str| {
        let out = folder.data().join(name);
        let more = ["--overwrite", "--out", out.to_str().unwrap()];
        (run(&mut predict(&trained().bundle, &[&image], &more)), out)
    };
    to("beside_labels.csv").0.assert_done();
    fs::remove_file(folder.data().join("beside_labels.csv")).unwrap();
    let labels = folder.data().join("labels.csv");
    let before = fs::read(&labels).unwrap();
    let assert_refused = |name| {
        let (ran, out) = to(name);
        ran.assert_refused(&[out.to_str().unwrap(), "taken for the labels", "--out"]);
    };
    assert_refused("split.csv");
    assert!(!folder.data().join("split.csv").exists());
    assert_refused("labels.csv");
    assert_eq!(fs::read(&labels).unwrap(), before);
    let scores = folder.data().join("scores.csv");
    fs::rename(labels, &scores).unwrap();
    assert_refused("scores.csv");
    assert_refused("new.csv");
    assert_eq!(fs::read(&scores).unwrap(), before);
    assert!(!folder.data().join("new.csv").exists());
}

#[test]
fn only_a_file_of_scores_is_replaced() {
    let folder = Folder::with_data();
    let image = folder.image("synth-000000.jpg");
    let bundle = trained().bundle.join("bundle.json");
    let [parts, evaluated] = ["parts.csv", "predictions.csv"].map(|name| folder.path(name));
    fs::write(&parts, "filename,split\nsynth-000000.jpg,train\n").unwrap();
    fs::write(
        &evaluated,
        "filename,perspective_score_hood,perspective_score_hood_label\n",
    )
    .unwrap();
    for kept in [image.clone(), bundle, parts, evaluated] {
        let before = fs::read(&kept).unwrap();
        let more = ["--overwrite", "--out", kept.to_str().unwrap()];
        let ran = run(&mut predict(&trained().bundle, &[&image], &more));
        ran.assert_refused(&[
            kept.to_str().unwrap(),
            "holds something other than scores",
            "--out",
        ]);
        assert_eq!(fs::read(&kept).unwrap(), before);
    }
    for name in ["scores.csv", "scores.json", "scores.jsonl"] {
        let out = folder.path(name);
        let more = ["--overwrite", "--out", out.to_str().unwrap()];
        for _ in 0..2 {
            run(&mut predict(&trained().bundle, &[&image], &more)).assert_done();
        }
    }
}

#[test]
fn a_runs_own_labels_are_not_replaced_whatever_they_are_called() {
    let folder = Folder::with_data();
    let labels = folder.path("cars.csv");
    fs::rename(folder.data().join("labels.csv"), &labels).unwrap();
    let set = format!("data.labels={}", labels.display());
    folder.train("run", &[&set]).assert_done();
    let before = fs::read(&labels).unwrap();
    let more = ["--overwrite", "--out", labels.to_str().unwrap()];
    let ran = run(&mut predict(&folder.path("run"), &[&folder.data()], &more));
    ran.assert_refused(&["cars.csv", "trained on", "--out"]);
    assert_eq!(fs::read(&labels).unwrap(), before);
}
