//! The metrics by name, for whoever chooses among them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A metric of one target, or of all targets together: then the plain mean over
/// the targets save where it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// Mean squared error.
    Mse,
    /// Mean absolute error.
    Mae,
    /// Square root of the MSE; overall, the root of the overall MSE.
    Rmse,
    /// Coefficient of determination; overall, over the targets whose labels are
    /// not constant.
    R2,
    /// Median of the absolute errors.
    MedianAbsoluteError,
    /// Mean of prediction − label.
    Bias,
    /// Pearson's correlation of predictions and labels; overall, over the
    /// targets whose labels are not constant.
    Pearson,
    /// Spearman's rank correlation, ties by average ranks; overall as Pearson.
    Spearman,
    /// Share of rows whose absolute error is at most this bound, which must be
    /// one of [`MetricSettings::within`](crate::MetricSettings::within).
    Within(f64),
    /// Mean over the non-empty label bins of the bin's MSE.
    BalancedMse,
    /// Skill beside "predict the training mean": 1 − MSE / its MSE; overall, of
    /// the overall MSEs. 0 is no better than the mean, 1 is perfect.
    Skill,
    /// Share of raw predictions outside the label range.
    OutsideRange,
    /// MSE of a group of labels; overall, over all values of all targets in it.
    GroupMse(Group),
    /// MAE of a group of labels; overall, over all values of all targets in it.
    GroupMae(Group),
    /// Bias in a group of labels; overall, over all values of all targets in it.
    GroupBias(Group),
}

/// A group of labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Labels that are exactly 0.
    Zero,
    /// All others.
    Nonzero,
    /// A bin of [`MetricSettings::bin_edges`](crate::MetricSettings::bin_edges),
    /// by index from 0.
    Bin(usize),
}

impl Metric {
    /// The metrics that a report leads with: all save those of groups, with a
    /// share for each bound in `within`.
    #[must_use]
    pub fn main(within: &[f64]) -> Vec<Self> {
        let mut metrics = vec![
            Self::Mse,
            Self::Mae,
            Self::Rmse,
            Self::R2,
            Self::MedianAbsoluteError,
            Self::Bias,
            Self::Pearson,
            Self::Spearman,
        ];
        metrics.extend(within.iter().copied().map(Self::Within));
        metrics.extend([Self::BalancedMse, Self::Skill, Self::OutsideRange]);
        metrics
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mse => f.write_str("MSE"),
            Self::Mae => f.write_str("MAE"),
            Self::Rmse => f.write_str("RMSE"),
            Self::R2 => f.write_str("R²"),
            Self::MedianAbsoluteError => f.write_str("median absolute error"),
            Self::Bias => f.write_str("bias"),
            Self::Pearson => f.write_str("Pearson"),
            Self::Spearman => f.write_str("Spearman"),
            Self::Within(bound) => write!(f, "within {bound}"),
            Self::BalancedMse => f.write_str("balanced MSE"),
            Self::Skill => f.write_str("skill"),
            Self::OutsideRange => f.write_str("outside the range"),
            Self::GroupMse(group) => write!(f, "MSE, {group}"),
            Self::GroupMae(group) => write!(f, "MAE, {group}"),
            Self::GroupBias(group) => write!(f, "bias, {group}"),
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zero => f.write_str("label = 0"),
            Self::Nonzero => f.write_str("label ≠ 0"),
            Self::Bin(index) => write!(f, "bin {index}"),
        }
    }
}
