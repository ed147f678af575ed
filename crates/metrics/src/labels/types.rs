//! The statistics that come out.

use serde::{Deserialize, Serialize};

use super::HistogramSettings;

/// Statistics of labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LabelStatistics {
    /// The number of rows.
    pub count: u64,
    /// The bins of the targets' histograms.
    pub histogram: HistogramSettings,
    /// One entry per target, in the order of the columns.
    pub targets: Vec<TargetLabels>,
    /// The pairs of targets (0, 1), (0, 2), …, (1, 2), …
    pub pairs: Vec<LabelPair>,
}

/// The labels of one target, in the label's unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TargetLabels {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, divided by the count.
    pub std: f64,
    /// The lowest label.
    pub min: f64,
    /// The highest label.
    pub max: f64,
    /// Share, from 0 to 1, of labels that are exactly 0.
    pub zero_share: f64,
    /// Labels per bin: each from its lower edge to below its upper one, save
    /// that the last includes its upper edge (as NumPy's `histogram`).
    pub histogram: Vec<u64>,
    /// Labels below the first bin.
    pub below: u64,
    /// Labels above the last bin.
    pub above: u64,
}

/// The labels of two targets together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LabelPair {
    /// The first target's index, from 0.
    pub first: usize,
    /// The second target's index.
    pub second: usize,
    /// Pearson's correlation; `None` if either is constant.
    pub pearson: Option<f64>,
    /// Rows in which both are 0.
    pub both_zero: u64,
    /// Rows in which only the first is 0.
    pub only_first_zero: u64,
    /// Rows in which only the second is 0.
    pub only_second_zero: u64,
    /// Rows in which neither is 0.
    pub neither_zero: u64,
}
