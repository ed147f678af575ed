//! A row of the labels CSV.

/// One image and its scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The image's path relative to the image folder, as the CSV spells it.
    pub filename: String,
    /// One score per target, in the order of [`LabelTable::targets`](crate::LabelTable::targets).
    pub labels: Vec<f32>,
    /// The line of the CSV, counting from 1 with the header.
    pub row: u64,
}
