//! Batches of images, decoded in parallel, in a fixed order.

mod batch;
mod cache;
mod epoch;
mod options;
mod pipeline;
mod sampler;
mod shared;

use std::sync::Arc;

use crate::dataset::Dataset;
use crate::error::DataError;
use crate::pixels::PixelStore;
use crate::preprocess::Preprocessing;
use cache::PixelCache;
use shared::Shared;

pub use batch::Batch;
pub use epoch::Epoch;
pub use options::LoaderOptions;
pub use sampler::{BatchSampler, LastBatch};

/// Serves chosen samples of a data set as batches, epoch after epoch.
///
/// The order of an epoch is a pure function of the seed and the epoch's number;
/// neither the thread count nor timing nor earlier epochs change it.
#[derive(Clone, Debug)]
pub struct Loader {
    shared: Arc<Shared>,
    pixels: Option<Arc<PixelStore>>,
}

impl Loader {
    /// A loader over the samples `indices` of `dataset`.
    ///
    /// # Errors
    /// [`DataError::Setting`]: no samples, an index that the data set lacks, a
    /// batch size of 0, or preprocessing that its own `validate` refuses.
    pub fn new(
        dataset: Arc<Dataset>,
        indices: Vec<usize>,
        preprocessing: Preprocessing,
        options: LoaderOptions,
    ) -> Result<Self, DataError> {
        preprocessing.validate()?;
        let sampler = BatchSampler::new(
            indices.len(),
            options.batch_size,
            options.shuffle_seed,
            options.last,
        )?;
        if let Some(index) = indices.iter().find(|&&index| index >= dataset.len()) {
            return Err(DataError::setting(
                "indices",
                format!("a list with {index}"),
                format!("numbers below {}, the data set's length", dataset.len()),
            ));
        }
        let cache = PixelCache::new(indices.len(), options.cache_bytes);
        Ok(Self {
            shared: Arc::new(Shared {
                dataset,
                indices,
                preprocessing,
                options,
                sampler,
                cache,
            }),
            pixels: None,
        })
    }

    /// Takes decoded and resized images from `store` and adds those that it
    /// lacks, which changes nothing about the batches but the time they take.
    ///
    /// What is stored already is not decoded, so neither can
    /// [`LoaderOptions::decode`] refuse it.
    ///
    /// # Errors
    /// [`DataError::Setting`]: a store of images that were resized differently.
    pub fn with_pixels(mut self, store: Arc<PixelStore>) -> Result<Self, DataError> {
        let resize = &self.shared.preprocessing.resize;
        if store.resize() != resize {
            return Err(DataError::setting(
                "pixels",
                format!("a store of {:?}", store.resize()),
                format!("one that was opened for the loader's {resize:?}"),
            ));
        }
        self.pixels = Some(store);
        Ok(self)
    }

    /// Which samples make up which batch.
    pub fn sampler(&self) -> &BatchSampler {
        &self.shared.sampler
    }

    /// The data-set indices in the order in which `epoch` visits them,
    /// with those that it leaves out at the end.
    pub fn order(&self, epoch: u64) -> Vec<usize> {
        let order = self.shared.sampler.order(epoch);
        order
            .into_iter()
            .map(|place| self.shared.indices[place])
            .collect()
    }

    /// Starts `epoch` at batch `first_batch`, and the threads that decode it.
    ///
    /// An image that is not in memory or in the store ends it with an error if its
    /// content has changed since [`Dataset::contents`] was computed.
    ///
    /// A later start yields exactly the batches that an undisturbed epoch
    /// yields from there; at or past the end it yields none.
    pub fn epoch(&self, epoch: u64, first_batch: usize) -> Epoch {
        let shared = Arc::clone(&self.shared);
        Epoch::start(shared, self.pixels.clone(), epoch, first_batch)
    }

    /// The bytes of pixels that the cache holds now.
    pub fn cached_bytes(&self) -> u64 {
        self.shared.cache.used()
    }

    /// The data set.
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.shared.dataset
    }

    /// How images are prepared.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.shared.preprocessing
    }

    /// The options that the loader was made with.
    pub fn options(&self) -> &LoaderOptions {
        &self.shared.options
    }
}
