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
        let statistics = if part.labels.is_empty() {
            None
        } else {
            Some(LabelStatistics::new(&part.labels, histogram)?)
        };
        let edges = &prepared.metrics.bin_edges;
        let bins = (0..prepared.metrics.targets()).map(|target| {
            let labels = part.labels.iter().map(|row| row[target]);
            let mut bins: Vec<BinCount> = (0..edges.len())
                .map(|bin| BinCount {
                    low: edges[bin.saturating_sub(1)],
                    high: edges[bin],
                    count: 0,
                })
                .collect();
            for label in labels {
                // As `MetricSettings` has it: what is outside is in no bin.
                let bin = edges.partition_point(|&edge| edge < label);
                if bin < edges.len() && (bin > 0 || label == edges[0]) {
                    bins[bin].count += 1;
                }
            }
            bins
        });
        Ok(Self {
            name: part.name.clone(),
            images: part.labels.len(),
            statistics,
            bins: bins.collect(),
        })
    }
}
