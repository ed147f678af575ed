//! One image of a loader: from memory, from the store of pixels or from its file.

use std::io;
use std::sync::Arc;

use super::cache::PixelCache;
use super::options::LoaderOptions;
use super::sampler::BatchSampler;
use crate::dataset::Dataset;
use crate::decode::decode_bytes;
use crate::error::DataError;
use crate::hash;
use crate::pixels::{PixelStore, Pixels};
use crate::preprocess::Preprocessing;

/// What the loader and the threads of its epochs share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) dataset: Arc<Dataset>,
    pub(super) indices: Vec<usize>,
    pub(super) preprocessing: Preprocessing,
    pub(super) options: LoaderOptions,
    pub(super) sampler: BatchSampler,
    pub(super) cache: PixelCache,
}

impl Shared {
    /// The resized pixels at position `place` of `indices`, `[height, width, 3]`.
    pub(super) fn load(
        &self,
        place: usize,
        store: Option<&PixelStore>,
    ) -> Result<Pixels, DataError> {
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
