//! What a loader yields.

/// Some samples, ready for a network. Arrays are row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// What the network takes, `[len, ..shape]`.
    pub values: Vec<f32>,
    /// Extents of one sample: `[3, height, width]` of a normalised image, or
    /// `[features]`.
    pub shape: Vec<usize>,
    /// Labels, `[len, target_count]`.
    pub targets: Vec<f32>,
    /// The samples' data-set indices, `[len]`.
    pub indices: Vec<usize>,
    /// The batch's place in its epoch, from 0.
    pub number: usize,
    /// The epoch.
    pub epoch: u64,
    /// Labels per sample.
    pub target_count: usize,
}

impl Batch {
    /// The number of samples, at least 1.
    #[allow(clippy::len_without_is_empty)] // No batch is empty.
    pub fn len(&self) -> usize {
        self.indices.len()
    }
}
