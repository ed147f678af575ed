//! The settings of detailed metrics.

use crate::support::{Row, settings};
use psp_metrics::{DetailedAccumulator, MetricSettings, MetricsError};

#[test]
fn settings_that_make_no_sense_are_refused_by_name() {
    let refused = |change: fn(&mut MetricSettings)| {
        let mut settings = settings(1);
        change(&mut settings);
        DetailedAccumulator::new(settings).unwrap_err()
    };
    let name = |error| match error {
        MetricsError::Argument { name, .. } => name,
        _ => "",
    };
    let range = |s: &mut MetricSettings| s.label_range = [1.0, 1.0];
    assert_eq!(name(refused(range)), "the start of label_range");
    let nan = |s: &mut MetricSettings| s.label_range[1] = f64::NAN;
    assert_eq!(name(refused(nan)), "the start of label_range");
    let within = |s: &mut MetricSettings| s.within.push(-0.1);
    assert_eq!(name(refused(within)), "a bound in within");
    let edges = |s: &mut MetricSettings| s.bin_edges.push(1.0);
    assert_eq!(name(refused(edges)), "an edge in bin_edges");
    let sample = |s: &mut MetricSettings| s.sample_rows = 0;
    assert_eq!(name(refused(sample)), "sample_rows");
    let none = |s: &mut MetricSettings| s.baseline.means.clear();
    assert_eq!(refused(none), MetricsError::NoTargets);
    let bad = |s: &mut MetricSettings| s.baseline.means[0] = f64::INFINITY;
    assert!(matches!(refused(bad), MetricsError::Value { .. }));
    assert_eq!(
        refused(edges).to_string(),
        "an edge in bin_edges is 1; a finite number above the edge before it is needed"
    );
}

#[test]
fn exact_zeros_have_a_bin_of_their_own_and_edges_belong_to_the_bin_below() {
    let labels = [-0.0, 0.0, 1e-9, 0.25, 0.26, 0.5, 1.0, 1.5, -1.0];
    let rows: Vec<Row> = labels.iter().map(|&l| (vec![0.5], vec![l])).collect();
    let mut accumulator = DetailedAccumulator::new(settings(1)).unwrap();
    for (prediction, label) in &rows {
        accumulator.push(prediction, label).unwrap();
    }
    let groups = accumulator.finish().unwrap().targets[0].groups.clone();
    let counts: Vec<u64> = groups.bins.iter().map(|bin| bin.scores.count).collect();
    assert_eq!(counts, [2, 2, 2, 0, 1]);
    assert_eq!(groups.unbinned, 2);
    assert_eq!((groups.zero.count, groups.nonzero.count), (2, 7));
    assert_eq!((groups.bins[0].low, groups.bins[0].high), (0.0, 0.0));
    assert_eq!((groups.bins[1].low, groups.bins[1].high), (0.0, 0.25));
    assert_eq!(groups.bins[3].scores.model, None);
}

#[test]
fn settings_survive_json_and_unknown_keys_are_refused() {
    let settings = settings(2);
    let json = serde_json::to_string(&settings).unwrap();
    assert_eq!(
        serde_json::from_str::<MetricSettings>(&json).unwrap(),
        settings
    );
    let json = json.replacen('{', r#"{"unknown":1,"#, 1);
    assert!(serde_json::from_str::<MetricSettings>(&json).is_err());
}
