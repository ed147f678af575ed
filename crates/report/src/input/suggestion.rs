//! The perspective-score project's suggestions.

use serde::{Deserialize, Serialize};

/// What the report of the perspective-score project suggests at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suggestion {
    /// A larger search.
    MoreSearch,
    /// Augmented images.
    Augmentation,
    /// Training first on images of the same domain.
    DomainPretraining,
    /// More regularisation.
    Regularisation,
    /// Smaller weights.
    Compression,
    /// Faster prediction.
    Acceleration,
}

/// What was measured of a suggestion outside the search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Which suggestion.
    pub suggestion: Suggestion,
    /// What came of it, in whole sentences and with the numbers.
    pub text: String,
    /// The folder that the numbers come from, as a link.
    pub folder: Option<String>,
}
