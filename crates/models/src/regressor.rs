//! The whole model: a backbone and a head.

use burn::module::{Flag, Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::backbone::{Backbone, BackboneKind};
use crate::head::Head;
use crate::init::initial_values;
use crate::nn::Noise;
use crate::path::ModulePath;
use crate::state::{self, StateDict, StateError};

/// What defines a model's structure; it travels with every checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The backbone.
    pub backbone: BackboneKind,
    /// Width of the head's hidden layer.
    pub hidden: usize,
    /// Probability of zeroing a hidden unit of the head while training.
    pub dropout: f64,
    /// Number of scores predicted per image.
    pub targets: usize,
}

/// A backbone and a head: `[batch, 3, height, width]` to `[batch, targets]`.
#[derive(Module, Debug)]
pub struct Regressor {
    /// The feature extractor.
    pub backbone: Backbone,
    /// The regression head.
    pub head: Head,
}

impl Regressor {
    /// The model with weights drawn from `seed` (see [`crate::init`]).
    ///
    /// On an autodiff device all parameters require gradients.
    pub fn new(config: &ModelConfig, seed: u64, device: &Device) -> Self {
        let model = Self::zeros(config, device);
        let fan_in: std::collections::BTreeMap<String, usize> = state::shapes(&model)
            .into_iter()
            .filter(|(_, shape)| shape.len() >= 2)
            .map(|(key, shape)| (key, shape[1..].iter().product()))
            .collect();
        state::fill(model, |key, shape| {
            initial_values(config.backbone, key, shape, seed, |key| {
                fan_in.get(key).copied()
            })
        })
    }

    /// The model with zero weights, to be filled by [`state::load`].
    pub fn zeros(config: &ModelConfig, device: &Device) -> Self {
        let kind = config.backbone;
        Self {
            backbone: kind.build(device),
            head: Head::new(
                kind.features(),
                config.hidden,
                config.targets,
                config.dropout,
                device,
            ),
        }
    }

    /// The model with the weights of `state` (keys `backbone.…`, `head.…`).
    ///
    /// # Errors
    /// [`StateError::Mismatch`] listing every key that does not fit.
    pub fn from_state(
        config: &ModelConfig,
        state: &StateDict,
        device: &Device,
    ) -> Result<Self, StateError> {
        state::load(Self::zeros(config, device), state, |_| false)
    }

    /// Replaces the backbone's weights with those of a torchvision
    /// `state_dict`, whose classifier is left unused.
    ///
    /// # Errors
    /// [`StateError::Mismatch`] listing every key that does not fit.
    pub fn load_backbone(self, kind: BackboneKind, state: &StateDict) -> Result<Self, StateError> {
        let prefix = kind.classifier_prefix();
        let backbone = state::load(self.backbone, state, |key| key.starts_with(prefix))?;
        Ok(Self {
            backbone,
            head: self.head,
        })
    }

    /// `[batch, 3, height, width]`, normalised, to `[batch, targets]`.
    pub fn forward(&self, images: Tensor<4>, noise: &mut Noise) -> Tensor<2> {
        let features = self.backbone.forward(images, noise);
        self.head.forward(features, noise)
    }

    /// Freezes everything outside `stages` (stage names of
    /// [`BackboneKind::stages`], and `head`): no gradients, and norms keep and
    /// use their running statistics.
    pub fn freeze_except(self, stages: &[String]) -> Self {
        self.map(&mut Freezer {
            path: ModulePath::default(),
            trained: stages.to_vec(),
        })
    }
}

/// The stage that the tensor `key` belongs to: `head`, or the backbone's
/// top-level module.
pub fn stage_of(key: &str) -> &str {
    let inside = key.strip_prefix("backbone.").unwrap_or(key);
    inside.split('.').next().unwrap_or(inside)
}

struct Freezer {
    path: ModulePath,
    trained: Vec<String>,
}

impl Freezer {
    fn is_frozen(&self) -> bool {
        let key = self.path.key();
        !self.trained.iter().any(|stage| stage == stage_of(&key))
    }
}

impl ModuleMapper for Freezer {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.is_frozen() {
            param.set_require_grad(false)
        } else {
            param
        }
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        if self.is_frozen() {
            flag.with_value(false)
        } else {
            flag
        }
    }
}
