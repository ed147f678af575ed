//! The features of a backbone that stays frozen.

use burn::module::Module;
use psp_features::{Extracted, Extraction, FeatureKey, FeatureStore, default_dir};
use psp_models::{Regressor, state};

use super::Trainer;
use crate::config::{ConfigError, RunConfig};
use crate::error::TrainError;
use crate::events::Event;

/// Opens the stored features of the run's backbone; `None` where it is trained
/// or no features are wanted.
pub(super) fn open(
    config: &RunConfig,
    model: &Regressor,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Option<FeatureStore>, TrainError> {
    if !(config.train.cache_features && config.has_constant_features()) {
        return Ok(None);
    }
    let given = &config.data.cache_dir;
    let dir = match given.as_os_str().is_empty() {
        true => default_dir().ok_or_else(|| ConfigError::Value {
            key: "data.cache_dir",
            value: format!("{given:?}"),
            expected: "expected a folder, since this user has no cache folder; \
                       or set train.cache_features = false"
                .to_owned(),
        })?,
        false => given.clone(),
    };
    let weights = state::collect(&model.backbone)?;
    let key = FeatureKey::new(
        &config.model_config(),
        &weights,
        &config.preprocessing(),
        config.train.device,
    );
    let store = FeatureStore::open(&dir, key)?;
    for (path, reason) in store.discarded() {
        observe(Event::DamagedFeatures { path, reason });
    }
    Ok(Some(store))
}

impl Trainer<'_> {
    /// Computes the features of those images that have none; false when
    /// interrupted.
    pub(super) fn fill(
        &self,
        store: &mut FeatureStore,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool, TrainError> {
        let contents = self.inputs.dataset.contents()?;
        if store.missing(contents).is_empty() {
            return Ok(true);
        }
        let waiting = &mut || observe(Event::WaitingForFeatures);
        let Some(_lock) = store.lock(self.control.cancelled, waiting)? else {
            return Ok(false);
        };
        store.refresh()?;
        let missing = store.missing(contents);
        if missing.is_empty() {
            return Ok(true);
        }
        let extraction = Extraction {
            backbone: &self.model.backbone.valid(),
            device: &self.device,
            loader: &self.inputs.once(missing, &self.config)?,
            cancelled: self.control.cancelled,
        };
        let show = &mut |done, total| observe(Event::Features { done, total });
        Ok(extraction.run(store, show)? == Extracted::All)
    }
}
