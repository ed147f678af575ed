//! Metrics beside the baseline, as JSON and as a table.

use psp_eval::{EvalError, Evaluation, PredictionRow, Predictions, SCHEMA_VERSION};
use psp_metrics::MeanBaseline;

/// Two targets, the second with a constant label.
fn predictions() -> Predictions {
    let rows = [(0.0, 0.1), (0.9, 0.7), (0.3, 0.4)].map(|(label, prediction)| PredictionRow {
        filename: format!("{label}.jpg"),
        labels: vec![label, 0.5],
        predictions: vec![prediction, 0.6],
    });
    let targets = vec!["perspective_score_hood".to_owned(), "door".to_owned()];
    Predictions::new(targets, rows.to_vec()).unwrap()
}

fn evaluation() -> Evaluation {
    let baseline = MeanBaseline {
        means: vec![0.3, 0.5],
    };
    Evaluation::new("test", &predictions(), &baseline).unwrap()
}

#[test]
fn the_metrics_stand_beside_those_of_the_training_mean() {
    let evaluation = evaluation();
    let hood = &evaluation.targets[0];
    // Labels and predictions are 32-bit numbers, which 0.1 and 0.7 are not exactly.
    assert!((hood.model.mse - 0.02).abs() < 1e-7);
    assert!((hood.baseline.mse - 0.15).abs() < 1e-7);
    assert_eq!(hood.training_mean, 0.3);
    assert!((evaluation.overall.model.mse - 0.015).abs() < 1e-7);
    assert!((evaluation.overall.baseline.mse - 0.075).abs() < 1e-7);
    assert_eq!(evaluation.overall.model.r2, hood.model.r2);
    assert_eq!(evaluation.overall.model.r2_left_out, [1]);
}

#[test]
fn metrics_json_is_read_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.json");
    evaluation().write(&path).unwrap();
    assert_eq!(Evaluation::read(&path).unwrap(), evaluation());
}

#[test]
fn metrics_json_names_the_split_the_count_and_the_targets() {
    let json: serde_json::Value = serde_json::from_str(&evaluation().to_json().unwrap()).unwrap();
    assert_eq!(json["schema_version"], SCHEMA_VERSION);
    assert_eq!(json["split"], "test");
    assert_eq!(json["count"], 3);
    assert_eq!(json["targets"][1]["name"], "door");
    assert!(json["targets"][1]["model"]["r2"].is_null());
    assert!(json["targets"][0]["baseline"]["mse"].is_f64());
    assert!(json["overall"]["model"]["rmse"].is_f64());
    assert!(json["overall"]["baseline"]["mae"].is_f64());
}

#[test]
fn metrics_json_of_another_version_is_refused_and_unknown_fields_are_not() {
    let json = evaluation().to_json().unwrap();
    let newer = json.replacen("\"schema_version\": 2", "\"schema_version\": 3", 1);
    assert!(matches!(
        Evaluation::from_json(&newer),
        Err(EvalError::SchemaVersion {
            found: 3,
            supported: SCHEMA_VERSION
        })
    ));
    let more = json.replacen("\"count\": 3", "\"count\": 3, \"interval\": [0, 1]", 1);
    assert_eq!(Evaluation::from_json(&more).unwrap(), evaluation());
    assert!(matches!(
        Evaluation::from_json("{}"),
        Err(EvalError::Json(_))
    ));
}

#[test]
fn a_baseline_of_other_targets_is_refused() {
    let baseline = MeanBaseline { means: vec![0.3] };
    assert!(matches!(
        Evaluation::new("test", &predictions(), &baseline),
        Err(EvalError::Baseline {
            got: 1,
            expected: 2
        })
    ));
}

#[test]
fn the_table_is_aligned_and_says_which_r2_is_undefined() {
    let expected = "\
test, 3 images

model                          MSE     MAE    RMSE         R²
perspective_score_hood     0.02000  0.1333  0.1414     0.8571
door                       0.01000  0.1000  0.1000  undefined
overall                    0.01500  0.1167  0.1225     0.8571

predict the training mean      MSE     MAE    RMSE         R²
perspective_score_hood      0.1500  0.3000  0.3873    -0.0714
door                             0       0       0  undefined
overall                    0.07500  0.1500  0.2739    -0.0714

R² is undefined where the label is constant, and left out overall: door
";
    assert_eq!(evaluation().table(), expected);
}

#[test]
fn targets_of_other_scales_are_pointed_out_below_the_overall_errors() {
    let rows = [(-300.0, 0.1), (200.0, 0.7), (700.0, 0.4)].map(|(wide, narrow)| PredictionRow {
        filename: format!("{wide}.jpg"),
        labels: vec![wide, narrow],
        predictions: vec![wide + 20.0, 0.4],
    });
    let targets = vec!["angle".to_owned(), "door".to_owned()];
    let predictions = Predictions::new(targets, rows.to_vec()).unwrap();
    let baseline = MeanBaseline {
        means: vec![200.0, 0.4],
    };
    let table = Evaluation::new("test", &predictions, &baseline)
        .unwrap()
        .table();
    assert!(
        table.contains("overall errors are mostly those of angle"),
        "{table}"
    );
    assert!(!evaluation().table().contains("differ in scale"));
}
