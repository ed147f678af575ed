//! How many resamples, of which seed, at which level.

use serde::{Deserialize, Serialize};

use crate::error::{MetricsError, check_share};

/// The settings of a bootstrap.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootstrapSettings {
    /// How many resamples, at most a million: 10 000, at which the ends of an
    /// interval move by about 1 % of its width from seed to seed.
    pub resamples: u32,
    /// The share of resamples that an interval spans: 0.95.
    pub confidence: f64,
    /// Chooses the resamples.
    pub seed: u64,
}

impl Default for BootstrapSettings {
    fn default() -> Self {
        Self {
            resamples: 10_000,
            confidence: 0.95,
            seed: 0,
        }
    }
}

impl BootstrapSettings {
    pub(crate) fn check(&self) -> Result<(), MetricsError> {
        // Their values are kept until the end.
        if !(1..=1_000_000).contains(&self.resamples) {
            return Err(MetricsError::Argument {
                name: "resamples",
                value: f64::from(self.resamples),
                needed: "a number from 1 to 1 000 000",
            });
        }
        check_share("confidence", self.confidence)
    }
}
