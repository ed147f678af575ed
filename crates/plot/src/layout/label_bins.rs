//! Labels in bins, with one of its own for those that are exactly 0.

use super::{Span, bins::Bins, tick::round_step};

/// The labels of a bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LabelRange {
    /// Those that are exactly 0.
    Zero,
    /// Those above the first number, up to and with the second. The lowest
    /// range of all has its first number in it too, unless that is 0 and the
    /// zeros have a bin of their own.
    Between(f64, f64),
}

/// About so many bins.
const WANTED: f64 = 10.0;

/// Bins for `labels`: ten of [0, 1] if all are scores in it, otherwise about
/// ten of a round width. Where no label is negative and some are exactly 0,
/// these have a bin of their own, before the others.
pub(crate) fn label_bins(labels: impl Iterator<Item = f64> + Clone) -> Vec<LabelRange> {
    let (span, _) = Span::of_pairs(labels.clone().map(|label| (label, label)));
    let bins = Bins::of_width(span, round_step(span.length() / WANTED), 50.0);
    let between = (0..bins.count).map(|at| LabelRange::Between(bins.edge(at), bins.edge(at + 1)));
    let zeros = labels.clone().any(|label| label == 0.0) && labels.into_iter().all(|l| l >= 0.0);
    let zero = zeros.then_some(LabelRange::Zero);
    zero.into_iter().chain(between).collect()
}

/// The index of the bin with `label`.
pub(crate) fn bin_of(bins: &[LabelRange], label: f64) -> Option<usize> {
    let zeros = usize::from(bins.first() == Some(&LabelRange::Zero));
    if zeros == 1 && label == 0.0 {
        return Some(0);
    }
    let up_to = |bin: &LabelRange| match bin {
        LabelRange::Zero => false,
        // An edge such as 3 * 0.1 is not quite the label 0.3.
        LabelRange::Between(_, high) => label <= high + 1e-9 * high.abs(),
    };
    bins.iter().position(up_to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_have_ten_bins_and_one_for_the_exact_zeros() {
        let labels = [0.0, 0.0, 0.01, 0.1, 0.3, 0.31, 1.0];
        let bins = label_bins(labels.into_iter());
        assert_eq!(bins.len(), 11);
        assert_eq!(bins[0], LabelRange::Zero);
        let places = labels.map(|label| bin_of(&bins, label).unwrap());
        assert_eq!(places, [0, 0, 1, 1, 3, 4, 10]);
    }

    #[test]
    fn labels_of_both_signs_have_ordinary_bins_only() {
        let bins = label_bins([-180.0, 0.0, 180.0].into_iter());
        assert_eq!(bins[0], LabelRange::Between(-200.0, -150.0));
        assert_eq!(bin_of(&bins, -180.0), Some(0));
        assert_eq!(bin_of(&bins, 0.0), Some(3));
    }

    #[test]
    fn a_single_label_has_a_bin_whatever_its_size() {
        for label in [1e-9, 7.0, 1e100, -1e100] {
            let bins = label_bins([label].into_iter());
            assert!(bin_of(&bins, label).is_some(), "{label}");
        }
    }
}
