//! The parts of a split and their shares.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{DataError, Remedy, SplitError};

/// What a sample is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Fitting the weights.
    Train,
    /// Choosing between epochs and hyper-parameters.
    #[serde(alias = "val", alias = "validation")]
    Valid,
    /// The final score, looked at once.
    Test,
}

impl Part {
    /// All parts, in the order of [`Splits::counts`](crate::Splits::counts).
    pub const ALL: [Self; 3] = [Self::Train, Self::Valid, Self::Test];

    /// The name as it is written: `train`, `valid` or `test`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Part {
    type Err = DataError;

    /// Reads a name; `training`, `val`, `validation` and `testing` are others for the same.
    fn from_str(text: &str) -> Result<Self, DataError> {
        known(text).ok_or_else(|| {
            DataError::setting("split", format!("`{text}`"), "`train`, `valid` or `test`")
        })
    }
}

/// The part that a text names in any case, if it does.
pub(crate) fn known(text: &str) -> Option<Part> {
    match text.trim().to_lowercase().as_str() {
        "train" | "training" => Some(Part::Train),
        "valid" | "val" | "validation" => Some(Part::Valid),
        "test" | "testing" => Some(Part::Test),
        _ => None,
    }
}

/// Reads a part's name from line `row` of `path`; `remedy` says how to do without the
/// column.
pub(super) fn parse(
    text: &str,
    path: &Path,
    row: u64,
    remedy: Option<Remedy>,
) -> Result<Part, DataError> {
    known(text).ok_or_else(|| {
        let (path, value) = (path.to_owned(), text.to_owned());
        SplitError::UnknownPart {
            path,
            row,
            value,
            remedy,
        }
        .into()
    })
}

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

    /// The shares in the order of [`Part::ALL`].
    pub(super) fn as_array(&self) -> [f64; 3] {
        [self.train, self.valid, self.test]
    }
}
