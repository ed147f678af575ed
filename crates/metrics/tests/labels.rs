//! Label statistics beside NumPy's and SciPy's, recorded by
//! `data/make_reference.py`, and those of the task's own labels.

use crate::shared;

use crate::support::assert_close;
use psp_metrics::{HistogramSettings, LabelStatistics, MetricsError};
use serde_json::Value;

fn statistics(rows: &[Vec<f64>]) -> LabelStatistics {
    LabelStatistics::new(rows, HistogramSettings::default()).unwrap()
}

#[test]
fn statistics_agree_with_numpy_and_scipy() {
    let document: Value = serde_json::from_str(include_str!("data/detailed.json")).unwrap();
    let recorded = &document["labels"];
    let rows: Vec<Vec<f64>> = serde_json::from_value(recorded["labels"].clone()).unwrap();
    let ours = statistics(&rows);
    assert_eq!(ours.count as usize, rows.len());
    for (index, target) in ours.targets.iter().enumerate() {
        let check = |key: &str, ours| assert_close(key, Some(ours), recorded[key][index].as_f64());
        check("mean", target.mean);
        check("std", target.std);
        check("min", target.min);
        check("max", target.max);
        check("zero_share", target.zero_share);
        let histogram: Vec<u64> =
            serde_json::from_value(recorded["histogram"][index].clone()).unwrap();
        assert_eq!(target.histogram, histogram);
        assert_eq!((target.below, target.above), (0, 0));
    }
    for (pair, theirs) in ours.pairs.iter().zip(recorded["pairs"].as_array().unwrap()) {
        assert_close("pearson", pair.pearson, theirs["pearson"].as_f64());
        assert_eq!(pair.both_zero, theirs["both_zero"]);
        assert_eq!(pair.only_first_zero, theirs["only_first_zero"]);
        assert_eq!(pair.only_second_zero, theirs["only_second_zero"]);
        assert_eq!(pair.neither_zero, theirs["neither_zero"]);
    }
    let pairs: Vec<_> = ours.pairs.iter().map(|p| (p.first, p.second)).collect();
    assert_eq!(pairs, [(0, 1), (0, 2), (1, 2)]);
}

#[test]
fn every_edge_falls_into_the_bin_it_opens_and_the_last_into_the_bin_it_closes() {
    for (low, high, bins) in [(0.0, 1.0, 20), (0.1, 0.7, 49), (-0.3, 1.1, 23)] {
        let edge = |i: usize| low + (high - low) * (i as f64 / bins as f64);
        let edges: Vec<Vec<f64>> = (0..=bins).map(|i| vec![edge(i)]).collect();
        let settings = HistogramSettings { low, high, bins };
        let statistics = LabelStatistics::new(edges, settings).unwrap();
        let histogram = &statistics.targets[0].histogram;
        assert!(histogram[..bins - 1].iter().all(|&count| count == 1));
        assert_eq!(histogram[bins - 1], 2);
    }
}

#[test]
fn labels_outside_the_histogram_are_counted_beside_it() {
    let rows = vec![vec![-0.5], vec![0.5], vec![1.5], vec![2.0]];
    let target = &statistics(&rows).targets[0];
    assert_eq!((target.below, target.above), (1, 2));
    assert_eq!(target.histogram.iter().sum::<u64>(), 1);
    assert_eq!((target.min, target.max), (-0.5, 2.0));
}

#[test]
fn constant_labels_and_a_single_row_have_no_correlation() {
    let constant = statistics(&[vec![0.1, 0.3], vec![0.1, 0.7], vec![0.1, 0.5]]);
    assert_eq!(constant.pairs[0].pearson, None);
    assert_eq!(constant.targets[0].std, 0.0);
    let single = statistics(&[vec![0.1, 0.0]]);
    assert_eq!(single.pairs[0].pearson, None);
    assert_eq!(single.pairs[0].only_second_zero, 1);
    let one = statistics(&[vec![0.1]]);
    assert!(one.pairs.is_empty());
}

#[test]
fn no_rows_no_targets_ragged_rows_and_no_bins_are_refused() {
    let histogram = HistogramSettings::default();
    let of = |rows: Vec<Vec<f64>>, histogram| LabelStatistics::new(rows, histogram);
    assert_eq!(of(vec![], histogram), Err(MetricsError::Empty));
    assert_eq!(of(vec![vec![]], histogram), Err(MetricsError::NoTargets));
    let ragged = of(vec![vec![0.1], vec![0.1, 0.2]], histogram);
    assert!(matches!(ragged, Err(MetricsError::Length { .. })));
    let nan = of(vec![vec![f64::NAN]], histogram);
    assert!(matches!(nan, Err(MetricsError::Value { .. })));
    for (low, high, bins) in [(0.0, 1.0, 0), (1.0, 1.0, 5), (f64::NAN, 1.0, 5)] {
        let refused = of(vec![vec![0.5]], HistogramSettings { low, high, bins });
        assert!(matches!(refused, Err(MetricsError::Argument { .. })));
    }
}

#[test]
fn statistics_survive_json() {
    let statistics = statistics(&[vec![0.1, 0.0, 0.3], vec![0.0, 0.0, 0.4]]);
    let json = serde_json::to_string(&statistics).unwrap();
    assert_eq!(
        serde_json::from_str::<LabelStatistics>(&json).unwrap(),
        statistics
    );
}

#[test]
fn the_labels_of_the_task_are_as_known() {
    let Some(path) = shared::shared("data/challenge_labels.csv") else {
        return;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|line| {
            line.split(',')
                .skip(1)
                .map(|v| v.parse().unwrap())
                .collect()
        })
        .collect();
    let ours = statistics(&rows);
    assert_eq!(ours.count, 4000);
    // As known, rounded to four places, the deviations being divided by 3999.
    let unbiased = (4000.0f64 / 3999.0).sqrt();
    let known = [
        (0.3030, 0.3826, 2103.0, 0.9224),
        (0.3134, 0.3723, 2086.0, 0.9395),
    ];
    for (target, (mean, std, zeros, max)) in ours.targets.iter().zip(known) {
        assert!((target.mean - mean).abs() < 5e-5);
        assert!((target.std * unbiased - std).abs() < 5e-5);
        assert!((target.max - max).abs() < 5e-5);
        assert_eq!(target.zero_share, zeros / 4000.0);
    }
    let pair = ours.pairs[0];
    assert_eq!((pair.both_zero, pair.neither_zero), (945, 756));
    assert!((pair.pearson.unwrap() + 0.21).abs() < 5e-3);
}
