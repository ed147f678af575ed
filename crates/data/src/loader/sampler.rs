//! Which samples make up which batch.

use crate::error::DataError;
use crate::shuffle::{generator, shuffle};

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
    drop_last: bool,
}

impl BatchSampler {
    /// Batches of `batch_size` out of `samples` samples, shuffled by
    /// `shuffle_seed` or else in the given order, without a last batch that is
    /// not full if `drop_last` is set.
    ///
    /// # Errors
    /// [`DataError::Setting`]: no samples, a batch size of 0, or `drop_last`
    /// with fewer samples than one batch.
    pub fn new(
        samples: usize,
        batch_size: usize,
        shuffle_seed: Option<u64>,
        drop_last: bool,
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
        if drop_last && samples < batch_size {
            return Err(DataError::setting(
                "drop_last",
                format!("set, which leaves no batch of {samples} samples"),
                format!(
                    "at least batch_size = {batch_size} samples, a smaller batch_size, or \
                     drop_last off"
                ),
            ));
        }
        Ok(Self {
            samples,
            batch_size,
            shuffle_seed,
            drop_last,
        })
    }

    /// Samples per batch, but for the last.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// Batches in one epoch, at least 1.
    pub fn batches_per_epoch(&self) -> usize {
        match self.drop_last {
            true => self.samples / self.batch_size,
            false => self.samples.div_ceil(self.batch_size),
        }
    }

    /// Samples in one epoch, without those that `drop_last` leaves out.
    pub fn samples_per_epoch(&self) -> usize {
        (self.batches_per_epoch() * self.batch_size).min(self.samples)
    }

    /// Places `0..samples` in the order of `epoch`, including any at the end
    /// that `drop_last` leaves out.
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
