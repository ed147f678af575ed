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

#[cfg(test)]
impl Sample {
    /// One for each of these labels of a single target, from line 2 on.
    pub(crate) fn of_one_target(labels: &[f32]) -> Vec<Self> {
        (2..)
            .zip(labels)
            .map(|(row, &label)| Self {
                filename: format!("{row}.jpg"),
                labels: vec![label],
                row,
            })
            .collect()
    }
}
