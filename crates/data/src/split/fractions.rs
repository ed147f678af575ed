//! How a split shares out the samples.

use serde::{Deserialize, Serialize};

use crate::error::DataError;

/// The share of the samples that each part gets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitFractions {
    /// Share of training, above 0.
    pub train: f64,
    /// Share of validation, 0 or more.
    pub valid: f64,
    /// Share of test, 0 or more.
    pub test: f64,
}

impl Default for SplitFractions {
    /// 80 % training, 10 % validation, 10 % test.
    fn default() -> Self {
        Self {
            train: 0.8,
            valid: 0.1,
            test: 0.1,
        }
    }
}

impl SplitFractions {
    /// Refuses shares that are not finite, negative, without training, or that
    /// do not sum to 1 within 1e-6.
    ///
    /// # Errors
    /// [`DataError::Setting`] with the shares.
    pub fn validate(&self) -> Result<(), DataError> {
        let shares = self.as_array();
        let sum: f64 = shares.iter().sum();
        let usable = shares
            .iter()
            .all(|&share| share.is_finite() && share >= 0.0)
            && self.train > 0.0
            && (sum - 1.0).abs() <= 1e-6;
        if usable {
            return Ok(());
        }
        Err(DataError::setting(
            "split fractions",
            format!(
                "train {}, valid {}, test {}",
                self.train, self.valid, self.test
            ),
            "numbers from 0 to 1 that sum to 1, with train above 0",
        ))
    }

    /// The shares in the order of [`Part::ALL`](crate::Part::ALL).
    pub(super) fn as_array(&self) -> [f64; 3] {
        [self.train, self.valid, self.test]
    }
}
