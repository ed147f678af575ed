//! What the labels look like.

use psp_metrics::{HistogramSettings, LabelStatistics};
use serde::{Deserialize, Serialize};

use super::prepared::Prepared;
use crate::ReportError;
use crate::input::PartLabels;

/// The labels of every part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Labels {
    /// In the order of the input, those without images included.
    pub parts: Vec<PartStatistics>,
}

/// The labels of one part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartStatistics {
    /// `train`, `valid` or `test`.
    pub name: String,
    /// Its images.
    pub images: usize,
    /// `None` without images.
    pub statistics: Option<LabelStatistics>,
    /// For each target, its labels by the bins that errors are told by.
    pub bins: Vec<Vec<BinCount>>,
}

/// The labels in one bin: (low, high], save that the first is `low` = `high` alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BinCount {
    /// What they are above.
    pub low: f64,
    /// The highest.
    pub high: f64,
    /// How many there are.
    pub count: u64,
}

impl Labels {
    pub(crate) fn of(prepared: &Prepared) -> Result<Self, ReportError> {
        let parts = prepared.input.data.parts.iter();
        let parts = parts.map(|part| PartStatistics::of(part, prepared));
        Ok(Self {
            parts: parts.collect::<Result<_, _>>()?,
        })
    }

    /// The part with this name, if it has images.
    pub(crate) fn part(&self, name: &str) -> Option<(&PartStatistics, &LabelStatistics)> {
        let part = self.parts.iter().find(|part| part.name == name)?;
        Some((part, part.statistics.as_ref()?))
    }

    /// All images.
    pub(crate) fn images(&self) -> usize {
        self.parts.iter().map(|part| part.images).sum()
    }

    /// Whether any label is exactly 0.
    pub(crate) fn has_zeros(&self) -> bool {
        let statistics = self
            .parts
            .iter()
            .filter_map(|part| part.statistics.as_ref());
        let mut targets = statistics.flat_map(|statistics| &statistics.targets);
        targets.any(|target| target.zero_share > 0.0)
    }
}

impl PartStatistics {
    fn of(part: &PartLabels, prepared: &Prepared) -> Result<Self, ReportError> {
        let [low, high] = prepared.metrics.label_range;
        let histogram = HistogramSettings {
            low,
            high,
            ..HistogramSettings::default()
        };
        let labels = Some(&part.labels).filter(|labels| !labels.is_empty());
        let statistics = labels.map(|labels| LabelStatistics::new(labels, histogram));
        let edges = &prepared.metrics.bin_edges;
        let bin = |target: usize, bin: usize| {
            let (low, high) = (edges[bin.saturating_sub(1)], edges[bin]);
            // As `MetricSettings` has it: what is outside is in no bin.
            let is_in = |label: f64| (low < label || bin == 0 && low == label) && label <= high;
            let labels = part.labels.iter().filter(|row| is_in(row[target]));
            let count = labels.count() as u64;
            BinCount { low, high, count }
        };
        let bins = (0..prepared.metrics.targets())
            .map(|target| (0..edges.len()).map(|index| bin(target, index)).collect());
        Ok(Self {
            name: part.name.clone(),
            images: part.labels.len(),
            statistics: statistics.transpose()?,
            bins: bins.collect(),
        })
    }
}
