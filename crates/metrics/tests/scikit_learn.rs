//! The metrics beside scikit-learn's, recorded by `data/make_reference.py`.

use psp_metrics::{RegressionAccumulator, RegressionMetrics};
use serde_json::Value;

fn cases() -> Vec<Value> {
    let text = include_str!("data/reference.json");
    let document: Value = serde_json::from_str(text).unwrap();
    document["cases"].as_array().unwrap().clone()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    serde_json::from_value(value.clone()).unwrap()
}

fn accumulate(case: &Value, range: std::ops::Range<usize>) -> RegressionAccumulator {
    let (labels, predictions) = (rows(&case["labels"]), rows(&case["predictions"]));
    let mut accumulator = RegressionAccumulator::new(labels[0].len());
    for row in range {
        accumulator.push(&predictions[row], &labels[row]).unwrap();
    }
    accumulator
}

fn assert_close(name: &str, ours: f64, theirs: &Value) {
    let theirs = theirs.as_f64().unwrap();
    let allowed = 1e-9 * theirs.abs().max(1.0);
    assert!(
        (ours - theirs).abs() <= allowed,
        "{name}: {ours} is not {theirs}"
    );
    // Small errors must agree in their digits too, not only in being small.
    let relative = (ours - theirs).abs() / theirs.abs().max(f64::MIN_POSITIVE);
    assert!(
        relative <= 1e-9 || ours == theirs,
        "{name}: {ours} is not {theirs}"
    );
}

fn assert_r2(name: &str, ours: Option<f64>, theirs: &Value) {
    match ours {
        Some(ours) => assert_close(name, ours, theirs),
        None => assert!(theirs.is_null(), "{name}: undefined is not {theirs}"),
    }
}

fn assert_matches(case: &Value, metrics: &RegressionMetrics) {
    let name = case["name"].as_str().unwrap();
    assert_eq!(metrics.count as usize, rows(&case["labels"]).len());
    for (index, target) in metrics.targets.iter().enumerate() {
        let name = format!("{name}, target {index}");
        assert_close(&format!("{name}, MSE"), target.mse, &case["mse"][index]);
        assert_close(&format!("{name}, MAE"), target.mae, &case["mae"][index]);
        assert_eq!(target.rmse, target.mse.sqrt());
        assert_r2(&format!("{name}, R²"), target.r2, &case["r2"][index]);
        assert_close(
            &format!("{name}, mean"),
            target.label_mean,
            &case["label_mean"][index],
        );
        // numpy's own standard deviation of a constant is a rounding error.
        if target.r2.is_some() {
            let std = &case["label_std"][index];
            assert_close(&format!("{name}, std"), target.label_std, std);
        } else {
            assert_eq!(target.label_std, 0.0);
        }
    }
    let overall = &metrics.overall;
    assert_close(name, overall.mse, &case["overall_mse"]);
    assert_close(name, overall.mae, &case["overall_mae"]);
    assert_eq!(overall.rmse, overall.mse.sqrt());
    if overall.r2_left_out.is_empty() {
        assert_r2(name, overall.r2, &case["overall_r2"]);
    }
}

#[test]
fn every_recorded_case_agrees_with_scikit_learn_to_nine_digits() {
    for case in cases() {
        let count = rows(&case["labels"]).len();
        assert_matches(&case, &accumulate(&case, 0..count).finish().unwrap());
    }
}

#[test]
fn merging_any_two_parts_agrees_with_scikit_learn_as_well() {
    for case in cases() {
        let count = rows(&case["labels"]).len();
        for cut in [0, count / 7, count / 2, count] {
            let mut merged = accumulate(&case, 0..cut);
            merged.merge(&accumulate(&case, cut..count)).unwrap();
            assert_matches(&case, &merged.finish().unwrap());
        }
    }
}
