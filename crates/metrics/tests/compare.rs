//! The permutation test, Holm's correction and the noise of seeds beside SciPy's
//! and statsmodels', recorded by `data/make_reference.py`.

use crate::support::{assert_close, on_threads, rng, uniform};
use psp_metrics::{MetricsError, SeedSummary, holm, sign_flip_test};
use serde_json::Value;

fn recorded(key: &str) -> Value {
    let document: Value = serde_json::from_str(include_str!("data/detailed.json")).unwrap();
    document[key].clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).unwrap()
}

/// The share of all 2ⁿ signs whose sum is at least as far from 0.
fn enumerated(differences: &[f64]) -> f64 {
    let sum = |signs: u32| -> f64 {
        let signed = differences.iter().enumerate();
        signed
            .map(|(i, d)| if signs >> i & 1 == 1 { -d } else { *d })
            .sum()
    };
    let all = 1 << differences.len();
    let observed = sum(0).abs() - 1e-12;
    (0..all)
        .filter(|&signs| sum(signs).abs() >= observed)
        .count() as f64
        / f64::from(all)
}

fn assert_near(differences: &[f64], seed: u64, exact: f64) {
    let p = sign_flip_test(differences, 100_000, seed).unwrap();
    let standard_error = (exact * (1.0 - exact) / 100_000.0).sqrt();
    assert!(
        (p - exact).abs() < 4.0 * standard_error + 2e-5,
        "{p} is not {exact}"
    );
}

#[test]
fn drawn_signs_approach_scipys_enumeration_of_all() {
    let recorded = recorded("permutation");
    let differences = numbers(&recorded["differences"]);
    let exact = recorded["p_value"].as_f64().unwrap();
    assert_close("enumeration", Some(enumerated(&differences)), Some(exact));
    assert_near(&differences, 1, exact);
}

#[test]
fn sums_that_tie_in_another_order_count_as_equal_with_seeds_0_to_5() {
    // Many of the 2¹⁰ sums of these equal the observed one but for rounding.
    let differences = [0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.1, -0.1, -0.2, 0.7];
    let exact = enumerated(&differences);
    (0..6).for_each(|seed| assert_near(&differences, seed, exact));
    let mut rng = rng(3);
    for seed in 0..6 {
        let differences: Vec<f64> = (0..13).map(|_| uniform(&mut rng) - 0.3).collect();
        assert_near(&differences, seed, enumerated(&differences));
    }
}

#[test]
fn a_p_value_is_never_zero_and_of_no_difference_one() {
    assert_eq!(sign_flip_test(&[0.1; 200], 999, 0), Ok(1.0 / 1000.0));
    assert_eq!(sign_flip_test(&[0.0; 20], 999, 0), Ok(1.0));
    assert_eq!(sign_flip_test(&[0.3], 999, 0), Ok(1.0));
}

#[test]
fn the_test_is_two_sided_and_independent_of_the_number_of_threads() {
    let mut rng = rng(4);
    let differences: Vec<f64> = (0..130).map(|_| uniform(&mut rng) - 0.47).collect();
    let negated: Vec<f64> = differences.iter().map(|d| -d).collect();
    let run = |threads, d: &[f64]| on_threads(threads, || sign_flip_test(d, 5000, 9).unwrap());
    let p = run(1, &differences);
    assert_eq!(p, run(2, &differences));
    assert_eq!(p, run(2, &negated));
    assert!((0.05..0.95).contains(&p), "{p}");
}

#[test]
fn differences_that_are_no_numbers_are_refused() {
    assert_eq!(sign_flip_test(&[], 10, 0), Err(MetricsError::Empty));
    for bad in [f64::NAN, f64::INFINITY] {
        let error = sign_flip_test(&[0.1, bad], 10, 0).unwrap_err();
        assert!(matches!(error, MetricsError::Argument { .. }));
    }
    assert!(sign_flip_test(&[0.1], 0, 0).is_err());
}

#[test]
fn holms_correction_agrees_with_statsmodels() {
    for family in recorded("holm").as_array().unwrap() {
        let ours = holm(&numbers(&family["p_values"])).unwrap();
        for (ours, theirs) in ours.into_iter().zip(numbers(&family["adjusted"])) {
            assert_close("adjusted", Some(ours), Some(theirs));
        }
    }
}

#[test]
fn holms_correction_of_a_textbook_family_is_as_by_hand() {
    // Ascending 0.005·4, 0.01·3, then 0.03·2 = 0.06, which 0.04·1 may not
    // undercut.
    let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]).unwrap();
    let expected = [0.03, 0.06, 0.06, 0.02];
    for (ours, theirs) in adjusted.into_iter().zip(expected) {
        assert_close("adjusted", Some(ours), Some(theirs));
    }
    assert_eq!(holm(&[]), Ok(vec![]));
    assert!(holm(&[0.1, f64::NAN]).is_err());
    assert!(holm(&[1.1]).is_err());
}

#[test]
fn intervals_over_seeds_agree_with_scipys() {
    for case in recorded("seeds").as_array().unwrap() {
        let values = numbers(&case["values"]);
        let confidence = case["confidence"].as_f64().unwrap();
        let ours = SeedSummary::new(&values, &[], confidence).unwrap();
        assert_close("mean", Some(ours.mean), case["mean"].as_f64());
        assert_close("std", ours.std, case["std"].as_f64());
        let interval = ours.interval.unwrap();
        assert_close("low", Some(interval[0]), case["interval"][0].as_f64());
        assert_close("high", Some(interval[1]), case["interval"][1].as_f64());
        assert_eq!(ours.sampling_error, None);
    }
}

#[test]
fn one_seed_has_a_mean_but_no_spread() {
    let summary = SeedSummary::new(&[0.5], &[0.02], 0.95).unwrap();
    assert_eq!(
        (summary.mean, summary.std, summary.interval),
        (0.5, None, None)
    );
    assert_eq!(summary.sampling_error, Some(0.02));
    let json = serde_json::to_string(&summary).unwrap();
    assert_eq!(serde_json::from_str::<SeedSummary>(&json).unwrap(), summary);
}

#[test]
fn the_sampling_error_is_the_root_of_the_mean_square() {
    let summary = SeedSummary::new(&[0.5, 0.6], &[0.03, 0.04], 0.95).unwrap();
    let expected = (0.0025f64 / 2.0).sqrt();
    assert_close("sampling error", summary.sampling_error, Some(expected));
}

#[test]
fn seeds_that_make_no_sense_are_refused() {
    assert_eq!(SeedSummary::new(&[], &[], 0.9), Err(MetricsError::Empty));
    for (values, errors, confidence) in [
        ([0.5, f64::NAN], vec![], 0.9),
        ([0.5, 0.6], vec![0.1], 0.9),
        ([0.5, 0.6], vec![0.1, -0.1], 0.9),
        ([0.5, 0.6], vec![], 1.0),
    ] {
        let error = SeedSummary::new(&values, &errors, confidence).unwrap_err();
        assert!(matches!(error, MetricsError::Argument { .. }));
    }
}

#[test]
fn of_differences_without_a_mean_about_one_in_twenty_falls_below_0_05() {
    let mut rng = rng(9);
    let below = (0..200).filter(|&seed| {
        let differences: Vec<f64> = (0..40).map(|_| uniform(&mut rng) - 0.5).collect();
        sign_flip_test(&differences, 1000, seed).unwrap() <= 0.05
    });
    // 10 expected; a standard deviation is 3.
    let below = below.count();
    assert!((1..=20).contains(&below), "{below} of 200");
}
