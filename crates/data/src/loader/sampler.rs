//! Which samples make up which batch.

use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::shuffle::{generator, shuffle};

/// What becomes of an epoch's last batch where it is not full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LastBatch {
    /// It is smaller.
    #[default]
    Keep,
    /// It is left out if it has one sample, over which batch norm has nothing to
    /// average.
    DropSingle,
    /// It is left out.
    DropPartial,
}

/// Divides `samples` samples into batches, in an order of its own for every
/// epoch.
///
/// The order of an epoch is a pure function of the seed and the epoch's number;
/// what is loaded, by how many threads, and earlier epochs do not change it.
#[derive(Clone, Debug)]
pub struct BatchSampler {
    samples: usize,
    batch_size: usize,
    shuffle_seed: Option<u64>,
    last: LastBatch,
}

impl BatchSampler {
    /// Batches of `batch_size` out of `samples` samples, shuffled by
    /// `shuffle_seed` or else in the given order. Where there are fewer samples than
    /// `batch_size`, they are one batch, whatever `last` says.
    ///
    /// # Errors
    /// [`DataError::Setting`]: no samples, or a batch size of 0.
    pub fn new(
        samples: usize,
        batch_size: usize,
        shuffle_seed: Option<u64>,
        last: LastBatch,
    ) -> Result<Self, DataError> {
        if batch_size == 0 {
            return Err(DataError::setting("batch_size", "0", "at least 1"));
        }
        if samples == 0 {
            return Err(DataError::setting(
                "indices",
                "empty",
                "at least one sample to load",
            ));
        }
        Ok(Self {
            samples,
            batch_size,
            shuffle_seed,
            last,
        })
    }

    /// Samples per batch, but for the last.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// Batches in one epoch, at least 1.
    pub fn batches_per_epoch(&self) -> usize {
        self.samples_per_epoch().div_ceil(self.batch_size)
    }

    /// Samples in one epoch, without those that are left out.
    pub fn samples_per_epoch(&self) -> usize {
        self.samples - self.left_out()
    }

    /// Samples that each epoch leaves out, other ones each time when shuffled.
    pub fn left_out(&self) -> usize {
        let last = self.samples % self.batch_size;
        let is_dropped = match self.last {
            LastBatch::Keep => false,
            LastBatch::DropSingle => last == 1,
            LastBatch::DropPartial => true,
        };
        if is_dropped && self.samples > self.batch_size {
            last
        } else {
            0
        }
    }

    /// Places `0..samples` in the order of `epoch`, with those that are left out at
    /// the end.
    pub fn order(&self, epoch: u64) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.samples).collect();
        if let Some(seed) = self.shuffle_seed {
            let mut generator = generator(b"psp epoch order1", seed, epoch);
            shuffle(&mut places, &mut generator);
        }
        places
    }

    /// The places of `epoch` from batch `first_batch` on, in order; each
    /// [`batch_size`](Self::batch_size) of them are a batch.
    pub fn places(&self, epoch: u64, first_batch: usize) -> Vec<usize> {
        let mut places = self.order(epoch);
        places.truncate(self.samples_per_epoch());
        let skipped = first_batch.saturating_mul(self.batch_size);
        places.split_off(skipped.min(places.len()))
    }
}
