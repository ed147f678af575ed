//! The detailed metrics that come out.

use serde::{Deserialize, Serialize};

/// Metrics of a regressor over a set of rows, beside those of "predict the
/// training mean" over the same rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DetailedMetrics {
    /// The number of rows.
    pub count: u64,
    /// `Some(rows)` if the medians and Spearman's correlations come from a
    /// uniform sample of so many rows, since there were more than the settings
    /// let be kept; `None` if they are exact. All else is always exact.
    pub sampled: Option<u64>,
    /// Lowest and highest label that can occur.
    pub label_range: [f64; 2],
    /// Whether predictions were clipped to `label_range` first.
    pub clipped: bool,
    /// One entry per target, in the order of the columns.
    pub targets: Vec<DetailedTarget>,
    /// The targets taken together.
    pub overall: DetailedOverall,
}

/// The metrics of one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DetailedTarget {
    /// Mean of these rows' labels.
    pub label_mean: f64,
    /// Standard deviation of these rows' labels, divided by the count.
    pub label_std: f64,
    /// What the baseline predicts.
    pub training_mean: f64,
    /// The model's metrics.
    pub model: Scores,
    /// Those of predicting the training mean.
    pub baseline: Scores,
    /// 1 − MSE of the model / MSE of the baseline; `None` if the latter is 0.
    pub skill: Option<f64>,
    /// The same rows by their labels.
    pub groups: LabelGroups,
}

/// The metrics of all targets together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DetailedOverall {
    /// The model's metrics: each the plain mean over the targets, save for
    /// `rmse`, which is the root of the overall MSE, and `r2`, `pearson` and
    /// `spearman`, which leave out `r2_left_out`.
    pub model: Scores,
    /// Those of predicting the training mean.
    pub baseline: Scores,
    /// 1 − overall MSE of the model / overall MSE of the baseline.
    pub skill: Option<f64>,
    /// All values of all targets by their labels.
    pub groups: LabelGroups,
    /// Indices of the targets without R² (their labels are constant), left out
    /// of the overall R² and correlations of every model alike.
    pub r2_left_out: Vec<usize>,
}

/// The metrics of one predictor. Errors are prediction − label, in the label's
/// unit, of clipped predictions if the settings say so. What is undefined is
/// `None`, overall as soon as it is so for one of the targets averaged over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Scores {
    /// Mean squared error.
    pub mse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Square root of `mse`.
    pub rmse: f64,
    /// 1 − Σ error² / Σ(label − mean label)², as scikit-learn's `r2_score`;
    /// `None` of constant labels.
    pub r2: Option<f64>,
    /// Median of |error|, as scikit-learn's `median_absolute_error`.
    pub median_absolute_error: f64,
    /// Mean error: positive where predictions are too high.
    pub bias: f64,
    /// Pearson's correlation of predictions and labels, as SciPy's `pearsonr`;
    /// `None` if either is constant.
    pub pearson: Option<f64>,
    /// Spearman's rank correlation, ties by average ranks, as SciPy's
    /// `spearmanr`; `None` if either is constant.
    pub spearman: Option<f64>,
    /// Shares of small errors, one per bound of the settings.
    pub within: Vec<WithinShare>,
    /// Mean over the non-empty label bins of the bin's MSE, so that the many
    /// zeros do not outweigh the rest; `None` if no label is in a bin.
    pub balanced_mse: Option<f64>,
    /// Share, from 0 to 1, of raw predictions outside the label range.
    pub outside_range: f64,
}

/// The share of rows with a small error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WithinShare {
    /// The largest |error| that counts as small.
    pub bound: f64,
    /// The share, from 0 to 1, of rows with |error| ≤ `bound`.
    pub share: f64,
}

/// Metrics by label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LabelGroups {
    /// Labels that are exactly 0.
    pub zero: GroupScores,
    /// All others.
    pub nonzero: GroupScores,
    /// The bins of the settings.
    pub bins: Vec<LabelBin>,
    /// The number of labels that are in no bin.
    pub unbinned: u64,
}

/// A bin of labels: (low, high], save that the first is exactly `low` = `high`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LabelBin {
    /// What labels in the bin are above.
    pub low: f64,
    /// The highest label in the bin.
    pub high: f64,
    /// Its metrics.
    pub scores: GroupScores,
}

/// The metrics of a group of labels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GroupScores {
    /// The number of labels in the group.
    pub count: u64,
    /// The model's errors; `None` of an empty group.
    pub model: Option<GroupErrors>,
    /// Those of predicting the training mean.
    pub baseline: Option<GroupErrors>,
}

/// The mean errors in a group of labels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GroupErrors {
    /// Mean squared error.
    pub mse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Mean of prediction − label.
    pub bias: f64,
}
