//! Folds, samples and parts joined.

use psp_data::{Part, Splits};

use super::{stratified, table};
use crate::support::assert_says;

#[test]
fn folds_share_out_all_but_the_test_samples_and_mix_labels_alike_with_seed_2() {
    let data = table(600);
    let splits = stratified(&data, 2);
    let folds = splits.folds(&data, &[], 5, 2, 4).unwrap();
    let outside = data.len() - splits.indices(Part::Test).len();
    let mut validated = vec![0; data.len()];
    for fold in &folds {
        assert_eq!(fold.indices(Part::Test), splits.indices(Part::Test));
        let valid = fold.indices(Part::Valid);
        assert!(valid.len().abs_diff(outside / 5) <= 1, "{}", valid.len());
        valid.iter().for_each(|&index| validated[index] += 1);
        // Every third label is zero.
        let zeros = valid
            .iter()
            .filter(|&&i| data.samples()[i].labels[0] == 0.0);
        let share = zeros.count() as f64 / valid.len() as f64;
        assert!((share - 1.0 / 3.0).abs() < 0.03, "{share}");
    }
    for (index, &times) in validated.iter().enumerate() {
        assert_eq!(times, usize::from(splits.part(index) != Part::Test));
    }
    assert_eq!(folds, splits.folds(&data, &[], 5, 2, 4).unwrap());
    assert_ne!(folds, splits.folds(&data, &[], 5, 3, 4).unwrap());
    let distinct: std::collections::HashSet<String> =
        folds.iter().map(Splits::fingerprint).collect();
    assert_eq!(distinct.len(), 5);
}

#[test]
fn one_fold_or_more_than_there_are_samples_are_refused() {
    let data = table(20);
    let splits = stratified(&data, 0);
    for folds in [0, 1, 21] {
        let error = splits.folds(&data, &[], folds, 0, 4).unwrap_err();
        assert_says(&error.to_string(), &["folds", &folds.to_string()]);
    }
}

#[test]
fn a_sample_of_a_part_has_its_size_and_its_mix_of_labels_with_seed_2() {
    let data = table(600);
    let splits = stratified(&data, 2);
    let train = splits.indices(Part::Train);
    for count in [1, 7, 120, 479] {
        let sample = splits.sample(&data, Part::Train, count, 2, 4);
        assert_eq!(sample.len(), count);
        assert!(sample.is_sorted_by(|a, b| a < b), "{sample:?}");
        assert!(sample.iter().all(|index| train.contains(index)));
    }
    let sample = splits.sample(&data, Part::Train, 120, 2, 4);
    let zeros = sample
        .iter()
        .filter(|&&i| data.samples()[i].labels[0] == 0.0);
    // Every third label is zero.
    assert!(zeros.count().abs_diff(40) <= 2);
    assert_eq!(sample, splits.sample(&data, Part::Train, 120, 2, 4));
    assert_ne!(sample, splits.sample(&data, Part::Train, 120, 3, 4));
    for all in [train.len(), 1000] {
        assert_eq!(splits.sample(&data, Part::Train, all, 2, 4), train);
    }
}

#[test]
fn without_validation_all_but_the_test_samples_are_trained_on() {
    let data = table(60);
    let splits = stratified(&data, 0);
    let [train, valid, test] = splits.counts();
    let merged = splits.without_validation(&data);
    assert_eq!(merged.counts(), [train + valid, 0, test]);
    assert_eq!(merged.indices(Part::Test), splits.indices(Part::Test));
    assert_ne!(merged.fingerprint(), splits.fingerprint());
}
