//! Conclusions that images and labels don't support.

use super::{Case, Caveat, CaveatKind};
use crate::analysis::labels::Labels;
use crate::format::{counted, fixed, listed};

/// What the data's author says of its origin.
pub(super) fn origin(case: &Case) -> impl Iterator<Item = Caveat> {
    let claim = "that the numbers hold for images or labels of another origin";
    let notes = case.input.data.notes.iter();
    notes.map(move |note| Caveat::new(CaveatKind::Origin, claim, note.as_str()))
}

pub(super) fn many_alike(case: &Case) -> Option<Caveat> {
    let data = &case.input.data;
    let piles = data.piles(&data.targets)?;
    Some(Caveat::new(
        CaveatKind::ManyAlike,
        "that a small error over all images means a small error whatever the label",
        format!(
            "Many labels are one and the same ({piles}). A model that always gives this answer is \
             right there without judging anything; the errors by label, and the balanced MSE, \
             tell more."
        ),
    ))
}

pub(super) fn parts_differ(case: &Case) -> Option<Caveat> {
    let differences = differences(&case.analysis.labels, &case.input.data.targets);
    let because = format!(
        "Mean labels differ by more than chance from those of the training part ({}): the file \
         was perhaps split in its order.",
        listed(&differences)
    );
    let claim = "that the parts of the split are alike";
    (!differences.is_empty()).then(|| Caveat::new(CaveatKind::PartsDiffer, claim, because))
}

pub(super) fn one_source(case: &Case) -> Option<Caveat> {
    let (_, evaluated) = case.analysis.evaluated()?;
    Some(Caveat::new(
        CaveatKind::OneSource,
        "that the numbers hold for images from elsewhere: of other cameras, places or subjects",
        format!(
            "All {} come from the same data set as the training images. Intervals say what \
             another draw from it might have given, and nothing of other sources.",
            counted(evaluated.images, "image", "images")
        ),
    ))
}

/// How often a split that was drawn by lot has a difference all the same.
const CHANCE: f64 = 0.001;

/// Where the mean label of a part is further from that of the training part than
/// chance explains: at most one of 1000 splits drawn by lot has any difference,
/// whatever the number of targets and the sizes of its parts.
///
/// If images were dealt out by lot, the difference is a sum of independent terms, of
/// variance σ² (1 / n_train + 1 / n_part) in all, none of which is further from its
/// mean than the range of the labels over the smaller n. Such a sum is above t with a
/// probability of at most exp(−t² / (2 (variance + largest term · t / 3))) (S. N.
/// Bernstein, 1927), which, other than a normal quantile, holds of few images and of
/// labels that are nearly all 0. σ² is estimated from the training part; [`CHANCE`]
/// is shared out among both sides of all comparisons.
fn differences(labels: &Labels, names: &[String]) -> Vec<String> {
    let Some((train, of_train)) = labels.part("train").filter(|(part, _)| part.images > 1) else {
        return Vec::new();
    };
    let others = labels.parts.iter().filter(|part| part.name != "train");
    let others = others.filter_map(|part| Some((part, part.statistics.as_ref()?)));
    let others: Vec<_> = others.collect();
    let bound = (2.0 * (others.len() * names.len()) as f64 / CHANCE).ln();
    let n = train.images as f64;
    let mut differences = Vec::new();
    for (part, of_part) in others {
        let m = part.images as f64;
        for ((name, a), b) in names.iter().zip(&of_train.targets).zip(&of_part.targets) {
            // The standard deviation is divided by the count.
            let variance = a.std.powi(2) * n / (n - 1.0) * (1.0 / n + 1.0 / m);
            let term = (a.max.max(b.max) - a.min.min(b.min)) / n.min(m);
            let distance = (a.mean - b.mean).abs();
            if distance.powi(2) > 2.0 * bound * (variance + term * distance / 3.0) {
                let (here, there) = (fixed(b.mean, 3), fixed(a.mean, 3));
                differences.push(format!("{name}, {}: {here} instead of {there}", part.name));
            }
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use psp_metrics::{HistogramSettings, LabelStatistics};
    use rand::RngExt;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::analysis::labels::PartStatistics;

    const TARGETS: usize = 2;

    type Rows = Vec<[f64; TARGETS]>;

    /// Of the training, validation and test part.
    fn found(parts: [Rows; 3]) -> Vec<String> {
        let names = ["train", "valid", "test"].into_iter();
        let parts = names.zip(parts).map(|(name, rows)| PartStatistics {
            name: name.to_owned(),
            images: rows.len(),
            statistics: LabelStatistics::new(&rows, HistogramSettings::default()).ok(),
            bins: Vec::new(),
        });
        let parts = parts.collect();
        differences(&Labels { parts }, &["hood", "backdoor"].map(str::to_owned))
    }

    /// So many labels, of which this share is not 0.
    fn drawn(rng: &mut ChaCha8Rng, rows: usize, share: f64) -> Rows {
        let mut label = || {
            if rng.random::<f64>() < share {
                rng.random_range(0.5..1.0)
            } else {
                0.0
            }
        };
        (0..rows).map(|_| [label(), label()]).collect()
    }

    /// Seed 1. Each kind of split is drawn so often that twice the promised rate
    /// would show.
    #[test]
    fn of_splits_drawn_by_lot_at_most_one_in_a_thousand_is_said_to_differ() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let splits = 10_000;
        for share in [0.5, 0.1, 0.02] {
            for (train, part) in [(6, 2), (20, 2), (40, 5), (20, 20), (100, 10), (100, 30)] {
                let differ = (0..splits).filter(|_| {
                    let parts = [train, part, part].map(|n| drawn(&mut rng, n, share));
                    !found(parts).is_empty()
                });
                let differ = differ.count();
                assert!(
                    differ as f64 <= CHANCE * f64::from(splits),
                    "{differ} of {splits}: {share}, {train}, {part}"
                );
            }
        }
    }

    /// Seed 2.
    #[test]
    fn a_split_in_the_order_of_the_labels_is_told_of_by_target_and_part() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let mut all = drawn(&mut rng, 1000, 0.5);
        all.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let (test, valid) = (all.split_off(900), all.split_off(800));
        let found = found([all, valid, test]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("hood, valid: 0."), "{found:?}");
        assert!(found[1].starts_with("hood, test: 0."), "{found:?}");
    }

    #[test]
    fn a_part_without_images_and_a_training_part_of_one_say_nothing() {
        let ones = vec![[1.0; TARGETS]; 50];
        let zeros = |images: usize| vec![[0.0; TARGETS]; images];
        let found = |train: Rows| found([train, Rows::new(), ones.clone()]).len();
        assert_eq!(found(zeros(50)), TARGETS);
        assert_eq!(found(zeros(1)), 0);
        assert_eq!(found(Rows::new()), 0);
    }
}
