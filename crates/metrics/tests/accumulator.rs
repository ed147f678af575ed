//! What the accumulator and the baseline accept and refuse.

use psp_metrics::{MeanBaseline, MetricsError, RegressionAccumulator, RegressionMetrics, Side};

fn metrics(rows: &[(&[f64], &[f64])]) -> RegressionMetrics {
    let mut accumulator = RegressionAccumulator::new(rows[0].0.len());
    for (prediction, label) in rows {
        accumulator.push(prediction, label).unwrap();
    }
    accumulator.finish().unwrap()
}

#[test]
fn a_row_of_the_wrong_length_is_an_error_that_says_which_side() {
    let mut accumulator = RegressionAccumulator::new(2);
    assert_eq!(
        accumulator.push(&[0.1], &[0.1, 0.2]),
        Err(MetricsError::Length {
            side: Side::Prediction,
            expected: 2,
            got: 1
        })
    );
    let error = accumulator.push(&[0.1, 0.2], &[0.1, 0.2, 0.3]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the row has 3 labels where there are 2 targets"
    );
}

#[test]
fn a_value_that_is_not_finite_is_refused_and_changes_nothing() {
    let mut accumulator = RegressionAccumulator::new(2);
    accumulator.push(&[0.1, 0.2], &[0.0, 0.5]).unwrap();
    let before = accumulator.clone();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e200] {
        assert!(matches!(
            accumulator.push(&[0.1, bad], &[0.0, 0.5]),
            Err(MetricsError::Value {
                side: Side::Prediction,
                target: 1,
                ..
            })
        ));
        assert!(matches!(
            accumulator.push(&[0.1, 0.2], &[bad, 0.5]),
            Err(MetricsError::Value {
                side: Side::Label,
                target: 0,
                ..
            })
        ));
    }
    assert_eq!(accumulator, before);
}

#[test]
fn metrics_of_nothing_are_an_error() {
    assert_eq!(
        RegressionAccumulator::new(2).finish(),
        Err(MetricsError::Empty)
    );
    assert_eq!(
        RegressionAccumulator::new(0).finish(),
        Err(MetricsError::NoTargets)
    );
}

#[test]
fn accumulators_of_different_targets_do_not_merge() {
    let mut accumulator = RegressionAccumulator::new(2);
    assert_eq!(
        accumulator.merge(&RegressionAccumulator::new(3)),
        Err(MetricsError::Merge {
            expected: 2,
            got: 3
        })
    );
}

#[test]
fn a_target_with_a_constant_label_is_left_out_of_the_overall_r2_and_named() {
    let metrics = metrics(&[
        (&[0.0, 0.3], &[0.0, 0.1]),
        (&[1.0, 0.2], &[1.0, 0.1]),
        (&[0.5, 0.1], &[0.5, 0.1]),
    ]);
    assert_eq!(metrics.targets[0].r2, Some(1.0));
    assert_eq!(metrics.targets[1].r2, None);
    assert_eq!(metrics.overall.r2, Some(1.0));
    assert_eq!(metrics.overall.r2_left_out, [1]);
    assert!(metrics.overall.mse > 0.0);
}

#[test]
fn a_single_row_has_errors_but_no_r2() {
    let metrics = metrics(&[(&[0.5], &[0.25])]);
    assert_eq!(metrics.overall.mse, 0.0625);
    assert_eq!(metrics.overall.r2, None);
    assert_eq!(metrics.overall.r2_left_out, [0]);
}

#[test]
fn metrics_survive_json_with_an_undefined_r2_as_null() {
    let metrics = metrics(&[(&[0.5, 0.1], &[0.25, 0.3]), (&[0.4, 0.1], &[0.25, 0.7])]);
    let json = serde_json::to_string(&metrics).unwrap();
    assert!(json.contains("\"r2\":null"));
    let back: RegressionMetrics = serde_json::from_str(&json).unwrap();
    assert_eq!(back, metrics);
}

#[test]
fn predicting_the_mean_of_the_same_rows_has_an_r2_of_zero() {
    let labels = [[0.0, 0.9], [0.0, 0.1], [0.9, 0.5]];
    let baseline = MeanBaseline::fit(labels).unwrap();
    let metrics = baseline.evaluate(labels).unwrap();
    assert!((baseline.means[0] - 0.3).abs() < 1e-15);
    for target in &metrics.targets {
        assert!(target.r2.unwrap().abs() < 1e-12);
        assert!((target.rmse - target.label_std).abs() < 1e-12);
    }
}

#[test]
fn the_baseline_refuses_no_rows_and_ragged_rows() {
    assert_eq!(
        MeanBaseline::fit(Vec::<Vec<f64>>::new()),
        Err(MetricsError::Empty)
    );
    assert_eq!(
        MeanBaseline::fit([Vec::new(), vec![]]),
        Err(MetricsError::NoTargets)
    );
    assert!(matches!(
        MeanBaseline::fit([vec![0.1, 0.2], vec![0.1]]),
        Err(MetricsError::Length {
            expected: 2,
            got: 1,
            ..
        })
    ));
}
