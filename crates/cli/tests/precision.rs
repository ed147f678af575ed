//! bf16, where the device knows it and where it does not.

use crate::support::study::{Bench, STUDY};
use crate::support::{Folder, device, psp, run};

#[test]
fn a_device_without_bf16_refuses_it_before_anything_is_written() {
    let folder = Folder::with_data();
    let mut command = folder.training(
        "run",
        &["train.precision=\"bf16\"", "train.device=\"flex\""],
    );
    run(&mut command).assert_refused(&["flex", "bf16", "fp32", "libtorch"]);
    assert!(!folder.path("run").exists());
    // Nor is a study begun of which every trial would fail for it.
    let shared = STUDY.replace("[train]", "[train]\nprecision = \"bf16\"");
    let searched = STUDY.replace("[space]", "[space]\ntrain.precision = [\"fp32\", \"bf16\"]");
    for study in [shared, searched] {
        let bench = Bench::new(&study);
        let mut command = psp(&["search", "--device", "flex", "--config"]);
        command.arg(bench.folder.path("study.toml"));
        command.arg("--data").arg(bench.folder.data());
        command.arg("--study").arg(bench.root());
        run(&mut command).assert_refused(&["flex", "bf16"]);
        assert!(!bench.root().exists());
    }
}

#[test]
fn an_unknown_precision_is_refused_with_the_known_ones() {
    let folder = Folder::with_data();
    folder.assert_refuses_to_train(&["train.precision=\"fp8\""], &["fp8", "fp32", "bf16"]);
}

#[test]
fn on_libtorch_bf16_trains_evaluates_and_predicts_near_fp32() {
    if device() != "libtorch" {
        eprintln!("SKIPPED: bf16 is computed on LibTorch only (PSP_TEST_DEVICE=libtorch)");
        return;
    }
    let folder = Folder::with_data();
    folder
        .train("run", &["train.precision=\"bf16\"", "train.epochs=2"])
        .assert_done();
    let predict = |precision: &str| -> Vec<f64> {
        let mut command = psp(&["predict", "--csv", "--raw", "--device", "libtorch"]);
        command
            .args(["--precision", precision, "--model"])
            .arg(folder.path("run"))
            .arg(folder.data().join("imgs"));
        let ran = run(&mut command).assert_done();
        let rows = ran.stdout.lines().skip(1);
        rows.flat_map(|row| row.split(',').skip(1))
            .map(|score| score.parse().unwrap())
            .collect()
    };
    let (exact, rounded) = (predict("fp32"), predict("bf16"));
    assert_eq!(exact.len(), 48);
    assert_ne!(exact, rounded);
    for (exact, rounded) in exact.iter().zip(&rounded) {
        assert!((exact - rounded).abs() < 0.05, "{exact} {rounded}");
    }
    let mut eval = psp(&["eval", "--device", "libtorch", "--precision", "bf16"]);
    run(eval
        .args(["--samples", "0"])
        .arg(folder.path("run"))
        .arg("--out")
        .arg(folder.path("report")))
    .assert_done();
}
