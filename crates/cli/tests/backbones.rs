//! Every backbone from training to prediction, on inputs as small as it takes.

use std::collections::BTreeMap;

use crate::support::{Folder, device, psp, run, tensors};

/// Scores of the photos by file name, from `psp predict --csv --raw`.
fn predict(folder: &Folder, model: &str) -> BTreeMap<String, Vec<f64>> {
    let mut command = psp(&[
        "predict",
        "--csv",
        "--raw",
        "--device",
        &device(),
        "--model",
    ]);
    command
        .arg(folder.path(model))
        .arg(folder.data().join("imgs"));
    let ran = run(&mut command).assert_done();
    let rows = ran.stdout.lines().skip(1).map(|line| {
        let mut fields = line.split(',');
        let name = fields.next().unwrap().to_owned();
        (name, fields.map(|score| score.parse().unwrap()).collect())
    });
    rows.collect()
}

/// Trains for an epoch, evaluates, exports and predicts.
fn from_training_to_prediction(backbone: &str, sets: &[&str], exported_keys: usize) {
    let folder = Folder::with_data();
    let backbone = format!("model.backbone={backbone}");
    let sets = [&[backbone.as_str(), "train.learning_rate=1e-4"], sets].concat();
    folder.train("run", &sets).assert_done();

    let mut eval = psp(&["eval", "--device", &device(), "--samples", "0"]);
    let report = folder.path("report");
    let ran = run(eval.arg(folder.path("run")).arg("--out").arg(&report)).assert_done();
    assert!(
        ran.stdout.contains("perspective_score_hood"),
        "{}",
        ran.stdout
    );

    let mut export = psp(&["export"]);
    run(export
        .arg(folder.path("run"))
        .arg("--out")
        .arg(folder.path("model")))
    .assert_done();
    let exported = tensors(&folder.path("model/model.safetensors"));
    assert_eq!(exported.len(), exported_keys);

    let (of_run, of_export) = (predict(&folder, "run"), predict(&folder, "model"));
    assert_eq!(of_run.len(), 24);
    assert_eq!(of_run, of_export);
    let scores: Vec<f64> = of_run.values().flatten().copied().collect();
    assert_eq!(scores.len(), 48);
    assert!(scores.iter().all(|score| score.is_finite()));
    assert!(
        scores.iter().any(|score| (score - scores[0]).abs() > 1e-6),
        "all alike"
    );
}

/// 342 tensors of torchvision's `googlenet` without `fc` and auxiliary
/// classifiers, 10 of each of these two, and the head.
#[test]
fn googlenet_with_auxiliary_classifiers() {
    let sets = [
        "preprocess.size=64",
        "model.auxiliary=true",
        "model.transform_input=on",
    ];
    from_training_to_prediction("googlenet", &sets, 342 + 20 + 4);
}

#[test]
fn inception_v3() {
    from_training_to_prediction("inception_v3", &["preprocess.size=75"], 564 + 4);
}

#[test]
fn efficientnet_b0_with_stochastic_depth() {
    let sets = ["preprocess.size=32", "model.stochastic_depth=0.5"];
    from_training_to_prediction("efficientnet_b0", &sets, 358 + 4);
}

#[test]
fn resnet18() {
    from_training_to_prediction("resnet18", &["preprocess.size=32"], 120 + 4);
}

#[test]
fn mobilenet_v2() {
    from_training_to_prediction("mobilenet_v2", &["preprocess.size=32"], 312 + 4);
}

#[test]
fn vit_b_16_with_gradient_checkpointing() {
    let sets = ["preprocess.size=32", "train.gradient_checkpointing=true"];
    from_training_to_prediction("vit_b_16", &sets, 150 + 4);
}
