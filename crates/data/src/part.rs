//! What a sample is used for: training, validation or test.

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
pub(crate) fn parse(
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
