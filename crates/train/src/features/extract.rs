//! Computing features that are not stored yet.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use burn::tensor::Device;
use psp_data::Loader;
use psp_models::nn::Noise;
use psp_models::predict::{input, to_host};
use psp_models::{Backbone, Input, Precision};

use crate::features::Content;
use crate::features::error::FeatureError;
use crate::features::store::FeatureStore;

/// How an [`Extraction`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extracted {
    /// Every image's features are stored.
    All,
    /// It was cancelled; the features computed so far are stored.
    Some,
}

/// Images after which what is computed is stored.
const SEGMENT_ROWS: usize = 2048;

/// Seconds after which it is stored in any case, so that little is lost.
const SEGMENT_SECONDS: Duration = Duration::from_secs(60);

/// What features are computed of, and with.
#[derive(Clone, Copy, Debug)]
pub struct Extraction<'a> {
    /// The backbone in evaluation mode (`valid()`), on `device`; faster with its
    /// norms folded ([`psp_models::InferenceModel`]).
    pub backbone: &'a Backbone,
    /// Without autodiff.
    pub device: &'a Device,
    /// Serves the images: those of its first epoch.
    pub loader: &'a Loader,
    /// Set to true, it ends the work after the batch at hand.
    pub cancelled: &'a AtomicBool,
}

impl Extraction<'_> {
    /// Computes the features and stores them; `observe(done, total)` is called
    /// after each batch.
    ///
    /// # Errors
    /// An image that can't be loaded or has no finite features, a device or a
    /// disk that fails. What was computed before is stored.
    pub fn run(
        &self,
        store: &mut FeatureStore,
        observe: &mut dyn FnMut(usize, usize),
    ) -> Result<Extracted, FeatureError> {
        let mut pending = Pending::new(store);
        let outcome = self.compute(&mut pending, observe);
        // Stored after a failure too; the failure itself is what is reported.
        let stored = pending.store();
        let outcome = outcome?;
        stored.map(|()| outcome)
    }

    fn compute(
        &self,
        pending: &mut Pending<'_>,
        observe: &mut dyn FnMut(usize, usize),
    ) -> Result<Extracted, FeatureError> {
        let dataset = self.loader.dataset();
        let contents = dataset.contents()?;
        let total = self.loader.sampler().samples_per_epoch();
        let mut done = 0;
        for batch in self.loader.epoch(0, 0) {
            if self.cancelled.load(Ordering::Relaxed) {
                return Ok(Extracted::Some);
            }
            let mut batch = batch?;
            let features = match input(&mut batch, self.device) {
                Input::Images(images) => {
                    let images = Precision::Fp32.images(images);
                    self.backbone.forward(images, &mut Noise::off()).0
                }
                Input::Features(features) => features,
            };
            let [_, width] = features.dims();
            let features = to_host(features)?;
            if let Some(place) = features.iter().position(|value| !value.is_finite()) {
                return Err(FeatureError::NonFinite {
                    path: dataset.image_path(batch.indices[place / width]).to_owned(),
                    feature: place % width,
                    value: features[place],
                });
            }
            let of_batch = batch.indices.iter().map(|&index| contents[index]);
            pending.push(of_batch, &features)?;
            done += batch.len();
            observe(done, total);
        }
        Ok(Extracted::All)
    }
}

/// Features on their way into the store.
struct Pending<'a> {
    store: &'a mut FeatureStore,
    contents: Vec<Content>,
    features: Vec<f32>,
    since: Instant,
}

impl<'a> Pending<'a> {
    fn new(store: &'a mut FeatureStore) -> Self {
        Self {
            store,
            contents: Vec::new(),
            features: Vec::new(),
            since: Instant::now(),
        }
    }

    fn push(
        &mut self,
        contents: impl Iterator<Item = Content>,
        features: &[f32],
    ) -> Result<(), FeatureError> {
        self.contents.extend(contents);
        self.features.extend_from_slice(features);
        if self.contents.len() >= SEGMENT_ROWS || self.since.elapsed() >= SEGMENT_SECONDS {
            self.store()?;
        }
        Ok(())
    }

    fn store(&mut self) -> Result<(), FeatureError> {
        if !self.contents.is_empty() {
            self.store.add(&self.contents, &self.features)?;
        }
        self.contents.clear();
        self.features.clear();
        self.since = Instant::now();
        Ok(())
    }
}
