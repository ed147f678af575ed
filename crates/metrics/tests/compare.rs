//! Comparisons of models over the same rows.

#![allow(clippy::unwrap_used)] // Helpers of tests may fail as tests do.

mod support;

use psp_metrics::{
    BootstrapSettings, CompareSettings, Comparison, Metric, MetricsError, PairedRows, compare,
    resample_rows,
};
use support::{Row, assert_close, on_threads, paired, rows, settings, slow};

fn quick() -> CompareSettings {
    CompareSettings {
        bootstrap: BootstrapSettings {
            resamples: 80,
            confidence: 0.9,
            seed: 3,
        },
        permutations: 400,
        ..CompareSettings::default()
    }
}

fn models(noises: &[f64], count: usize) -> Vec<PairedRows> {
    let model = |(seed, &noise): (usize, &f64)| {
        paired(&settings(2), &rows(seed as u64, count, 2, noise, 9))
    };
    noises.iter().enumerate().map(model).collect()
}

fn compared(models: &[PairedRows], settings: &CompareSettings) -> Comparison {
    compare(&models.iter().collect::<Vec<_>>(), settings).unwrap()
}

#[test]
fn intervals_of_differences_are_those_of_a_slow_bootstrap_of_both_models_together() {
    let data = [rows(0, 60, 2, 0.1, 9), rows(1, 60, 2, 0.2, 9)];
    let metric_settings = settings(2);
    let models = data.each_ref().map(|rows| paired(&metric_settings, rows));
    let pair = compared(&models, &quick()).pairs[0].clone();
    let difference = |drawn: &[u32], target, metric| {
        let values = data.each_ref().map(|rows| {
            let rows: Vec<Row> = drawn
                .iter()
                .map(|&row| rows[row as usize].clone())
                .collect();
            slow::value(&metric_settings, &rows, target, metric).unwrap()
        });
        values[0] - values[1]
    };
    for (target, intervals) in [
        (Some(0), &pair.targets[0]),
        (Some(1), &pair.targets[1]),
        (None, &pair.overall),
    ] {
        for interval in intervals {
            let once: Vec<u32> = (0..60).collect();
            let estimate = difference(&once, target, interval.metric);
            assert_close("estimate", interval.estimate, Some(estimate));
            let values: Vec<f64> = (0..80)
                .map(|resample| {
                    difference(&resample_rows(3, resample, 60), target, interval.metric)
                })
                .collect();
            let (low, high) = (slow::quantile(&values, 0.05), slow::quantile(&values, 0.95));
            assert_close("low", interval.low, Some(low));
            assert_close("high", interval.high, Some(high));
        }
    }
    let metrics: Vec<Metric> = pair
        .overall
        .iter()
        .map(|interval| interval.metric)
        .collect();
    assert_eq!(metrics, [Metric::Mse, Metric::R2]);
}

#[test]
fn of_four_models_every_pair_is_compared_and_only_the_noisier_one_differs() {
    let models = models(&[0.1, 0.1, 0.2, 0.1], 300);
    let comparison = compared(&models, &CompareSettings::default());
    assert_eq!(comparison.count, 300);
    let pairs: Vec<_> = comparison
        .pairs
        .iter()
        .map(|p| (p.first, p.second))
        .collect();
    assert_eq!(pairs, [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]);
    for pair in &comparison.pairs {
        assert_eq!(pair.differs, pair.first == 2 || pair.second == 2);
        assert!(pair.adjusted_p_value >= pair.p_value);
    }
    let worse = &comparison.pairs[1].overall;
    assert!(worse[0].high < Some(0.0), "the first has the lower MSE");
    assert!(worse[1].low > Some(0.0), "and the higher R²");
    // No permutation is as far: 1 / 10 001, and six pairs.
    assert!((comparison.pairs[1].adjusted_p_value - 6.0 / 10_001.0).abs() < 1e-3);
}

#[test]
fn whether_a_difference_is_shown_is_said_by_the_adjusted_p_value() {
    let models = models(&[0.2, 0.21, 0.2], 100);
    let mut settings = quick();
    let lowest = |comparison: &Comparison| {
        let values = comparison.pairs.iter().map(|pair| pair.p_value);
        values.fold(1.0, f64::min)
    };
    let p_value = lowest(&compared(&models, &settings));
    let shown = |comparison: Comparison| comparison.pairs.iter().any(|pair| pair.differs);
    settings.level = 2.9 * p_value;
    assert!(!shown(compared(&models, &settings)));
    settings.level = 3.0 * p_value;
    assert!(shown(compared(&models, &settings)));
}

#[test]
fn a_model_does_not_differ_from_itself() {
    let models = models(&[0.1], 50);
    let pair = &compare(&[&models[0], &models[0]], &quick()).unwrap().pairs[0];
    assert_eq!((pair.p_value, pair.differs), (1.0, false));
    assert_eq!(pair.overall[0].estimate, Some(0.0));
    assert_eq!(
        (pair.overall[0].low, pair.overall[0].high),
        (Some(0.0), Some(0.0))
    );
}

#[test]
fn of_equal_models_about_one_pair_in_twenty_falls_below_0_05() {
    let below = (0..200)
        .filter(|seed| {
            let a = paired(&settings(2), &rows(2 * seed, 40, 2, 0.2, 9));
            let b = paired(&settings(2), &rows(2 * seed + 1, 40, 2, 0.2, 9));
            let mut settings = quick();
            settings.bootstrap.resamples = 1;
            compare(&[&a, &b], &settings).unwrap().pairs[0].p_value <= 0.05
        })
        .count();
    // 10 expected; a standard deviation is 3.
    assert!((1..=20).contains(&below), "{below} of 200");
}

#[test]
fn the_same_seed_gives_the_same_bits_on_one_thread_and_on_two() {
    let models = models(&[0.1, 0.12, 0.2], 90);
    let run = |threads| on_threads(threads, || compared(&models, &quick()));
    assert_eq!(run(1), run(2));
}

#[test]
fn models_over_other_rows_are_refused_with_the_reason() {
    let own = rows(0, 30, 2, 0.1, 9);
    let first = paired(&settings(2), &own);
    let differs = |other: &PairedRows| match compare(&[&first, &first, other], &quick()) {
        Err(MetricsError::Unpaired { model: 2, differs }) => differs,
        other => panic!("{other:?}"),
    };
    assert_eq!(differs(&paired(&settings(2), &own[1..])), "numbers of rows");
    let narrow = rows(0, 30, 1, 0.1, 9);
    assert_eq!(
        differs(&paired(&settings(1), &narrow)),
        "numbers of targets"
    );
    let mut swapped = own.clone();
    swapped.swap(3, 4);
    assert_eq!(differs(&paired(&settings(2), &swapped)), "labels");
    let mut other = settings(2);
    other.bin_edges.pop();
    let bins = "label ranges, bounds or bins";
    assert_eq!(differs(&paired(&other, &own)), bins);
    let error = compare(&[&first, &paired(&settings(2), &swapped)], &quick()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "model 1 cannot be compared with model 0 pair by pair: their labels differ"
    );
}

#[test]
fn clipped_and_raw_predictions_of_one_model_can_be_compared() {
    let own = rows(0, 60, 1, 0.3, 9);
    let mut raw = settings(1);
    raw.clip = false;
    let (clipped, raw) = (paired(&settings(1), &own), paired(&raw, &own));
    let pair = &compare(&[&clipped, &raw], &quick()).unwrap().pairs[0];
    assert!(pair.overall[0].estimate < Some(0.0), "clipping only helps");
}

#[test]
fn one_model_or_none_makes_no_pair() {
    let models = models(&[0.1], 10);
    assert!(compared(&models, &quick()).pairs.is_empty());
    assert!(compared(&[], &quick()).pairs.is_empty());
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let models = models(&[0.1, 0.2], 10);
    let refused = |change: fn(&mut CompareSettings)| {
        let mut settings = quick();
        change(&mut settings);
        compare(&[&models[0], &models[1]], &settings).unwrap_err()
    };
    let level: fn(&mut CompareSettings) = |s| s.level = 1.0;
    assert!(matches!(
        refused(level),
        MetricsError::Argument { name: "level", .. }
    ));
    let none: fn(&mut CompareSettings) = |s| s.permutations = 0;
    assert!(matches!(
        refused(none),
        MetricsError::Argument {
            name: "permutations",
            ..
        }
    ));
    let metric: fn(&mut CompareSettings) = |s| s.metrics.push(Metric::Within(0.3));
    assert!(matches!(refused(metric), MetricsError::Metric { .. }));
}

#[test]
fn a_comparison_survives_json() {
    let comparison = compared(&models(&[0.1, 0.2, 0.2], 40), &quick());
    let json = serde_json::to_string(&comparison).unwrap();
    assert_eq!(
        serde_json::from_str::<Comparison>(&json).unwrap(),
        comparison
    );
}
