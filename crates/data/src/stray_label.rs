//! Labels outside the usual range.

use std::path::PathBuf;

/// A label outside the usual range, in which most lie.
#[derive(Clone, Debug, PartialEq)]
pub struct StrayLabel {
    /// The labels file.
    pub path: PathBuf,
    /// Its line in the file, from 1.
    pub row: u64,
    /// The target's column.
    pub column: String,
    /// The label as it was read.
    pub value: f32,
    /// Labels in the range.
    pub inside: usize,
    /// Labels of this target in all.
    pub total: usize,
}
