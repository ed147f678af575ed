//! How batches are made.

use serde::{Deserialize, Serialize};

use super::sampler::LastBatch;
use crate::decode::DecodeLimits;

/// How a [`Loader`](crate::Loader) batches, orders and parallelises.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoaderOptions {
    /// Samples per batch, at least 1.
    pub batch_size: usize,
    /// Seed of the shuffled order; `None` keeps the given order in each epoch.
    pub shuffle_seed: Option<u64>,
    /// What becomes of a last batch that is not full.
    pub last: LastBatch,
    /// Threads that decode; 0: one per core.
    pub threads: usize,
    /// Finished batches to keep ready; 0 counts as 1.
    pub prefetch: usize,
    /// Bytes of decoded and resized pixels to keep in memory for later epochs;
    /// 0 turns the cache off. One 224x224 image takes 150,528 bytes. Beside a
    /// [`PixelStore`](crate::PixelStore) it only takes what the store does not.
    pub cache_bytes: u64,
    /// How large an image may be.
    pub decode: DecodeLimits,
}

impl Default for LoaderOptions {
    /// Batches of 32 in the given order, one thread, two batches ahead, no cache.
    fn default() -> Self {
        Self {
            batch_size: 32,
            shuffle_seed: None,
            last: LastBatch::Keep,
            threads: 1,
            prefetch: 2,
            cache_bytes: 0,
            decode: DecodeLimits::default(),
        }
    }
}
