//! The bootstrap beside a slow one that copies the same rows.

use crate::support::{self, Row, assert_close, on_threads, paired, rows, settings, slow};
use psp_metrics::{
    Bootstrap, BootstrapSettings, Group, Metric, MetricInterval, MetricsError, bootstrap,
    resample_rows,
};

fn all_metrics() -> Vec<Metric> {
    let mut metrics = Metric::main(&[0.05, 0.1]);
    for group in [Group::Zero, Group::Nonzero, Group::Bin(0), Group::Bin(3)] {
        metrics.extend([
            Metric::GroupMse(group),
            Metric::GroupMae(group),
            Metric::GroupBias(group),
        ]);
    }
    metrics
}

fn assert_slow(rows: &[Row], clip: bool, bootstrap_settings: &BootstrapSettings) {
    let targets = rows[0].0.len();
    let mut settings = settings(targets);
    settings.clip = clip;
    let metrics = all_metrics();
    let fast = bootstrap(&paired(&settings, rows), &metrics, bootstrap_settings).unwrap();
    let resamples: Vec<Vec<Row>> = (0..bootstrap_settings.resamples)
        .map(|resample| {
            let drawn = resample_rows(bootstrap_settings.seed, resample, rows.len() as u32);
            drawn
                .iter()
                .map(|&row| rows[row as usize].clone())
                .collect()
        })
        .collect();
    let check = |target: Option<usize>, interval: &MetricInterval| {
        let name = format!("target {target:?}, {}", interval.metric);
        let slowly = |rows: &[Row]| slow::value(&settings, rows, target, interval.metric);
        let values: Vec<f64> = resamples.iter().filter_map(|rows| slowly(rows)).collect();
        assert_close(&name, interval.estimate, slowly(rows));
        assert_eq!(
            interval.undefined as usize,
            resamples.len() - values.len(),
            "{name}"
        );
        let tail = (1.0 - bootstrap_settings.confidence) / 2.0;
        let ends = interval
            .estimate
            .map(|_| [tail, 1.0 - tail].map(|share| slow::quantile(&values, share)));
        assert_close(&name, interval.low, ends.map(|ends| ends[0]));
        assert_close(&name, interval.high, ends.map(|ends| ends[1]));
        let mean = slow::mean(&values);
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let error = (squares / (values.len() as f64 - 1.0)).sqrt();
        assert_close(&name, interval.standard_error, ends.map(|_| error));
    };
    for (target, intervals) in fast.targets.iter().enumerate() {
        intervals
            .iter()
            .for_each(|interval| check(Some(target), interval));
    }
    fast.overall
        .iter()
        .for_each(|interval| check(None, interval));
}

#[test]
fn intervals_are_those_of_a_slow_bootstrap_over_the_same_draws() {
    let settings = BootstrapSettings {
        resamples: 60,
        confidence: 0.9,
        seed: 5,
    };
    assert_slow(&rows(1, 83, 2, 0.2, 9), true, &settings);
    assert_slow(&rows(1, 83, 2, 0.2, 9), false, &settings);
    assert_slow(&rows(2, 50, 3, 0.3, 1), true, &settings);
}

#[test]
fn resamples_of_a_handful_of_rows_with_equal_labels_are_undefined_as_slowly() {
    let settings = BootstrapSettings {
        resamples: 200,
        confidence: 0.8,
        seed: 6,
    };
    // Labels 0, 0, 0.1 and predictions with a tie: many draws are constant.
    let rows: Vec<Row> = [(0.1, 0.0), (0.1, 0.0), (0.3, 0.1)]
        .map(|(p, l)| (vec![p], vec![l]))
        .to_vec();
    assert_slow(&rows, true, &settings);
    let paired = paired(&support::settings(1), &rows);
    let r2 = bootstrap(&paired, &[Metric::R2], &settings)
        .unwrap()
        .overall[0];
    // All three draws fall on the first two rows with probability 8/27, on the
    // third with 1/27.
    assert!((50..85).contains(&r2.undefined), "{}", r2.undefined);
}

#[test]
fn equal_values_are_constant_though_their_drawn_mean_is_rounded() {
    let settings = BootstrapSettings {
        resamples: 100,
        confidence: 0.8,
        seed: 4,
    };
    // A third of the draws miss the one row that differs, in label or prediction.
    let of = |i: usize, odd| if i == 17 { odd } else { 0.1 };
    let rows: Vec<Row> = (0..31)
        .map(|i| {
            (
                vec![0.01 * i as f64, of(i, 0.9)],
                vec![of(i, 0.7), 0.03 * i as f64],
            )
        })
        .collect();
    assert_slow(&rows, true, &settings);
}

#[test]
fn a_large_offset_costs_no_digits() {
    let mut near = rows(3, 60, 1, 0.1, 6);
    let mut far = near.clone();
    for (prediction, label) in near.iter_mut().chain(&mut far) {
        // Whole thousandths of a power of two, so that 2²⁰ more is exact.
        for value in prediction.iter_mut().chain(label) {
            *value = (*value * 1024.0).round() / 1024.0;
        }
    }
    for (prediction, label) in &mut far {
        prediction
            .iter_mut()
            .chain(label)
            .for_each(|value| *value += 1_048_576.0);
    }
    let mut settings = settings(1);
    settings.clip = false;
    let metrics = [Metric::R2, Metric::Pearson, Metric::Spearman];
    let run = |rows: &[Row]| {
        bootstrap(
            &paired(&settings, rows),
            &metrics,
            &BootstrapSettings::default(),
        )
        .unwrap()
    };
    for (near, far) in run(&near).overall.iter().zip(&run(&far).overall) {
        assert_close("low", far.low, near.low);
        assert_close("high", far.high, near.high);
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_on_one_thread_and_on_two() {
    let rows = paired(&settings(2), &rows(4, 150, 2, 0.2, 9));
    let run = |threads, seed| -> Bootstrap {
        let settings = BootstrapSettings {
            resamples: 500,
            seed,
            ..BootstrapSettings::default()
        };
        on_threads(threads, || {
            bootstrap(&rows, &all_metrics(), &settings).unwrap()
        })
    };
    assert_eq!(run(1, 7), run(2, 7));
    assert_ne!(run(1, 7).overall, run(1, 8).overall);
}

#[test]
fn an_undefined_estimate_has_no_interval() {
    let rows = paired(&settings(1), &[(vec![0.5], vec![0.25])]);
    let intervals = bootstrap(&rows, &all_metrics(), &BootstrapSettings::default()).unwrap();
    for interval in &intervals.overall {
        match interval.metric {
            Metric::R2 | Metric::Pearson | Metric::Spearman => {
                assert_eq!(interval.estimate, None);
                assert_eq!((interval.low, interval.high), (None, None));
                assert_eq!(interval.undefined, 10_000);
            }
            _ => assert_eq!(interval.low, interval.estimate, "{}", interval.metric),
        }
    }
}

#[test]
fn metrics_and_settings_that_make_no_sense_are_refused() {
    let rows = paired(&settings(1), &rows(9, 10, 1, 0.1, 3));
    let settings = BootstrapSettings::default();
    for metric in [Metric::Within(0.2), Metric::GroupMae(Group::Bin(5))] {
        let error = bootstrap(&rows, &[metric], &settings).unwrap_err();
        assert_eq!(error, MetricsError::Metric { metric });
    }
    for (resamples, confidence) in [
        (0, 0.9),
        (1_000_001, 0.9),
        (10, 0.0),
        (10, 1.0),
        (10, f64::NAN),
    ] {
        let settings = BootstrapSettings {
            resamples,
            confidence,
            seed: 0,
        };
        let error = bootstrap(&rows, &[Metric::Mse], &settings).unwrap_err();
        assert!(matches!(error, MetricsError::Argument { .. }));
    }
}

#[test]
fn intervals_survive_json_and_metrics_read_as_words() {
    let rows = paired(&settings(2), &rows(10, 40, 2, 0.1, 3));
    let settings = BootstrapSettings {
        resamples: 50,
        ..BootstrapSettings::default()
    };
    let intervals = bootstrap(&rows, &all_metrics(), &settings).unwrap();
    let json = serde_json::to_string(&intervals).unwrap();
    assert!(json.contains(r#"{"metric":{"within":0.05},"estimate":"#));
    assert!(json.contains(r#"{"metric":{"group_mse":{"bin":3}},"#));
    assert_eq!(serde_json::from_str::<Bootstrap>(&json).unwrap(), intervals);
    assert_eq!(Metric::GroupMae(Group::Zero).to_string(), "MAE, label = 0");
}
