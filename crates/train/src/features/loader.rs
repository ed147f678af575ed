//! Stored features as batches.

use std::sync::Arc;

use psp_data::{Batch, BatchSampler, Dataset};

use crate::features::Content;
use crate::features::error::FeatureError;
use crate::features::store::FeatureStore;

/// Serves the stored features of chosen samples as batches of shape `[width]`,
/// epoch after epoch, straight from the mapped files.
#[derive(Clone, Debug)]
pub struct FeatureLoader {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Arc<FeatureStore>,
    dataset: Arc<Dataset>,
    indices: Vec<usize>,
    /// One for each of `indices`.
    contents: Vec<Content>,
    sampler: BatchSampler,
}

impl FeatureLoader {
    /// A loader over the samples `indices` of `dataset`, in the batches of
    /// `sampler`, which is made for as many samples.
    ///
    /// # Errors
    /// [`FeatureError::Missing`] for an image whose features are not stored.
    ///
    /// # Panics
    /// When an index is not below the data set's length, as slices do.
    pub fn new(
        store: Arc<FeatureStore>,
        dataset: Arc<Dataset>,
        indices: Vec<usize>,
        sampler: BatchSampler,
    ) -> Result<Self, FeatureError> {
        let all = dataset.contents()?;
        let contents: Vec<Content> = indices.iter().map(|&index| all[index]).collect();
        if let Some(&place) = store.missing(&contents).first() {
            return Err(FeatureError::Missing {
                path: dataset.image_path(indices[place]).to_owned(),
            });
        }
        Ok(Self {
            shared: Arc::new(Shared {
                store,
                dataset,
                indices,
                contents,
                sampler,
            }),
        })
    }

    /// Which samples make up which batch.
    pub fn sampler(&self) -> &BatchSampler {
        &self.shared.sampler
    }

    /// The batches of `epoch` from batch `first_batch` on.
    pub fn epoch(&self, epoch: u64, first_batch: usize) -> FeatureEpoch {
        FeatureEpoch {
            places: self.shared.sampler.places(epoch, first_batch),
            shared: Arc::clone(&self.shared),
            epoch,
            number: first_batch,
        }
    }
}

/// The batches of one epoch, in order.
#[derive(Debug)]
pub struct FeatureEpoch {
    shared: Arc<Shared>,
    /// Those not yet served.
    places: Vec<usize>,
    epoch: u64,
    number: usize,
}

impl Iterator for FeatureEpoch {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let shared = &self.shared;
        let rest = shared.sampler.batch_size().min(self.places.len());
        let rest = self.places.split_off(rest);
        let places = std::mem::replace(&mut self.places, rest);
        if places.is_empty() {
            return None;
        }
        let mut batch = Batch {
            values: Vec::with_capacity(places.len() * shared.store.width()),
            shape: vec![shared.store.width()],
            targets: Vec::new(),
            indices: Vec::with_capacity(places.len()),
            number: self.number,
            epoch: self.epoch,
            target_count: shared.dataset.targets().len(),
        };
        for place in places {
            // All are there: `new` has checked it, and nothing is ever taken
            // out of a store.
            let features = shared
                .store
                .get(&shared.contents[place])
                .unwrap_or_default();
            let index = shared.indices[place];
            batch.values.extend_from_slice(features);
            let labels = &shared.dataset.samples()[index].labels;
            batch.targets.extend_from_slice(labels);
            batch.indices.push(index);
        }
        self.number += 1;
        Some(batch)
    }
}
