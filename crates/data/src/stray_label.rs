//! A label that is out of the ordinary.

use std::path::PathBuf;

/// A label outside the usual range, in which most lie.
#[derive(Clone, Debug, PartialEq)]
pub struct StrayLabel {
    /// The labels file.
    pub path: PathBuf,
    /// The line.
    pub row: u64,
    /// The target's column.
    pub column: String,
    /// The label.
    pub value: f32,
    /// Labels in the range.
    pub inside: usize,
    /// All labels.
    pub total: usize,
}
