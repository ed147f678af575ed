//! Splits: stratified, read, written.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use psp_data::{DEFAULT_TARGETS, DataNotice, LabelTable, Part, SplitFractions, Splits};
use support::shared::shared;
use support::{Folder, assert_says};

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
    assert_says(&error.to_string(), &["3 parts of 2 samples"]);
}

#[test]
fn fractions_that_can_not_work_are_refused() {
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

#[test]
fn a_written_split_reads_back_the_same() {
    let data = table(50);
    let folder = Folder::new();
    let path = folder.path("split.csv");
    let splits = stratified(&data, 1);
    splits.write(&path, &data, false).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("filename,split\n0.png,"));
    let back = Splits::read(&path, &data).unwrap();
    assert_eq!(back, splits);
    assert_eq!(back.fingerprint(), splits.fingerprint());
}

#[test]
fn a_different_split_is_replaced_only_when_allowed() {
    let data = table(50);
    let folder = Folder::new();
    let path = folder.path("split.csv");
    let (first, second) = (stratified(&data, 1), stratified(&data, 2));
    first.write(&path, &data, false).unwrap();
    first.write(&path, &data, false).unwrap();
    let error = second.write(&path, &data, false).unwrap_err().to_string();
    assert_says(&error, &["split.csv", "a different split is already there"]);
    assert_eq!(Splits::read(&path, &data).unwrap(), first);
    second.write(&path, &data, true).unwrap();
    assert_eq!(Splits::read(&path, &data).unwrap(), second);
}

#[test]
fn a_split_is_not_written_for_a_data_set_it_was_not_made_for() {
    let folder = Folder::new();
    let splits = stratified(&table(50), 1);
    let error = splits
        .write(&folder.path("s.csv"), &table(40), false)
        .unwrap_err();
    assert_says(&error.to_string(), &["does not belong"]);
}

#[test]
fn a_split_file_is_refused_with_the_line_that_is_wrong() {
    let data = table(3);
    let folder = Folder::new();
    let read = |body: &str| {
        let path = folder.write("split.csv", format!("filename,split\n0.png,train\n{body}"));
        Splits::read(&path, &data).unwrap_err().to_string()
    };
    assert_says(
        &read("1.png,dev\n"),
        &["line 3", "`dev`", "`train`, `valid` or `test`"],
    );
    assert_says(&read("9.png,test\n"), &["line 3", "`9.png`", "labels.csv"]);
    assert_says(
        &read("1.png,test\n0.png,test\n"),
        &["line 4", "`0.png`", "line 2"],
    );
    assert_says(&read("1.png\n"), &["line 3", "1 fields", "expected 2"]);
    assert_says(&read(",test\n"), &["line 3", "`filename` is empty"]);
    assert_says(&read("2.png,val\n"), &["1 images", "`1.png`", "line 3 of"]);
    let path = folder.write("split.csv", "filename,part\n0.png,train\n");
    let error = Splits::read(&path, &data).unwrap_err().to_string();
    assert_says(&error, &["no column `split`"]);
}

#[test]
fn parts_are_read_in_any_case_and_validation_has_three_spellings() {
    let data = table(3);
    let folder = Folder::new();
    let path = folder.write(
        "s.csv",
        "filename,split\n2.png,val\n0.png,validation\n1.png,valid\n",
    );
    assert_eq!(Splits::read(&path, &data).unwrap().counts(), [0, 3, 0]);
    assert_eq!("val".parse::<Part>().unwrap().to_string(), "valid");
    assert_eq!("Train".parse::<Part>().unwrap(), Part::Train);
    assert!("learn".parse::<Part>().is_err());
}

#[test]
fn the_labels_own_split_column_is_used_as_it_is() {
    let folder = Folder::new();
    let open = |parts: [&str; 3]| {
        let [a, b, c] = parts;
        let csv = format!("filename,split,a\n1.png,{a},0\n2.png,{b},1\n3.png,{c},1\n");
        let path = folder.write("labels.csv", csv);
        LabelTable::read(&path, &["a".to_owned()], [0.0, 1.0]).unwrap()
    };
    let splits = Splits::from_column(&open(["test", "train", "val"])).unwrap();
    assert_eq!(
        [0, 1, 2].map(|i| splits.part(i)),
        [Part::Test, Part::Train, Part::Valid]
    );
    let error = Splits::from_column(&open(["test", "", "val"]))
        .unwrap_err()
        .to_string();
    assert_says(&error, &["labels.csv", "line 3", "``"]);
    let error = Splits::from_column(&table(3)).unwrap_err().to_string();
    assert_says(&error, &["no column `split`"]);
}

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

/// 40 images, of which the last 20 are copies of the first, with other labels.
fn with_copies() -> Folder {
    let folder = Folder::with_images(40);
    for index in 0..20 {
        let copy = folder.path(&format!("imgs/{}.png", 20 + index));
        fs::copy(folder.path(&format!("imgs/{index}.png")), copy).unwrap();
    }
    folder
}

#[test]
fn a_drawn_split_and_its_folds_keep_copies_together_under_ten_seeds() {
    let folder = with_copies();
    let data = folder.open();
    let copies = data.copies().unwrap();
    assert_eq!(copies.len(), 20);
    for seed in 0..10 {
        let shares = fractions(0.7, 0.15, 0.15);
        let splits = Splits::stratified(&data, &copies, shares, seed, 4).unwrap();
        assert_eq!(splits.counts(), [28, 6, 6]);
        let folds = splits.folds(&data, &copies, 3, seed, 4).unwrap();
        for splits in folds.iter().chain([&splits]) {
            let apart = |index: &usize| splits.part(*index) != splits.part(index + 20);
            assert_eq!((0..20).find(apart), None, "seed {seed}");
        }
        let notices = splits.copy_notices(&data).unwrap();
        assert!(matches!(
            notices[..],
            [DataNotice::CopiesWithOtherLabels { count: 40, .. }]
        ));
    }
}

#[test]
fn copies_in_two_parts_of_a_given_split_are_told() {
    let folder = Folder::with_images(4);
    fs::copy(folder.path("imgs/0.png"), folder.path("imgs/3.png")).unwrap();
    let csv = "filename,a,b,split\n0.png,0,1,train\n1.png,0,1,train\n2.png,0,1,Valid\n\
               3.png,0,1,test\n";
    folder.write("labels.csv", csv);
    let data = folder.open();
    let notices = Splits::from_column(&data)
        .unwrap()
        .copy_notices(&data)
        .unwrap();
    let [notice] = &notices[..] else {
        panic!("{notices:?}")
    };
    assert!(notice.is_warning());
    assert_says(
        &notice.to_string(),
        &[
            "labels.csv: 2 images",
            "`0.png` in train and `3.png` in test",
            "data.split=random",
        ],
    );
}

#[test]
fn a_split_without_copies_is_what_it_was_before_they_counted() {
    let splits = stratified(&table(30), 7);
    assert_eq!(&splits.fingerprint()[..16], "625c11517def1fe3");
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
    for all in [0, train.len(), 1000] {
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
