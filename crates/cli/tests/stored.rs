//! What psp 0.1.0 stored can be used by this version: a run, an exported model and a study of
//! MobileNetV2 heads on 16 rendered images of 48 x 32 pixels, with frozen weights that were
//! made up to compress well and normalised on these images. `expected.csv` is what the exported
//! model predicted then.

use std::path::Path;
use std::process::Command;

use crate::support::{Folder, Ran, assert_says, device, psp, run};

const STORED: &str = "tests/assets/stored-0.1.0.tar.gz";

fn unpacked() -> Folder {
    let folder = Folder::new();
    let mut tar = Command::new("tar");
    tar.arg("-xzf").arg(STORED).arg("-C").arg(folder.path(""));
    assert!(tar.status().unwrap().success());
    folder
}

/// Runs psp in the folder, where the data lies now.
fn psp_in(folder: &Folder, args: &[&str]) -> Ran {
    run(psp(args).current_dir(folder.path("")))
}

/// Predictions by file name.
fn scores(csv: &Path) -> Vec<(String, Vec<f64>)> {
    let mut reader = csv::Reader::from_path(csv).unwrap();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let scores = row.iter().skip(1).map(|score| score.parse().unwrap());
        (row[0].to_owned(), scores.collect())
    });
    rows.collect()
}

#[test]
fn a_stored_exported_model_predicts_what_it_predicted() {
    let folder = unpacked();
    let device = device();
    let predict = [
        "predict",
        "--model",
        "bundle",
        "data/imgs",
        "--out",
        "now.csv",
    ];
    psp_in(&folder, &[&predict[..], &["--device", &device]].concat()).assert_done();
    let (then, now) = (
        scores(&folder.path("expected.csv")),
        scores(&folder.path("now.csv")),
    );
    assert_eq!(then.len(), 16);
    assert_eq!(then.len(), now.len());
    for ((name, then), (also, now)) in then.iter().zip(&now) {
        assert_eq!(name, also);
        for (then, now) in then.iter().zip(now) {
            assert!((then - now).abs() < 1e-4, "{name}: {then} then, {now} now");
        }
    }
}

#[test]
fn a_stored_run_is_evaluated_exported_and_trained_on() {
    let folder = unpacked();
    let device = device();
    let on_device = ["--data", "data", "--device", &device];
    let eval = ["eval", "run", "--split", "valid", "--out", "report"];
    psp_in(&folder, &[&eval[..], &on_device].concat()).assert_done();
    let json = |path: &str| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(folder.path(path)).unwrap()).unwrap()
    };
    let then = json("run/result.json")["best"]["overall"]["mse"].as_f64();
    let now = json("report/metrics.json")["overall"]["model"]["mse"].as_f64();
    let (then, now) = (then.unwrap(), now.unwrap());
    assert!((then - now).abs() < 1e-4, "{then} then, {now} now");

    psp_in(&folder, &["export", "run", "--out", "again"]).assert_done();
    let longer = ["train", "--resume", "run", "--set", "train.epochs=4"];
    let trained = psp_in(&folder, &[&longer[..], &on_device].concat()).assert_done();
    assert_says(&trained.stdout, &["finished after 4 epochs"]);
}

#[test]
fn a_stored_study_is_shown_taken_up_exported_and_reported_on() {
    let folder = unpacked();
    let device = device();
    let shown = psp_in(&folder, &["study", "show", "./study"]).assert_done();
    assert_says(&shown.stdout, &["2 finished", "chosen: finals/00000-s1-"]);
    let more = ["search", "--study", "./study", "--data", "data"];
    psp_in(&folder, &[&more[..], &["--device", &device]].concat()).assert_done();
    psp_in(&folder, &["export", "./study", "--out", "chosen"]).assert_done();
    let report = ["report", "./study", "--device", &device];
    psp_in(&folder, &report).assert_done();
    assert!(folder.path("reports/study/index.html").exists());
}
