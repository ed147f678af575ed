//! Equally wide bins.

use serde::{Deserialize, Serialize};

use crate::error::{LARGEST, MetricsError};

/// The bins of a histogram, all equally wide: bin i begins at low +
/// (high − low) · i / bins.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistogramSettings {
    /// Where the first bin begins: 0.
    pub low: f64,
    /// Where the last bin ends: 1.
    pub high: f64,
    /// The number of bins: 20.
    pub bins: usize,
}

impl Default for HistogramSettings {
    fn default() -> Self {
        Self {
            low: 0.0,
            high: 1.0,
            bins: 20,
        }
    }
}

impl HistogramSettings {
    pub(crate) fn check(&self) -> Result<(), MetricsError> {
        let Self { low, high, bins } = *self;
        let argument = |name, value, needed| MetricsError::Argument {
            name,
            value,
            needed,
        };
        if bins == 0 {
            return Err(argument("the number of bins", 0.0, "at least 1"));
        }
        if !(low.abs() <= LARGEST && high.abs() <= LARGEST && low < high) {
            let needed = "a finite number below the end of the last";
            return Err(argument("the start of the first bin", low, needed));
        }
        Ok(())
    }

    /// The bin of a label inside the histogram. The quotient may be off by a
    /// rounding, so that the edges themselves have the last word.
    pub(crate) fn bin(&self, label: f64) -> usize {
        let Self { low, high, bins } = *self;
        let edge = |bin: usize| low + (high - low) * (bin as f64 / bins as f64);
        let guess = ((label - low) / (high - low) * bins as f64) as usize;
        let mut bin = guess.min(bins - 1);
        if bin + 1 < bins && label >= edge(bin + 1) {
            bin += 1;
        } else if bin > 0 && label < edge(bin) {
            bin -= 1;
        }
        bin
    }
}
