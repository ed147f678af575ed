//! Batches of images, decoded in parallel, in a fixed order.

mod batch;
mod cache;
mod epoch;
mod pipeline;
mod sampler;

use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::decode::{DecodeLimits, decode_bytes};
use crate::error::DataError;
use crate::hash;
use crate::pixels::{PixelStore, Pixels};
use crate::preprocess::Preprocessing;
use cache::PixelCache;

pub use batch::Batch;
pub use epoch::Epoch;
pub use sampler::{BatchSampler, LastBatch};

/// How a [`Loader`] batches, orders and parallelises.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoaderOptions {
    /// Samples per batch, at least 1.
    pub batch_size: usize,
    /// Seed of the shuffled order; `None` keeps the given order in each epoch.
    pub shuffle_seed: Option<u64>,
    /// What becomes of a last batch that is not full.
    pub last: LastBatch,
    /// Threads that decode; 0 counts as 1, so that decoding always overlaps
    /// with the consumer's work.
    pub threads: usize,
    /// Finished batches to keep ready; 0 counts as 1.
    pub prefetch: usize,
    /// Bytes of decoded and resized pixels to keep in memory for later epochs;
    /// 0 turns the cache off. One 224x224 image takes 150,528 bytes. Beside a
    /// [`PixelStore`] it only takes what the store does not.
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

/// Serves chosen samples of a data set as batches, epoch after epoch.
///
/// The order of an epoch is a pure function of the seed and the epoch's number;
/// neither the thread count nor timing nor earlier epochs change it.
#[derive(Clone, Debug)]
pub struct Loader {
    shared: Arc<Shared>,
    pixels: Option<Arc<PixelStore>>,
}

/// What the loader and the threads of its epochs share.
#[derive(Debug)]
struct Shared {
    dataset: Arc<Dataset>,
    indices: Vec<usize>,
    preprocessing: Preprocessing,
    options: LoaderOptions,
    sampler: BatchSampler,
    cache: PixelCache,
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
        Epoch::start(self, epoch, first_batch)
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

impl Shared {
    /// The resized pixels at position `place` of `indices`, `[height, width, 3]`.
    fn load(&self, place: usize, store: Option<&PixelStore>) -> Result<Pixels, DataError> {
        if let Some(pixels) = self.cache.get(place) {
            return Ok(pixels.into());
        }
        let index = self.indices[place];
        self.find_or_decode(place, index, store)
            .map_err(|error| self.dataset.image_error(index, error))
    }

    fn find_or_decode(
        &self,
        place: usize,
        index: usize,
        store: Option<&PixelStore>,
    ) -> Result<Pixels, DataError> {
        let known = self.dataset.known_content(index);
        if let (Some(store), Some(content)) = (store, known)
            && let Some(pixels) = store.get(&content)
        {
            return Ok(pixels);
        }
        let bytes = self.dataset.read_image(index)?;
        // The data set's fingerprint, which results refer to, is of other bytes.
        if known.is_some_and(|known| known != hash::content(&bytes)) {
            let reason = "its content has changed since the data set was read";
            let error = io::Error::new(io::ErrorKind::InvalidData, reason);
            let path = self.dataset.image_path(index);
            return Err(DataError::io(path, "use this image")(error));
        }
        let Some(store) = store else {
            let pixels = self.decode(index, &bytes)?;
            self.cache.offer(place, &pixels);
            return Ok(pixels.into());
        };
        let content = known.unwrap_or_else(|| self.dataset.note_content(index, &bytes));
        if let Some(pixels) = store.get(&content) {
            return Ok(pixels);
        }
        let pixels = self.decode(index, &bytes)?;
        if !store.offer(content, &pixels) {
            self.cache.offer(place, &pixels);
        }
        Ok(pixels.into())
    }

    fn decode(&self, index: usize, bytes: &[u8]) -> Result<Arc<[u8]>, DataError> {
        let path = self.dataset.image_path(index);
        let image = decode_bytes(bytes, &path.to_string_lossy(), &self.options.decode)?;
        Ok(self.preprocessing.resize(&image)?.into_raw().into())
    }
}
