//! What consecutive runs of one process share.
//!
//! Trials of a study on one frozen backbone differ in their heads alone. Without
//! more ado each would read and hash the images, read, build and hash the backbone
//! and write it into its folder, which takes longer than the training. A
//! [`Session`] keeps these from one run to the next, as long as the files that they
//! come from are what they were.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::features::{FeatureKey, FeatureStore};
use psp_data::{DataError, Dataset, DatasetOptions, Preprocessing, Stamp};
use psp_models::{Backbone, DeviceSpec, ModelConfig};

use crate::checkpoint::Frozen;
use crate::config::{InitialWeights, RunConfig};
use crate::initial_weights::TrainedHead;
use crate::machine::ResolvedRun;

/// Kept by whoever makes several runs, and handed to each by
/// [`Control::within`](crate::Control::within).
#[derive(Debug, Default)]
pub struct Session {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    dataset: Option<(DatasetOptions, Arc<Dataset>)>,
    backbone: Option<KeptBackbone>,
    features: Option<Arc<FeatureStore>>,
}

/// What decides a frozen backbone's weights and where they lie.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BackboneIdentity {
    /// With the same head for all.
    config: ModelConfig,
    weights: Option<(PathBuf, Stamp)>,
    /// Of weights that are drawn.
    seed: Option<u64>,
    device: DeviceSpec,
}

impl BackboneIdentity {
    /// That of a run whose backbone stays frozen; `None` for another, or where the
    /// weights can't be looked at.
    pub(crate) fn of(config: &ResolvedRun) -> Option<Self> {
        if !config.has_constant_features() {
            return None;
        }
        let weights = match &config.model.weights {
            InitialWeights::Scratch => None,
            InitialWeights::Path(path) => Some((path.clone(), Stamp::of(path)?)),
            // Its file is not located yet.
            InitialWeights::ImageNet => return None,
        };
        Some(Self {
            config: ModelConfig {
                hidden: 1,
                dropout: 0.0,
                targets: 1,
                ..config.model_config()
            },
            seed: weights.is_none().then_some(config.train.seed),
            weights,
            device: config.device,
        })
    }
}

/// What comes of a weights file besides the backbone.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// SHA-256 of the file.
    pub(crate) sha256: String,
    /// What a user should know of how it was read, a sentence each.
    pub(crate) notes: Vec<String>,
    /// Of a model that psp has trained.
    pub(crate) head: Option<TrainedHead>,
}

#[derive(Debug)]
struct KeptBackbone {
    identity: BackboneIdentity,
    backbone: Backbone,
    origin: Option<Origin>,
    /// The keys of what it makes of images, by their preprocessing.
    keys: Vec<(Preprocessing, FeatureKey)>,
    /// A file with its tensors in the folder of a run.
    frozen: Option<(PathBuf, Stamp, Frozen)>,
}

impl Session {
    /// A session that keeps nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // What is kept is whole after each change.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The data set, opened anew if any of its files has changed.
    ///
    /// # Errors
    /// As [`Dataset::open`].
    pub(crate) fn dataset(&self, options: &DatasetOptions) -> Result<Arc<Dataset>, DataError> {
        let mut kept = self.kept();
        if let Some((known, dataset)) = &kept.dataset
            && known == options
            && dataset.is_unchanged()
        {
            return Ok(Arc::clone(dataset));
        }
        kept.dataset = None;
        let dataset = Arc::new(Dataset::open(options)?);
        kept.dataset = Some((options.clone(), Arc::clone(&dataset)));
        Ok(dataset)
    }

    /// The fingerprint of the data that `config` names, as runs within this session
    /// find them.
    ///
    /// # Errors
    /// As [`Dataset::open`], or an image that can't be read.
    pub fn data_fingerprint(&self, config: &RunConfig) -> Result<String, DataError> {
        self.dataset(&config.dataset_options())?.fingerprint()
    }

    /// A backbone of this identity, and what else came of its weights file.
    pub(crate) fn backbone(
        &self,
        identity: &BackboneIdentity,
    ) -> Option<(Backbone, Option<Origin>)> {
        let kept = self.kept();
        let known = kept.backbone.as_ref()?;
        (known.identity == *identity).then(|| (known.backbone.clone(), known.origin.clone()))
    }

    /// Keeps a backbone.
    pub(crate) fn keep_backbone(
        &self,
        identity: BackboneIdentity,
        backbone: &Backbone,
        origin: Option<&Origin>,
    ) {
        self.kept().backbone = Some(KeptBackbone {
            identity,
            backbone: backbone.clone(),
            origin: origin.cloned(),
            keys: Vec::new(),
            frozen: None,
        });
    }

    /// The key of what the backbone makes of images so prepared, made by `make`
    /// where it is not known.
    pub(crate) fn feature_key<E>(
        &self,
        identity: Option<&BackboneIdentity>,
        preprocessing: &Preprocessing,
        make: impl FnOnce() -> Result<FeatureKey, E>,
    ) -> Result<FeatureKey, E> {
        let mut kept = self.kept();
        let known = kept
            .backbone
            .as_mut()
            .filter(|known| identity == Some(&known.identity));
        let Some(known) = known else { return make() };
        if let Some((_, key)) = known.keys.iter().find(|(with, _)| with == preprocessing) {
            return Ok(key.clone());
        }
        let key = make()?;
        known.keys.push((preprocessing.clone(), key.clone()));
        Ok(key)
    }

    /// Takes out the features of this key that are stored in the cache folder `dir`, or kept in
    /// memory, if nobody else uses them.
    pub(crate) fn take_features(
        &self,
        dir: Option<&Path>,
        key: &FeatureKey,
    ) -> Option<FeatureStore> {
        let store = self.kept().features.take()?;
        let store = Arc::try_unwrap(store).ok()?;
        let is_there = match (store.dir(), dir) {
            (Some(own), Some(dir)) => own.starts_with(dir),
            (own, _) => own.is_none(),
        };
        (store.key() == key && is_there).then_some(store)
    }

    /// Keeps stored features.
    pub(crate) fn keep_features(&self, store: &Arc<FeatureStore>) {
        self.kept().features = Some(Arc::clone(store));
    }

    /// Gives the backbone's file in the folder of an earlier run a second name in
    /// `dir`; `None` where there is none, or it has changed, or the file system has
    /// no such names.
    pub(crate) fn link_frozen(&self, identity: &BackboneIdentity, dir: &Path) -> Option<Frozen> {
        let kept = self.kept();
        let known = kept.backbone.as_ref()?;
        let (path, stamp, frozen) = known.frozen.as_ref()?;
        let same = known.identity == *identity && Stamp::of(path) == Some(*stamp);
        (same && frozen.link(path, dir).is_ok()).then(|| frozen.clone())
    }

    /// Keeps a file with the backbone's tensors, in the folder `dir`.
    pub(crate) fn keep_frozen(&self, identity: &BackboneIdentity, dir: &Path, frozen: &Frozen) {
        let path = frozen.path(dir);
        let mut kept = self.kept();
        if let (Some(known), Some(stamp)) = (kept.backbone.as_mut(), Stamp::of(&path))
            && known.identity == *identity
        {
            known.frozen = Some((path, stamp, frozen.clone()));
        }
    }
}
