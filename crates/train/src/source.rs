//! Where a run's batches come from.

use std::sync::Arc;

use crate::features::{FeatureLoader, FeatureStore};
use psp_data::{Batch, BatchSampler, DataError, Loader, Part};

use crate::error::TrainError;
use crate::inputs::Inputs;
use crate::machine::ResolvedRun;

/// A part of the data as batches: images, or what a frozen backbone makes of
/// them. Both give the same samples in the same order.
pub(crate) enum Source {
    Images(Loader),
    Features(FeatureLoader),
}

impl Source {
    /// The training part, shuffled by the run's seed.
    pub(crate) fn training(
        inputs: &Inputs,
        config: &ResolvedRun,
        store: Option<&Arc<FeatureStore>>,
    ) -> Result<Self, TrainError> {
        Self::new(inputs.training(config)?, Part::Train, inputs, store)
    }

    /// The validation part in its order, every image once; `None` where it is empty.
    pub(crate) fn validation(
        inputs: &Inputs,
        config: &ResolvedRun,
        store: Option<&Arc<FeatureStore>>,
    ) -> Result<Option<Self>, TrainError> {
        if !inputs.has_validation() {
            return Ok(None);
        }
        let loader = inputs.sequential(Part::Valid, config)?;
        Self::new(loader, Part::Valid, inputs, store).map(Some)
    }

    fn new(
        images: Loader,
        part: Part,
        inputs: &Inputs,
        store: Option<&Arc<FeatureStore>>,
    ) -> Result<Self, TrainError> {
        let Some(store) = store else {
            return Ok(Self::Images(images));
        };
        let loader = FeatureLoader::new(
            Arc::clone(store),
            Arc::clone(&inputs.dataset),
            inputs.indices(part)?,
            images.sampler().clone(),
        )?;
        Ok(Self::Features(loader))
    }

    pub(crate) fn sampler(&self) -> &BatchSampler {
        match self {
            Self::Images(loader) => loader.sampler(),
            Self::Features(loader) => loader.sampler(),
        }
    }

    /// The batches of `epoch` from batch `first_batch` on.
    pub(crate) fn epoch(
        &self,
        epoch: u64,
        first_batch: usize,
    ) -> Box<dyn Iterator<Item = Result<Batch, DataError>>> {
        match self {
            Self::Images(loader) => Box::new(loader.epoch(epoch, first_batch)),
            Self::Features(loader) => Box::new(loader.epoch(epoch, first_batch).map(Ok)),
        }
    }
}
