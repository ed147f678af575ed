//! Errors of images whose labels are alike.

use psp_plot::{ErrorBin, LabelRange, Pairs};

/// A bin for labels that are exactly 0, and ten up to `highest`.
pub(crate) fn error_bins(pairs: &Pairs, highest: f64, error: fn(f64) -> f64) -> Vec<ErrorBin> {
    let edge = |index: usize| highest * index as f64 / 10.0;
    let between = (0..10).map(|index| LabelRange::Between(edge(index), edge(index + 1)));
    let ranges = std::iter::once(LabelRange::Zero).chain(between);
    let bin = |labels: LabelRange| {
        let belongs = |label: f64| match labels {
            LabelRange::Zero => label == 0.0,
            LabelRange::Between(low, high) => low < label && label <= high,
        };
        let pairs = pairs.labels.iter().zip(&pairs.predictions);
        let pairs = pairs.filter(|(label, prediction)| belongs(**label) && prediction.is_finite());
        let errors: Vec<f64> = pairs
            .map(|(label, prediction)| error(prediction - label))
            .collect();
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        ErrorBin {
            labels,
            count: errors.len() as u64,
            error: (!errors.is_empty()).then_some(mean),
            interval: None,
        }
    };
    ranges.map(bin).collect()
}
