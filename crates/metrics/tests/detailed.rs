//! What the detailed accumulator accepts, refuses, samples and keeps.

use crate::support::{Row, rng, rows, settings, uniform};
use psp_metrics::{DetailedAccumulator, DetailedMetrics, MetricSettings, MetricsError, Side};

fn accumulate(settings: &MetricSettings, first: usize, rows: &[Row]) -> DetailedAccumulator {
    let mut accumulator = DetailedAccumulator::starting_at(settings.clone(), first as u64).unwrap();
    for (prediction, label) in rows {
        accumulator.push(prediction, label).unwrap();
    }
    accumulator
}

fn metrics(settings: &MetricSettings, rows: &[Row]) -> DetailedMetrics {
    accumulate(settings, 0, rows).finish().unwrap()
}

#[test]
fn a_million_rows_take_no_more_memory_than_ten_thousand() {
    let mut accumulator = DetailedAccumulator::new(settings(2)).unwrap();
    let empty = accumulator.memory_bytes();
    let mut rng = rng(1);
    let mut sizes = Vec::new();
    for row in 1..=1_000_000 {
        let label = [uniform(&mut rng), uniform(&mut rng)];
        accumulator.push(&[0.5, label[1] / 2.0], &label).unwrap();
        if row == 10_000 || row == 1_000_000 {
            sizes.push(accumulator.memory_bytes());
        }
    }
    assert_eq!(sizes, [empty, empty]);
    assert!(empty < 4_000_000, "{empty} bytes");
    let metrics = accumulator.finish().unwrap();
    assert_eq!(metrics.sampled, Some(65_536));
    // |0.5 − uniform| is uniform up to 0.5: its median is 0.25, and a standard
    // error 0.5 · √(0.25 / 65 536) = 0.001.
    let median = metrics.targets[0].model.median_absolute_error;
    assert!((median - 0.25).abs() < 0.004, "{median}");
    let spearman = metrics.targets[1].model.spearman.unwrap();
    assert!((spearman - 1.0).abs() < 1e-12, "{spearman}");
}

#[test]
fn up_to_the_cap_nothing_is_sampled_and_beyond_it_only_medians_and_ranks_are() {
    let rows = rows(2, 500, 2, 0.2, 6);
    let mut settings = settings(2);
    settings.sample_rows = 500;
    let exact = metrics(&settings, &rows);
    assert_eq!(exact.sampled, None);
    settings.sample_rows = 499;
    let sampled = metrics(&settings, &rows);
    assert_eq!(sampled.sampled, Some(499));
    let (exact, sampled) = (&exact.targets[0], &sampled.targets[0]);
    assert_ne!(exact.model.spearman, sampled.model.spearman);
    assert_eq!(exact.model.mse, sampled.model.mse);
    assert_eq!(exact.model.pearson, sampled.model.pearson);
    assert_eq!(exact.groups, sampled.groups);
}

#[test]
fn parts_merge_to_the_very_sample_of_the_whole() {
    let rows = rows(3, 3000, 2, 0.2, 6);
    let mut settings = settings(2);
    settings.sample_rows = 100;
    let whole = metrics(&settings, &rows);
    let mut merged = accumulate(&settings, 0, &rows[..50]);
    for (start, end) in [(50, 50), (50, 1700), (1700, 3000)] {
        let part = accumulate(&settings, start, &rows[start..end]);
        merged.merge(&part).unwrap();
    }
    let merged = merged.finish().unwrap();
    assert_eq!(merged.sampled, Some(100));
    for (merged, whole) in merged.targets.iter().zip(&whole.targets) {
        let median = |t: &psp_metrics::DetailedTarget| t.model.median_absolute_error;
        assert_eq!(median(merged), median(whole));
        assert_eq!(merged.model.spearman, whole.model.spearman);
        assert!((merged.model.mse - whole.model.mse).abs() < 1e-15);
    }
    settings.sample_seed = 1;
    let other = metrics(&settings, &rows);
    assert_ne!(
        other.targets[0].model.spearman,
        whole.targets[0].model.spearman
    );
}

#[test]
fn parts_out_of_order_or_with_other_settings_do_not_merge() {
    let rows = rows(4, 20, 1, 0.2, 6);
    let settings = settings(1);
    let mut accumulator = accumulate(&settings, 0, &rows);
    assert_eq!(
        accumulator.merge(&accumulate(&settings, 19, &rows)),
        Err(MetricsError::Order {
            expected: 20,
            got: 19
        })
    );
    let mut other = settings.clone();
    other.clip = false;
    let error = accumulator.merge(&accumulate(&other, 20, &rows));
    assert_eq!(error, Err(MetricsError::Settings));
    assert_eq!(accumulator.count(), 20);
}

#[test]
fn a_bad_row_is_refused_as_a_whole() {
    let mut accumulator = DetailedAccumulator::new(settings(2)).unwrap();
    assert_eq!(accumulator.finish(), Err(MetricsError::Empty));
    accumulator.push(&[0.1, 0.2], &[0.0, 0.5]).unwrap();
    let before = accumulator.finish().unwrap();
    assert!(matches!(
        accumulator.push(&[0.1, f64::NAN], &[0.0, 0.5]),
        Err(MetricsError::Value {
            side: Side::Prediction,
            target: 1,
            ..
        })
    ));
    assert!(matches!(
        accumulator.push(&[0.1, 0.2], &[0.0]),
        Err(MetricsError::Length {
            side: Side::Label,
            ..
        })
    ));
    assert_eq!(accumulator.finish().unwrap(), before);
}

#[test]
fn clipping_changes_the_errors_but_not_the_share_outside() {
    let rows = [
        (vec![-0.5], vec![0.0]),
        (vec![1.25], vec![0.75]),
        (vec![1.0], vec![0.5]),
        (vec![0.0], vec![0.25]),
    ];
    let mut settings = settings(1);
    let clipped = metrics(&settings, &rows);
    settings.clip = false;
    let raw = metrics(&settings, &rows);
    assert!(clipped.clipped && !raw.clipped);
    assert_eq!(clipped.overall.model.mae, 0.25);
    assert_eq!(raw.overall.model.mae, 0.4375);
    for metrics in [clipped, raw] {
        assert_eq!(metrics.overall.model.outside_range, 0.5);
        assert_eq!(metrics.overall.baseline.outside_range, 0.0);
    }
}

#[test]
fn overall_groups_pool_the_values_of_all_targets() {
    let rows = [
        (vec![0.5, 0.25], vec![0.0, 0.0]),
        (vec![0.5, 0.5], vec![0.5, 0.0]),
    ];
    let zero = metrics(&settings(2), &rows).overall.groups.zero;
    assert_eq!(zero.count, 3);
    let mse = (0.25 + 0.0625 + 0.25) / 3.0;
    assert!((zero.model.unwrap().mse - mse).abs() < 1e-15);
}

#[test]
fn a_model_that_says_one_thing_has_no_overall_correlation() {
    let rows = [
        (vec![0.5, 0.1], vec![0.0, 0.0]),
        (vec![0.5, 0.2], vec![0.5, 0.3]),
        (vec![0.5, 0.3], vec![0.7, 0.2]),
    ];
    let metrics = metrics(&settings(2), &rows);
    assert_eq!(metrics.targets[0].model.pearson, None);
    assert!(metrics.targets[1].model.pearson.is_some());
    // The average over the other target alone would be another model's metric.
    assert_eq!(metrics.overall.model.pearson, None);
    assert!(metrics.overall.model.r2.is_some());
}

#[test]
fn a_target_with_constant_labels_is_left_out_of_overall_r2_and_correlations() {
    let rows = [
        (vec![0.5, 0.1], vec![0.3, 0.0]),
        (vec![0.4, 0.2], vec![0.3, 0.3]),
        (vec![0.5, 0.4], vec![0.3, 0.4]),
    ];
    let metrics = metrics(&settings(2), &rows);
    assert_eq!(metrics.overall.r2_left_out, [0]);
    assert_eq!(metrics.overall.model.r2, metrics.targets[1].model.r2);
    assert_eq!(
        metrics.overall.model.pearson,
        metrics.targets[1].model.pearson
    );
}

#[test]
fn without_bins_there_is_no_balanced_mse() {
    let mut settings = settings(1);
    settings.bin_edges.clear();
    let metrics = metrics(&settings, &rows(5, 10, 1, 0.1, 3));
    assert_eq!(metrics.overall.model.balanced_mse, None);
    assert_eq!(metrics.overall.groups.unbinned, 10);
}

#[test]
fn metrics_survive_json() {
    let mut settings = settings(2);
    settings.sample_rows = 7;
    let metrics = metrics(&settings, &rows(6, 30, 2, 0.1, 6));
    let json = serde_json::to_string(&metrics).unwrap();
    assert_eq!(
        serde_json::from_str::<DetailedMetrics>(&json).unwrap(),
        metrics
    );
}
