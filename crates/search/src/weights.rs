//! The weights files that trials begin with: what is compared stays the same.

use std::collections::BTreeMap;
use std::path::PathBuf;

use psp_data::Stamp;
use psp_models::BackboneKind;
use psp_train::config::InitialWeights;
use psp_train::{Machine, RunConfig, initial_weights};
use serde::{Deserialize, Serialize};
use toml::Value;

use crate::config::SearchConfig;
use crate::error::SearchError;

/// SHA-256 of each weights file that a study's trials and refit begin with, by what
/// `model.weights` says, or the name of torchvision's file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Weights(BTreeMap<String, String>);

impl Weights {
    /// Those of the study that `config` describes. A file that was `known` to one that goes
    /// on and is gone stays known, since trials that have begun need it no more.
    ///
    /// # Errors
    /// A file that is missing or can't be read, or a folder without weights.
    pub(crate) fn within(
        config: &SearchConfig,
        known: Option<&Self>,
        hashes: &mut Hashes,
    ) -> Result<Self, SearchError> {
        let mut found = BTreeMap::new();
        for (weights, backbone) in values(config) {
            let Some(name) = name_of(&weights, backbone) else {
                continue;
            };
            let there = initial_weights::check_is_there(&weights, backbone, &hashes.machine);
            let hash = match (there, known.map(|known| known.0.get(&name))) {
                (Err(missing), None) => return Err(missing.into()),
                (Err(_), Some(Some(then))) => then.clone(),
                _ => hashes.of(&weights, backbone)?,
            };
            found.insert(name, hash);
        }
        Ok(Self(found))
    }

    /// Whether there are none, as in the plan of an earlier psp.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The hash of what a run of this configuration begins with; `None` of weights that
    /// are drawn, or not recorded.
    pub(crate) fn of_run(&self, config: &RunConfig) -> Option<&str> {
        let name = name_of(&config.model.weights, config.model.backbone)?;
        self.0.get(&name).map(String::as_str)
    }

    /// The first that has another hash in `now`: its name, the hash here and there.
    pub(crate) fn changed<'a>(&'a self, now: &'a Self) -> Option<(&'a str, &'a str, &'a str)> {
        self.0.iter().find_map(|(name, then)| {
            let now = now.0.get(name).filter(|now| *now != then)?;
            Some((name.as_str(), then.as_str(), now.as_str()))
        })
    }
}

/// Hashes of files, which are read again when they have changed.
#[derive(Debug)]
pub(crate) struct Hashes {
    machine: Machine,
    known: BTreeMap<PathBuf, (Stamp, String)>,
}

impl Hashes {
    /// Those of files on `machine`.
    pub(crate) fn on(machine: &Machine) -> Self {
        Self {
            machine: machine.clone(),
            known: BTreeMap::new(),
        }
    }

    /// The hash of the file that a value of `model.weights` stands for; empty of weights
    /// that are drawn.
    ///
    /// # Errors
    /// As [`Weights::within`].
    pub(crate) fn of(
        &mut self,
        weights: &InitialWeights,
        backbone: BackboneKind,
    ) -> Result<String, SearchError> {
        let path = match weights {
            // Whoever trains with it compares it.
            InitialWeights::ImageNet => return Ok(backbone.pretrained().sha256.to_owned()),
            InitialWeights::Path(path) => path,
            InitialWeights::Scratch => return Ok(String::new()),
        };
        let path = initial_weights::file_of(path)?;
        let stamp = Stamp::of(&path);
        if let Some((known, hash)) = self.known.get(&path)
            && stamp == Some(*known)
        {
            return Ok(hash.clone());
        }
        let hash = psp_schema::hash_of(&path)?;
        if let Some(stamp) = stamp {
            self.known.insert(path, (stamp, hash.clone()));
        }
        Ok(hash)
    }
}

/// The name that weights are recorded by; `None` of weights that are drawn.
fn name_of(weights: &InitialWeights, backbone: BackboneKind) -> Option<String> {
    match weights {
        InitialWeights::Scratch => None,
        InitialWeights::ImageNet => Some(backbone.pretrained().file.to_owned()),
        InitialWeights::Path(path) => Some(path.to_string_lossy().into_owned()),
    }
}

/// What `model.weights` may be in the study's trials and its refit, with the backbones.
fn values(config: &SearchConfig) -> Vec<(InitialWeights, BackboneKind)> {
    let mut all = Vec::new();
    let base = &config.base.model;
    let given = searched(config, "model.weights", &base.weights.to_string());
    let backbones = searched(config, "model.backbone", base.backbone.name());
    for &backbone in BackboneKind::ALL {
        if !backbones.iter().any(|name| name == backbone.name()) {
            continue;
        }
        let refit = config.study.refit.as_ref();
        let of_refit = refit.and_then(|refit| refit.weights(backbone));
        let weights = given.iter().map(String::as_str).chain(of_refit);
        all.extend(weights.map(|weights| (PathBuf::from(weights).into(), backbone)));
    }
    all
}

/// The texts that a key takes in the space, and `base` where it is not always searched.
pub(crate) fn searched(config: &SearchConfig, key: &str, base: &str) -> Vec<String> {
    let mut dimensions = config.space.dimensions().iter();
    let dimension = dimensions.find(|dimension| dimension.key == key);
    let grid = dimension.map_or(&[][..], |dimension| dimension.grid());
    let texts = grid.iter().filter_map(Value::as_str).map(str::to_owned);
    let mut all: Vec<String> = texts.collect();
    if dimension.is_none_or(|dimension| dimension.when.is_some()) {
        all.push(base.to_owned());
    }
    all
}
