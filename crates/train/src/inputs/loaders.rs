//! The loaders of a run's images.

use std::sync::{Arc, Mutex, PoisonError, mpsc};

use psp_data::{DataError, Loader, LoaderOptions, Part, PixelStore, PixelWarning};

use super::Inputs;
use crate::error::TrainError;
use crate::machine::ResolvedRun;

/// Batches prepared ahead of the model.
const PREFETCH: usize = 4;

impl Inputs {
    /// A loader over a part in the data set's order, every image once.
    ///
    /// # Errors
    /// As [`Inputs::indices`], or a setting that the loader refuses.
    pub fn sequential(&self, part: Part, config: &ResolvedRun) -> Result<Loader, TrainError> {
        let options = LoaderOptions {
            batch_size: config.train.batch_size,
            ..loader_options(config)
        };
        self.loader(self.indices(part)?, config, options)
    }

    /// A loader over the training part, shuffled by the run's seed.
    ///
    /// # Errors
    /// As [`Inputs::indices`], a setting that the loader refuses, or a single image
    /// where batch norm needs two.
    pub fn training(&self, config: &ResolvedRun) -> Result<Loader, TrainError> {
        let indices = self.indices(Part::Train)?;
        if let (1, Some(stage)) = (indices.len(), config.single_value_stage()) {
            return Err(TrainError::SingleImage {
                source_of_split: self.split_source.clone(),
                size: config.input_size(),
                stage,
            });
        }
        let options = LoaderOptions {
            batch_size: config.train.batch_size,
            shuffle_seed: Some(config.train.seed),
            last: config.last_batch(),
            ..loader_options(config)
        };
        self.loader(indices, config, options)
    }

    /// A loader over the samples `indices` in that order, which keeps nothing.
    ///
    /// # Errors
    /// A setting that the loader refuses.
    pub(crate) fn once(
        &self,
        indices: Vec<usize>,
        config: &ResolvedRun,
    ) -> Result<Loader, TrainError> {
        let options = LoaderOptions {
            batch_size: config.train.batch_size,
            cache_bytes: 0,
            ..loader_options(config)
        };
        self.loader(indices, config, options)
    }

    fn loader(
        &self,
        indices: Vec<usize>,
        config: &ResolvedRun,
        options: LoaderOptions,
    ) -> Result<Loader, TrainError> {
        let dataset = Arc::clone(&self.dataset);
        let loader = Loader::new(dataset, indices, config.preprocessing(), options)?;
        Ok(match self.pixels(config)? {
            Some(store) => loader.with_pixels(Arc::clone(store))?,
            None => loader,
        })
    }

    /// The pixels that all runs share; `None` where the configuration wants none.
    pub(crate) fn pixels(
        &self,
        config: &ResolvedRun,
    ) -> Result<Option<&Arc<PixelStore>>, DataError> {
        if self.pixels.get().is_none() {
            let opened = open_pixels(config)?.map(Arc::new);
            // Another thread may have been faster; then its store serves.
            let _ = self.pixels.set(opened);
        }
        Ok(self.pixels.get().and_then(Option::as_ref))
    }

    /// Decodes those of the images `unchecked` that a run of `config` uses and that are
    /// not stored as pixels, so that a bad one is found before anything begins.
    /// `observe(done, total)` is told of each.
    ///
    /// # Errors
    /// The first image that can't be used.
    pub fn check_images(
        &self,
        config: &ResolvedRun,
        mut unchecked: Vec<usize>,
        observe: &mut dyn FnMut(usize, usize),
    ) -> Result<(), TrainError> {
        let dataset = &self.dataset;
        if let Some(pixels) = self.pixels(config)? {
            let contents = dataset.contents()?;
            unchecked.retain(|&index| !pixels.contains(&contents[index]));
        }
        if config.data.train_images.is_some() {
            let (contents, used) = (dataset.contents()?, self.used_contents()?);
            unchecked.retain(|&index| used.contains(&contents[index]));
        }
        let (threads, limits) = (config.threads, config.decode_limits());
        let (sender, receiver) = mpsc::channel();
        let sender = Mutex::new(sender);
        std::thread::scope(|scope| {
            let checking = scope.spawn(|| {
                // Moved in, so that the channel closes when the check ends.
                let sender = sender;
                dataset.check_images(&unchecked, threads, &limits, &|done, total| {
                    let sender = sender.lock().unwrap_or_else(PoisonError::into_inner);
                    // The receiver outlives the check.
                    let _ = sender.send((done, total));
                })
            });
            for (done, total) in receiver {
                observe(done, total);
            }
            match checking.join() {
                Ok(checked) => Ok(checked?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    /// What went wrong with the stored pixels since this was last asked.
    pub(crate) fn pixel_warnings(&self) -> Vec<PixelWarning> {
        let store = self.pixels.get().and_then(Option::as_ref);
        store.map_or_else(Vec::new, |store| store.take_warnings())
    }
}

fn open_pixels(config: &ResolvedRun) -> Result<Option<PixelStore>, DataError> {
    let mib = config.data.pixel_store_mib;
    let Some(dir) = config.cache_dir.as_ref().filter(|_| mib > 0) else {
        return Ok(None);
    };
    let resize = config.preprocessing().resize;
    PixelStore::open(dir, &resize, mib << 20).map(Some)
}

fn loader_options(config: &ResolvedRun) -> LoaderOptions {
    LoaderOptions {
        threads: config.threads,
        prefetch: PREFETCH,
        cache_bytes: config.data.cache_mib << 20,
        decode: config.decode_limits(),
        ..LoaderOptions::default()
    }
}
