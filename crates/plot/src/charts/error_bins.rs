//! The errors of images whose labels are alike.

use crate::{
    Interval, LabelRange, Pairs,
    layout::label_bins::{bin_of, label_bins},
};

/// How the errors of a bin are put into one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorMeasure {
    /// The mean squared error.
    #[default]
    Mse,
    /// The mean absolute error.
    Mae,
}

/// The errors of the images whose labels fall into one bin.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorBin {
    /// Which labels.
    pub labels: LabelRange,
    /// How many images.
    pub count: u64,
    /// The error; none where there is no image.
    pub error: Option<f64>,
    /// Its confidence interval.
    pub interval: Option<Interval>,
}

/// The bins of `pairs` without intervals: one for labels that are exactly 0,
/// and about ten of a round width.
#[must_use]
pub fn error_bins(pairs: &Pairs, measure: ErrorMeasure) -> Vec<ErrorBin> {
    let pairs = pairs.drawable();
    let ranges = label_bins(pairs.iter().map(|(label, _)| *label));
    let mut sums = vec![(0_u64, 0.0); ranges.len()];
    for (label, prediction) in pairs {
        if let Some(index) = bin_of(&ranges, label) {
            let error = prediction - label;
            sums[index].0 += 1;
            sums[index].1 += match measure {
                ErrorMeasure::Mse => error * error,
                ErrorMeasure::Mae => error.abs(),
            };
        }
    }
    let bins = ranges.into_iter().zip(sums);
    bins.map(|(labels, (count, sum))| ErrorBin {
        labels,
        count,
        error: (count > 0).then(|| sum / count as f64),
        interval: None,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_errors_of_exact_zeros_are_kept_apart() {
        let pairs = Pairs {
            labels: vec![0.0, 0.0, 0.05, 0.95],
            predictions: vec![0.1, 0.3, 0.05, 0.75],
            ..Pairs::default()
        };
        let bins = error_bins(&pairs, ErrorMeasure::Mae);
        assert_eq!(bins.len(), 11);
        assert_eq!((bins[0].labels, bins[0].count), (LabelRange::Zero, 2));
        assert!((bins[0].error.unwrap() - 0.2).abs() < 1e-12);
        assert_eq!(bins[1].error, Some(0.0));
        assert_eq!((bins[2].count, bins[2].error), (0, None));
        assert!((bins[10].error.unwrap() - 0.2).abs() < 1e-12);
    }
}
