//! Splits: drawn, and what the modules are about.

mod copies;
mod file;
mod folds;

use crate::support::shared::shared;
use crate::support::{Folder, assert_says};
use psp_data::{DEFAULT_TARGETS, LabelTable, Part, SplitFractions, Splits};

fn challenge() -> Option<LabelTable> {
    let path = shared("data/challenge_labels.csv")?;
    Some(LabelTable::read(&path, &DEFAULT_TARGETS.map(str::to_owned), [0.0, 1.0]).unwrap())
}

/// Labels without images: a third zero in each target, the rest spread.
fn table(count: usize) -> LabelTable {
    let folder = Folder::new();
    let mut csv = String::from("filename,a,b\n");
    for i in 0..count {
        let label = |step: usize| match (i * step) % 3 {
            0 => 0.0,
            _ => ((i * 37 * step) % 101) as f32 / 101.0,
        };
        csv += &format!("{i}.png,{},{}\n", label(1), label(5));
    }
    let path = folder.write("labels.csv", csv);
    LabelTable::read(&path, &["a".to_owned(), "b".to_owned()], [0.0, 1.0]).unwrap()
}

fn fractions(train: f64, valid: f64, test: f64) -> SplitFractions {
    SplitFractions { train, valid, test }
}

fn stratified(data: &LabelTable, seed: u64) -> Splits {
    Splits::stratified(data, &[], SplitFractions::default(), seed, 4).unwrap()
}

#[test]
fn each_part_of_the_challenge_labels_mirrors_the_zero_pairs_within_one_percentage_point() {
    let Some(data) = challenge() else { return };
    let share = |indices: &[usize], pattern: [bool; 2]| {
        let matches = |&&i: &&usize| {
            let labels = &data.samples()[i].labels;
            [labels[0] > 0.0, labels[1] > 0.0] == pattern
        };
        indices.iter().filter(matches).count() as f64 / indices.len() as f64
    };
    let all: Vec<usize> = (0..data.len()).collect();
    for seed in 0..5 {
        for shares in [fractions(0.8, 0.1, 0.1), fractions(0.7, 0.15, 0.15)] {
            let splits = Splits::stratified(&data, &[], shares, seed, 8).unwrap();
            for part in Part::ALL {
                for pattern in [[false; 2], [false, true], [true, false], [true; 2]] {
                    let difference = share(&splits.indices(part), pattern) - share(&all, pattern);
                    assert!(difference.abs() < 0.01, "seed {seed} {part}: {difference}");
                }
            }
        }
    }
}

#[test]
fn each_part_of_the_challenge_labels_has_the_mean_label_of_all_with_seed_0() {
    let Some(data) = challenge() else { return };
    let mean = |indices: &[usize], target: usize| {
        let sum: f32 = indices
            .iter()
            .map(|&i| data.samples()[i].labels[target])
            .sum();
        sum / indices.len() as f32
    };
    let all: Vec<usize> = (0..data.len()).collect();
    let splits = Splits::stratified(&data, &[], SplitFractions::default(), 0, 8).unwrap();
    for part in Part::ALL {
        for target in 0..2 {
            let difference = mean(&splits.indices(part), target) - mean(&all, target);
            assert!(difference.abs() < 0.01, "{part}: {difference}");
        }
    }
}

#[test]
fn counts_follow_the_fractions_exactly_and_parts_cover_every_sample_once() {
    let data = table(1000);
    for shares in [
        fractions(0.8, 0.1, 0.1),
        fractions(0.5, 0.25, 0.25),
        fractions(1.0, 0.0, 0.0),
    ] {
        let splits = Splits::stratified(&data, &[], shares, 3, 5).unwrap();
        let expected = [shares.train, shares.valid, shares.test].map(|s| (s * 1000.0) as usize);
        assert_eq!(splits.counts(), expected);
        let mut all: Vec<usize> = Part::ALL.iter().flat_map(|&p| splits.indices(p)).collect();
        assert!(splits.indices(Part::Train).is_sorted());
        all.sort_unstable();
        assert_eq!(all, (0..1000).collect::<Vec<_>>());
        assert!(
            splits
                .indices(Part::Train)
                .iter()
                .all(|&i| splits.part(i) == Part::Train)
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_split_and_another_seed_another() {
    for count in [10, 30, 1000] {
        let data = table(count);
        assert_eq!(stratified(&data, 7), stratified(&data, 7));
        let distinct: std::collections::HashSet<String> = (0..10)
            .map(|seed| stratified(&data, seed).fingerprint())
            .collect();
        assert!(
            distinct.len() >= 8,
            "{count} samples: {} of 10",
            distinct.len()
        );
    }
}

#[test]
fn over_many_seeds_every_sample_is_tested_about_equally_often() {
    let data = table(40);
    let mut tested = [0u32; 40];
    for seed in 0..1000 {
        for index in stratified(&data, seed).indices(Part::Test) {
            tested[index] += 1;
        }
    }
    // 10 % of 1000 seeds, give or take five standard deviations.
    assert!(
        tested.iter().all(|count| (50..=150).contains(count)),
        "{tested:?}"
    );
}

#[test]
fn a_handful_of_samples_still_fills_each_part_and_fewer_are_refused() {
    let counts = stratified(&table(3), 1).counts();
    assert_eq!(counts, [1, 1, 1]);
    let error = Splits::stratified(&table(2), &[], SplitFractions::default(), 1, 4).unwrap_err();
    assert_says(
        &error.to_string(),
        &["different images (2)", "3 parts", "data.fractions"],
    );
}

#[test]
fn fractions_that_cannot_work_are_refused() {
    let data = table(20);
    for shares in [
        fractions(0.8, 0.1, 0.2),
        fractions(0.0, 0.5, 0.5),
        fractions(1.2, -0.1, -0.1),
        fractions(f64::NAN, 0.5, 0.5),
    ] {
        let error = Splits::stratified(&data, &[], shares, 0, 4)
            .unwrap_err()
            .to_string();
        assert_says(&error, &["split fractions", "sum to 1"]);
    }
    assert!(Splits::stratified(&data, &[], SplitFractions::default(), 0, 0).is_err());
}
