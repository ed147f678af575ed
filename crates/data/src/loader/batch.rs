//! What a loader yields.

/// Some samples, ready for a network. Arrays are row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Normalised images, `[len, 3, height, width]`.
    pub images: Vec<f32>,
    /// Labels, `[len, target_count]`.
    pub targets: Vec<f32>,
    /// The samples' data-set indices, `[len]`.
    pub indices: Vec<usize>,
    /// The batch's place in its epoch, from 0.
    pub number: usize,
    /// The epoch.
    pub epoch: u64,
    /// Height of the images in pixels.
    pub height: usize,
    /// Width of the images in pixels.
    pub width: usize,
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
