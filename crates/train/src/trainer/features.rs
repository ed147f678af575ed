//! The features of a backbone that stays frozen.

use std::path::Path;
use std::time::Duration;

use crate::features::{
    Extracted, Extraction, FeatureError, FeatureKey, FeatureStore, SHARES, share_of,
};
use psp_models::{Backbone, Precision, Regressor, state};

use super::Trainer;
use crate::error::TrainError;
use crate::events::Event;
use crate::machine::ResolvedRun;
use crate::session::{BackboneIdentity, Session};

/// Opens the stored features of the run's backbone; `None` where it is trained
/// or no features are wanted.
pub(super) fn open(
    config: &ResolvedRun,
    model: &Regressor,
    session: &Session,
    identity: Option<&BackboneIdentity>,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Option<FeatureStore>, TrainError> {
    if !(config.train.cache_features && config.has_constant_features()) {
        return Ok(None);
    }
    let preprocessing = config.preprocessing();
    let key = session.feature_key(identity, &preprocessing, || {
        let weights = state::collect(&model.backbone)?;
        let config_of = config.model_config();
        let device = config.device;
        let key = FeatureKey::new(&config_of, &weights, &preprocessing, device);
        Ok::<_, TrainError>(key)
    })?;
    let dir = config.cache_dir.as_deref();
    let kept = session.take_features(dir, &key);
    let mut store = kept.unwrap_or_else(|| open_or_hold(dir, key));
    tell_of_discarded(&mut store, observe);
    Ok(Some(store))
}

/// A folder that can't be used, or a user without a home who has none, is no reason not to
/// train: the features are then kept in memory.
fn open_or_hold(dir: Option<&Path>, key: FeatureKey) -> FeatureStore {
    let opened = dir.map_or(Err(FeatureError::NoFolder), |dir| {
        FeatureStore::open(dir, key.clone())
    });
    opened.unwrap_or_else(|error| FeatureStore::in_memory(key, &error))
}

fn tell_of_discarded(store: &mut FeatureStore, observe: &mut dyn FnMut(Event<'_>)) {
    for (path, reason) in &store.take_discarded() {
        observe(Event::DamagedFeatures { path, reason });
    }
    if let Some(reason) = &store.take_trouble() {
        observe(Event::UnstoredFeatures { reason });
    }
}

/// Between two looks at what other processes have computed.
const POLL: Duration = Duration::from_millis(50);

impl Trainer<'_> {
    /// Computes the features of those images that have none, share by share, while
    /// other processes compute other shares; false when interrupted.
    pub(super) fn fill(
        &self,
        store: &mut FeatureStore,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool, TrainError> {
        let contents = self.inputs.dataset.contents()?;
        let used = self.inputs.used_contents()?;
        let missing = |store: &FeatureStore| -> Vec<usize> {
            let mut missing = store.missing(contents);
            missing.retain(|&index| used.contains(&contents[index]));
            missing
        };
        let total = missing(store).len();
        if total == 0 {
            return Ok(true);
        }
        let folded = self.model.for_inference(Precision::Fp32);
        let backbone = &folded.regressor().backbone;
        let mut waiting = false;
        loop {
            store.refresh()?;
            tell_of_discarded(store, observe);
            if missing(store).is_empty() {
                return Ok(true);
            }
            let mut worked = false;
            for share in shares_from(std::process::id()) {
                match self.fill_share(backbone, store, share, total, &missing, observe)? {
                    Filled::All => worked = true,
                    Filled::Nothing => {}
                    Filled::Interrupted => return Ok(false),
                }
            }
            if !worked && !std::mem::replace(&mut waiting, true) {
                observe(Event::WaitingForFeatures);
            }
            if self.control.is_cancelled() {
                return Ok(false);
            }
            if !worked {
                std::thread::sleep(POLL);
            }
        }
    }

    /// Computes what is missing of one share, unless another process does.
    fn fill_share(
        &self,
        backbone: &Backbone,
        store: &mut FeatureStore,
        share: u8,
        total: usize,
        missing: &dyn Fn(&FeatureStore) -> Vec<usize>,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Filled, TrainError> {
        let contents = self.inputs.dataset.contents()?;
        let of_share = |store: &FeatureStore| -> Vec<usize> {
            let mut missing = missing(store);
            missing.retain(|&index| share_of(&contents[index]) == share);
            missing
        };
        if of_share(store).is_empty() {
            return Ok(Filled::Nothing);
        }
        let Some(_lock) = store.try_lock(share) else {
            return Ok(Filled::Nothing);
        };
        // Whoever had the share before may have computed it.
        store.refresh()?;
        tell_of_discarded(store, observe);
        let wanted = of_share(store);
        if wanted.is_empty() {
            return Ok(Filled::All);
        }
        let before = total.saturating_sub(missing(store).len());
        let extraction = Extraction {
            backbone,
            device: &self.device,
            loader: &self.inputs.once(wanted, &self.config)?,
            cancelled: self.control.cancelled,
        };
        let show = &mut |done, _| {
            let done = before + done;
            observe(Event::Features { done, total });
        };
        let extracted = extraction.run(store, show)?;
        tell_of_discarded(store, observe);
        Ok(match extracted {
            Extracted::All => Filled::All,
            Extracted::Some => Filled::Interrupted,
        })
    }
}

/// What came of one share.
enum Filled {
    All,
    /// Nothing was missing, or another process is at it.
    Nothing,
    Interrupted,
}

/// All shares, each process beginning somewhere else.
fn shares_from(process: u32) -> impl Iterator<Item = u8> {
    // Numbers of processes that were started together follow each other.
    let first = (process.wrapping_mul(7) % u32::from(SHARES)) as u8;
    (0..SHARES).map(move |step| (first + step) % SHARES)
}
