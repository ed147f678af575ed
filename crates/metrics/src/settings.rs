//! What the detailed metrics are computed with.

use serde::{Deserialize, Serialize};

use crate::baseline::MeanBaseline;
use crate::error::{LARGEST, MetricsError, Side, check_row};

/// The settings of detailed metrics. All fields may be changed; they are checked
/// where they are used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricSettings {
    /// "Predict the training mean", which every metric stands beside. It also
    /// says how many targets there are.
    pub baseline: MeanBaseline,
    /// Lowest and highest label that can occur: [0, 1].
    pub label_range: [f64; 2],
    /// Whether a prediction outside `label_range` is replaced by the nearer end
    /// before anything but the share outside is computed: `true`, since a score
    /// beyond the range can only be reported as its end.
    pub clip: bool,
    /// Bounds b, in the label's unit, for the share of predictions with
    /// |prediction − label| ≤ b: 0.05 and 0.1.
    pub within: Vec<f64>,
    /// Ascending edges e₀ < e₁ < … of the label's bins: 0, 0.25, 0.5, 0.75, 1.
    /// The first bin is e₀ alone, so that exact zeros do not mix with small
    /// labels; bin i is (eᵢ₋₁, eᵢ]. Labels outside are in no bin. Without edges
    /// there are no bins.
    pub bin_edges: Vec<f64>,
    /// How many rows are kept for what needs all of them at once, the median
    /// and Spearman's correlation: 65 536, which take about 3 MB for two
    /// targets. Exact up to so many rows; beyond, of a uniform sample of them,
    /// which puts a median within about 0.4 percentiles of the true one (two
    /// standard errors, 2 · √(0.25 / 65 536)).
    pub sample_rows: u32,
    /// Chooses the rows of that sample.
    pub sample_seed: u64,
}

impl MetricSettings {
    /// The settings named above, for scores from 0 to 1.
    #[must_use]
    pub fn new(baseline: MeanBaseline) -> Self {
        Self {
            baseline,
            label_range: [0.0, 1.0],
            clip: true,
            within: vec![0.05, 0.1],
            bin_edges: vec![0.0, 0.25, 0.5, 0.75, 1.0],
            sample_rows: 65_536,
            sample_seed: 0,
        }
    }

    /// The number of targets.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.baseline.means.len()
    }

    pub(crate) fn check(&self) -> Result<(), MetricsError> {
        if self.baseline.means.is_empty() {
            return Err(MetricsError::NoTargets);
        }
        check_row(Side::Prediction, &self.baseline.means, self.targets())?;
        let argument = |name, value, needed| MetricsError::Argument {
            name,
            value,
            needed,
        };
        // Written so that NaN fails as well.
        let finite = |value: f64| value.abs() <= LARGEST;
        let [low, high] = self.label_range;
        if !(finite(low) && finite(high) && low < high) {
            let needed = "a finite number below the end of the range";
            return Err(argument("the start of label_range", low, needed));
        }
        if let Some(&bound) = self.within.iter().find(|&&b| !(finite(b) && b >= 0.0)) {
            let needed = "a finite number of at least 0";
            return Err(argument("a bound in within", bound, needed));
        }
        let edges = &self.bin_edges;
        let bad =
            (0..edges.len()).find(|&i| !(finite(edges[i]) && (i == 0 || edges[i - 1] < edges[i])));
        if let Some(index) = bad {
            let needed = "a finite number above the edge before it";
            return Err(argument("an edge in bin_edges", edges[index], needed));
        }
        if self.sample_rows == 0 {
            return Err(argument("sample_rows", 0.0, "at least 1"));
        }
        Ok(())
    }

    /// The prediction that errors are computed from.
    pub(crate) fn clipped(&self, prediction: f64) -> f64 {
        let [low, high] = self.label_range;
        if self.clip {
            // Checked settings have low < high, so that this cannot panic.
            prediction.clamp(low, high)
        } else {
            prediction
        }
    }

    pub(crate) fn is_outside(&self, prediction: f64) -> bool {
        let [low, high] = self.label_range;
        prediction < low || prediction > high
    }

    /// The bin that `label` falls into.
    pub(crate) fn bin(&self, label: f64) -> Option<usize> {
        let edges = &self.bin_edges;
        let bin = edges.partition_point(|&edge| edge < label);
        let is_first_or_inside = bin > 0 || edges.first() == Some(&label);
        (bin < edges.len() && is_first_or_inside).then_some(bin)
    }
}
