//! `eval`, `predict` and the library give the same scores, of a run as of its
//! export.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::support::trained::{TARGETS, eval, predict, trained};
use crate::support::{self, Folder, assert_says, device, json, run};
use psp_export::{ExportError, Predictor};
use psp_models::{DeviceSpec, Precision};
use serde_json::Value;

/// Scores by file name from `predictions.csv`.
fn evaluated(folder: &Path) -> BTreeMap<String, [f64; 2]> {
    let mut reader = csv::Reader::from_path(folder.join("predictions.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|have| have == name).unwrap();
    let columns = TARGETS.map(|target| column(&format!("{target}_predicted")));
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        (
            row[0].to_owned(),
            columns.map(|column| row[column].parse().unwrap()),
        )
    });
    rows.collect()
}

/// The flags that evaluate all images, with one more.
fn of_all(flag: &str) -> [&str; 5] {
    let data = trained().data.to_str().unwrap();
    ["--data", data, "--split", "all", flag]
}

/// All 24 images, evaluated once.
fn evaluated_all() -> &'static BTreeMap<String, [f64; 2]> {
    static SCORES: OnceLock<BTreeMap<String, [f64; 2]>> = OnceLock::new();
    SCORES.get_or_init(|| {
        let folder = Folder::new();
        let all = of_all("--samples=0");
        run(&mut eval(&trained().bundle, &folder.path("out"), &all)).assert_done();
        evaluated(&folder.path("out"))
    })
}

/// File name of a path as printed, and scores, of `predict --csv`.
fn parse_csv(text: &str) -> BTreeMap<String, [f64; 2]> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(
        reader.headers().unwrap().iter().collect::<Vec<_>>(),
        ["filename", TARGETS[0], TARGETS[1]]
    );
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        (
            file_name(&row[0]),
            [1, 2].map(|column| row[column].parse().unwrap()),
        )
    });
    rows.collect()
}

fn file_name(path: &str) -> String {
    Path::new(path)
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

#[track_caller]
fn assert_agree(got: &BTreeMap<String, [f64; 2]>, want: &BTreeMap<String, [f64; 2]>) {
    assert!(
        got.keys().eq(want.keys()),
        "{:?} are not {:?}",
        got.keys(),
        want.keys()
    );
    for (name, scores) in got {
        for (score, wanted) in scores.iter().zip(&want[name]) {
            assert!(
                (score - wanted).abs() < 1e-5,
                "{name}: {scores:?} != {:?}",
                want[name]
            );
        }
    }
}

#[test]
fn eval_writes_metrics_predictions_and_plots_and_prints_the_baseline() {
    let folder = Folder::new();
    let out = folder.path("report");
    let ran = run(&mut eval(&trained().run, &out, &["--samples", "2"])).assert_done();
    let said = ["test, 3 images", "predict the training mean", "overall"];
    assert_says(&ran.stdout, &[&said[..], &TARGETS].concat());
    let metrics = json(&out.join("metrics.json"));
    assert_eq!(
        (&metrics["split"], &metrics["count"]),
        (&"test".into(), &3.into())
    );
    for name in ["prediction_vs_label", "distributions"] {
        let svg = std::fs::read_to_string(out.join(format!("{name}.svg"))).unwrap();
        assert!(svg.contains("<svg"), "{name}");
        assert_png(&out.join(format!("{name}.png")));
    }
    assert_png(&out.join("samples.png"));
    // The printed MSE is that of predictions.csv.
    let mut reader = csv::Reader::from_path(out.join("predictions.csv")).unwrap();
    let mut squares = Vec::new();
    for row in reader.records() {
        let row = row.unwrap();
        let value = |column: usize| f64::from(row[column].parse::<f32>().unwrap());
        squares.extend([value(1) - value(2), value(3) - value(4)].map(|error| error * error));
    }
    assert_eq!(squares.len(), 6);
    let mse = squares.iter().sum::<f64>() / 6.0;
    let said = metrics["overall"]["model"]["mse"].as_f64().unwrap();
    assert!((mse - said).abs() < 1e-12, "{mse} != {said}");
}

fn assert_png(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    assert!(
        bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        "{}",
        path.display()
    );
}

#[test]
fn a_run_and_its_export_evaluate_to_the_same_numbers() {
    let folder = Folder::new();
    let all = of_all("--samples=0");
    for (model, out) in [(&trained().run, "run"), (&trained().bundle, "bundle")] {
        run(&mut eval(model, &folder.path(out), &all)).assert_done();
    }
    for name in ["metrics.json", "predictions.csv"] {
        let read = |out: &str| std::fs::read_to_string(folder.path(out).join(name)).unwrap();
        assert_eq!(read("run"), read("bundle"), "{name}");
    }
    assert_eq!(evaluated(&folder.path("run")).len(), 24);
}

#[test]
fn of_the_data_that_a_model_was_trained_on_the_test_images_are_evaluated() {
    let folder = Folder::new();
    let copy = folder.path("copy");
    support::render(&copy, 24);
    let split = std::fs::read_to_string(trained().run.join("split.csv")).unwrap();
    let data = ["--data", copy.to_str().unwrap(), "--samples=0"];
    let count = |name: &str| json(&folder.path(name).join("metrics.json"))["count"].clone();
    for (model, name) in [(&trained().run, "run"), (&trained().bundle, "bundle")] {
        let ran = run(&mut eval(model, &folder.path(name), &data)).assert_done();
        assert_says(&ran.stderr, &["note: ", "trained on", "--split all"]);
        assert_eq!(count(name), 3);
    }
    let all = ["--split", "all"];
    let flags = [&data[..], &all].concat();
    let ran = run(&mut eval(&trained().run, &folder.path("all"), &flags)).assert_done();
    let trained_on = split.matches(",train\n").count();
    let said = format!("trained on {trained_on} of the 24 images");
    assert_says(&ran.stderr, &["warning: ", &said, "--split test"]);
    assert_eq!(count("all"), 24);
    // Another split: the export has no more than the fingerprint of its own.
    std::fs::write(
        copy.join("split.csv"),
        split.replacen(",train\n", ",test\n", 1),
    )
    .unwrap();
    let ran = run(&mut eval(&trained().bundle, &folder.path("mixed"), &data)).assert_done();
    assert_says(&ran.stderr, &["warning: ", "does not tell on which"]);
    let ran = run(&mut eval(&trained().run, &folder.path("own"), &data)).assert_done();
    assert_says(&ran.stderr, &["--split all"]);
    assert_eq!(count("own"), 3);
}

#[test]
fn images_of_other_data_that_a_run_was_trained_on_are_counted() {
    let folder = Folder::new();
    let other = folder.path("other");
    // The first 12 images of the run's data.
    support::render(&other, 12);
    let split = std::fs::read_to_string(trained().run.join("split.csv")).unwrap();
    let first = split.lines().skip(1).take(12);
    let trained_on = first.filter(|line| line.ends_with(",train")).count();
    let data = ["--data", other.to_str().unwrap(), "--samples=0"];
    let ran = run(&mut eval(&trained().run, &folder.path("out"), &data)).assert_done();
    let said = format!("trained on {trained_on} of the 12 images");
    assert_says(&ran.stderr, &["warning: ", &said]);
    assert_says(&ran.stdout, &["all, 12 images"]);
}

#[test]
fn an_evaluation_on_data_that_changed_since_the_run_says_so() {
    let folder = Folder::with_data();
    folder.train("run", &[]).assert_done();
    let model = folder.path("run");
    let out = folder.path("out");
    let ran = run(&mut eval(&model, &out, &["--samples=0"])).assert_done();
    assert!(!ran.stderr.contains("changed"), "{}", ran.stderr);
    std::fs::copy(
        folder.image("synth-000004.jpg"),
        folder.image("synth-000003.jpg"),
    )
    .unwrap();
    // Its figures don't take the place of those before, with or without its own folder named.
    let said = "the data changed since the run began";
    run(&mut eval(&model, &out, &["--samples=0"])).assert_refused(&[
        said,
        "whose labels or images were others than they are now",
        "--overwrite",
    ]);
    let flags = ["--samples=0", "--overwrite", "--data"];
    let ran = run(eval(&model, &out, &flags).arg(folder.data())).assert_done();
    assert_says(&ran.stderr, &["warning: ", said]);
    assert_says(&ran.stdout, &["test, "]);
    // What it was trained on is then not known of other data either.
    let other = folder.path("other");
    support::render(&other, 12);
    let data = ["--data", other.to_str().unwrap(), "--samples=0"];
    let ran = run(&mut eval(&model, &folder.path("of-other"), &data)).assert_done();
    assert_says(&ran.stderr, &["can't be told", "gone or changed"]);
    // And a photo that no row names is told of.
    std::fs::copy(folder.image("synth-000004.jpg"), folder.image("more.jpg")).unwrap();
    let ran = run(&mut eval(&model, &out, &["--samples=0"])).assert_done();
    assert_says(&ran.stderr, &["1 image is in no row"]);
}

#[test]
fn an_evaluation_writes_neither_among_the_data_nor_over_what_is_no_result() {
    let folder = Folder::with_data();
    let (data, bundle) = (folder.data(), &trained().bundle);
    let flags = ["--data", data.to_str().unwrap(), "--overwrite"];
    for (out, what) in [
        (&data, "data folder"),
        (bundle, "model's folder"),
        (&trained().run, "run's folder"),
    ] {
        let ran = run(&mut eval(bundle, out, &flags));
        ran.assert_refused(&[out.to_str().unwrap(), what, "--out"]);
        assert!(!out.join("metrics.json").exists());
    }
    // Nor among other data; a folder of pictures is none.
    let other = folder.path("other");
    support::render(&other, 4);
    run(&mut eval(bundle, &other, &flags)).assert_refused(&["is a data set's folder", "--out"]);
    // Whatever its column of file names is called.
    folder.edit("other/labels.csv", "filename,", "bildname,");
    run(&mut eval(bundle, &other, &flags)).assert_refused(&["is a data set's folder", "--out"]);
    let site = folder.path("site");
    std::fs::create_dir_all(site.join("images")).unwrap();
    std::fs::copy(folder.image("synth-000000.jpg"), site.join("images/a.jpg")).unwrap();
    run(&mut eval(bundle, &site, &flags[..2])).assert_done();
    let photos = folder.path("photos");
    std::fs::create_dir(&photos).unwrap();
    std::fs::copy(folder.image("synth-000000.jpg"), photos.join("a.jpg")).unwrap();
    run(&mut eval(bundle, &photos, &flags))
        .assert_refused(&["holds images, such as a.jpg", "--out"]);
    for name in ["samples.png", "distributions.svg", "source.json"] {
        let out = folder.path(&format!("{name}-folder"));
        std::fs::create_dir(&out).unwrap();
        let kept = out.join(name);
        std::fs::write(&kept, "mine").unwrap();
        for flags in [&flags[..2], &flags] {
            let ran = run(&mut eval(bundle, &out, flags));
            ran.assert_refused(&[&format!("holds {name}"), "--out", "move it away"]);
            assert_eq!(std::fs::read_to_string(&kept).unwrap(), "mine");
        }
    }
}

#[test]
fn advice_on_a_data_folder_fits_the_command() {
    let folder = Folder::with_data();
    let labels = folder.data().join("labels.csv");
    std::fs::rename(labels, folder.data().join("a.csv")).unwrap();
    folder.write("data/b.csv", "x\n");
    let advice = "(--set data.labels=FILE names the labels file, by its path from here)";
    folder.assert_refuses_to_train(&[], &["several CSV files (`a.csv`, `b.csv`)", advice]);
    let data = folder.data();
    let flags = ["--data", data.to_str().unwrap()];
    let ran = run(&mut eval(&trained().bundle, &folder.path("out"), &flags));
    ran.assert_refused(&["several CSV files (`a.csv`, `b.csv`)"]);
    assert!(!ran.stderr.contains("--set"), "{}", ran.stderr);
}

#[test]
fn an_exported_model_is_not_evaluated_without_data() {
    let folder = Folder::new();
    let ran = run(&mut eval(&trained().bundle, &folder.path("out"), &[]));
    ran.assert_refused(&["pass --data DIR"]);
}

#[test]
fn predictions_agree_with_the_evaluation_in_every_form() {
    let want = evaluated_all();
    let images = trained().data.join("imgs");
    for model in [&trained().run, &trained().bundle] {
        let csv = run(&mut predict(model, &[&images], &["--csv"])).assert_done();
        assert_agree(&parse_csv(&csv.stdout), want);
        let raw = run(&mut predict(model, &[&images], &["--csv", "--raw"])).assert_done();
        let raw = parse_csv(&raw.stdout);
        // With LibTorch it hangs on the processor whether the model goes beyond the labels.
        if device() == "flex" {
            assert_ne!(raw, *want, "no score to clip: the test would show nothing");
        }
        let clipped = raw.into_iter().map(|(name, scores)| {
            let scores = scores.map(|score| score.clamp(0.0, 1.0));
            (name, scores)
        });
        assert_agree(&clipped.collect(), want);
    }
    let ran = run(&mut predict(&trained().bundle, &[&images], &["--json"])).assert_done();
    let json = ran.stdout.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["error"].is_null(), "{line}");
        let scores = TARGETS.map(|target| line["scores"][target].as_f64().unwrap());
        (file_name(line["filename"].as_str().unwrap()), scores)
    });
    assert_agree(&json.collect(), want);
    // In the order of the CSV's columns, which is not that of the alphabet.
    for line in ran.stdout.lines() {
        assert!(line.find(TARGETS[0]) < line.find(TARGETS[1]), "{line}");
    }
}

#[test]
fn the_library_gives_the_commands_scores_whatever_the_batch_size() {
    let want = evaluated_all();
    let device = device().parse::<DeviceSpec>().unwrap().open().unwrap();
    let predictor = Predictor::open(&trained().bundle, &device, Precision::Fp32).unwrap();
    assert_eq!(predictor.targets, TARGETS);
    let paths: Vec<PathBuf> = want
        .keys()
        .map(|name| trained().data.join("imgs").join(name))
        .collect();
    for batch_size in [1, 7, 24] {
        let mut got = BTreeMap::new();
        let mut order = Vec::new();
        predictor
            .predict_files(&paths, batch_size, 2, |prediction| {
                let scores = prediction.scores?;
                order.push(prediction.image.clone());
                let name = file_name(prediction.image.to_str().unwrap());
                got.insert(
                    name,
                    [0, 1].map(|target| f64::from(scores.predictions[target])),
                );
                Ok::<(), ExportError>(())
            })
            .unwrap();
        assert_eq!(order, paths, "the order of the images");
        assert_agree(&got, want);
    }
}

#[test]
fn a_broken_image_is_named_and_the_others_are_scored() {
    let folder = Folder::with_data();
    std::fs::write(folder.image("synth-000003.jpg"), "no image").unwrap();
    let images = folder.data().join("imgs");
    let ran = run(&mut predict(&trained().bundle, &[&images], &["--csv"]));
    ran.assert_refused(&["synth-000003.jpg: not a readable image", "1 of 24 images"]);
    let scored = parse_csv(&ran.stdout);
    let mut want = evaluated_all().clone();
    want.remove("synth-000003.jpg").unwrap();
    assert_agree(&scored, &want);
    let ran = run(&mut predict(&trained().bundle, &[&images], &["--json"]));
    ran.assert_refused(&["synth-000003.jpg: not a readable image"]);
    let line: Value = serde_json::from_str(ran.stdout.lines().nth(3).unwrap()).unwrap();
    assert!(
        line["scores"].is_null() && line["error"].as_str().unwrap().contains("synth-000003.jpg")
    );
}

#[cfg(target_os = "linux")]
#[test]
fn scores_that_cannot_be_printed_are_an_error_of_standard_output() {
    let full = std::fs::File::create("/dev/full").unwrap();
    let image = trained().data.join("imgs/synth-000000.jpg");
    let mut command = predict(&trained().bundle, &[&image], &[]);
    run(command.stdout(full)).assert_refused_for_now(&["error: standard output: "]);
}
