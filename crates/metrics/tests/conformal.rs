//! Conformal intervals, by hand and by their coverage.

use crate::support::{Row, paired, rng, settings, uniform};
use psp_metrics::{Conformal, MetricsError};

/// Residuals 0.01, 0.02, … of `count` rows around labels of 0.5.
fn residuals(count: usize) -> Vec<Row> {
    let row = |i: usize| (vec![0.5 + 0.01 * (i + 1) as f64], vec![0.5]);
    // Not in order.
    (0..count).map(|i| row((i * 7) % count)).collect()
}

fn radius(count: usize, alpha: f64) -> Option<f64> {
    let rows = paired(&settings(1), &residuals(count));
    Conformal::fit(&rows, alpha, false).unwrap().radii[0]
}

#[test]
fn the_radius_is_the_residual_at_the_finite_sample_place() {
    let near = |ours: Option<f64>, expected: f64| (ours.unwrap() - expected).abs() < 1e-12;
    // ⌈(n + 1)(1 − alpha)⌉: 20 · 0.9 = 18, 21 · 0.9 = 18.9, 20 · 0.5 = 10.
    assert!(near(radius(19, 0.1), 0.18));
    assert!(near(radius(20, 0.1), 0.19));
    assert!(near(radius(19, 0.5), 0.10));
    // 10 · 0.9 = 9: the largest of nine.
    assert!(near(radius(9, 0.1), 0.09));
}

#[test]
fn too_few_rows_give_an_infinite_interval() {
    // ⌈9 · 0.9⌉ = 9 of eight.
    assert_eq!(radius(8, 0.1), None);
    assert_eq!(radius(1, 0.4), None);
    assert_eq!(radius(1, 0.5), Some(0.51 - 0.5));
    let rows = paired(&settings(1), &residuals(8));
    let open = Conformal::fit(&rows, 0.1, false).unwrap();
    let interval = open.intervals(&[0.5]).unwrap()[0];
    assert_eq!(interval, [f64::NEG_INFINITY, f64::INFINITY]);
    let coverage = open.evaluate(&rows).unwrap()[0];
    assert_eq!((coverage.coverage, coverage.mean_width), (1.0, None));
    let cut = Conformal::fit(&rows, 0.1, true).unwrap();
    assert_eq!(cut.intervals(&[0.5]).unwrap(), [[0.0, 1.0]]);
    assert_eq!(cut.evaluate(&rows).unwrap()[0].mean_width, Some(1.0));
}

#[test]
fn intervals_are_cut_off_at_the_label_range_and_predictions_clipped_before() {
    let rows: Vec<Row> = (0..9).map(|_| (vec![0.75], vec![0.5])).collect();
    let cut = Conformal::fit(&paired(&settings(1), &rows), 0.1, true).unwrap();
    let of = |conformal: &Conformal, p| conformal.intervals(&[p]).unwrap()[0];
    assert_eq!(of(&cut, 0.5), [0.25, 0.75]);
    assert_eq!(of(&cut, 0.125), [0.0, 0.375]);
    assert_eq!(of(&cut, 1.5), [0.75, 1.0]);
    let mut raw = settings(1);
    raw.clip = false;
    let raw = Conformal::fit(&paired(&raw, &rows), 0.1, true).unwrap();
    assert_eq!(of(&raw, 1.125), [0.875, 1.0]);
    // What lies wholly outside shrinks to the nearer end.
    assert_eq!(of(&raw, 2.0), [1.0, 1.0]);
}

#[test]
fn coverage_and_width_are_measured_on_other_rows() {
    let fitted: Vec<Row> = (0..9).map(|_| (vec![0.5], vec![0.25])).collect();
    let conformal = Conformal::fit(&paired(&settings(1), &fitted), 0.1, true).unwrap();
    let others: Vec<Row> = [(0.5, 0.75), (0.5, 0.875), (0.125, 0.0), (0.0, 0.5)]
        .map(|(p, l)| (vec![p], vec![l]))
        .to_vec();
    let coverage = conformal.evaluate(&paired(&settings(1), &others)).unwrap()[0];
    assert_eq!(coverage.count, 4);
    assert_eq!(coverage.coverage, 0.5);
    // 0.5, 0.5, 0.375 and 0.25 wide.
    assert_eq!(coverage.mean_width, Some(0.40625));
}

#[test]
fn the_row_that_gave_the_radius_is_covered_whatever_the_rounding_of_the_ends() {
    let mut rng = rng(1);
    for _ in 0..200 {
        let row = (vec![uniform(&mut rng) / 7.0], vec![uniform(&mut rng) / 3.0]);
        let rows = paired(&settings(1), &[row]);
        let conformal = Conformal::fit(&rows, 0.5, false).unwrap();
        assert_eq!(conformal.evaluate(&rows).unwrap()[0].coverage, 1.0);
    }
}

/// Predictions that are off by a heavy-tailed error, more so on the second
/// target.
fn drawn(rng: &mut rand_chacha::ChaCha8Rng, count: usize) -> Vec<Row> {
    (0..count)
        .map(|_| {
            let label = [uniform(rng), uniform(rng)];
            let error = [0.05, 0.1].map(|s| s * (uniform(rng) - 0.5) / (uniform(rng) + 0.1));
            (
                vec![label[0] + error[0], label[1] + error[1]],
                label.to_vec(),
            )
        })
        .collect()
}

#[test]
fn over_300_calibrations_coverage_is_what_was_promised_and_little_more_with_seed_2() {
    let mut rng = rng(2);
    let settings = settings(2);
    for (alpha, count) in [(0.1, 39), (0.25, 100)] {
        let mut covered = [0.0; 2];
        for _ in 0..300 {
            let conformal =
                Conformal::fit(&paired(&settings, &drawn(&mut rng, count)), alpha, true).unwrap();
            let coverage = conformal.evaluate(&paired(&settings, &drawn(&mut rng, 200)));
            for (covered, of) in covered.iter_mut().zip(coverage.unwrap()) {
                *covered += of.coverage / 300.0;
            }
        }
        // The theorem: from 1 − alpha to that and 1 / (n + 1). A standard error
        // of the mean is about 0.003.
        let (low, high) = (
            1.0 - alpha - 0.01,
            1.0 - alpha + 1.0 / (count + 1) as f64 + 0.01,
        );
        assert!(
            covered.iter().all(|c| (low..high).contains(c)),
            "{covered:?}"
        );
    }
}

#[test]
fn rows_with_other_settings_are_refused() {
    let conformal = Conformal::fit(&paired(&settings(1), &residuals(9)), 0.1, true).unwrap();
    let mut raw = settings(1);
    raw.clip = false;
    let error = conformal.evaluate(&paired(&raw, &residuals(9)));
    assert_eq!(error, Err(MetricsError::Settings));
    let two: Vec<Row> = vec![(vec![0.1, 0.2], vec![0.1, 0.2])];
    let error = conformal.evaluate(&paired(&settings(2), &two)).unwrap_err();
    assert!(matches!(
        error,
        MetricsError::Length {
            expected: 1,
            got: 2,
            ..
        }
    ));
    assert!(conformal.intervals(&[0.1, 0.2]).is_err());
    for alpha in [0.0, 1.0, f64::NAN] {
        let rows = paired(&settings(1), &residuals(9));
        assert!(matches!(
            Conformal::fit(&rows, alpha, true),
            Err(MetricsError::Argument { name: "alpha", .. })
        ));
    }
}

#[test]
fn infinite_radii_survive_json() {
    let rows = paired(&settings(1), &residuals(3));
    let conformal = Conformal::fit(&rows, 0.1, true).unwrap();
    let json = serde_json::to_string(&conformal).unwrap();
    assert!(json.contains(r#""radii":[null]"#));
    assert_eq!(serde_json::from_str::<Conformal>(&json).unwrap(), conformal);
}
