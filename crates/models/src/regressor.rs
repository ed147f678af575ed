//! The whole model: a backbone and a head.

use burn::module::Module;
use burn::tensor::{Device, FloatDType, Tensor};

use crate::backbones::Backbone;
use crate::config::ModelConfig;
use crate::head::Head;
use crate::init::initial_values;
use crate::nn::Noise;
use crate::output::Output;
use crate::path::is_within;
use crate::state::{self, Leftover, StateDict, StateError};
use crate::torchvision;
use crate::weights::{Recognised, WeightsError, WeightsFile};

/// A backbone and a head: `[batch, 3, height, width]` to `[batch, targets]`.
#[derive(Module, Debug)]
pub struct Regressor {
    /// The feature extractor.
    pub backbone: Backbone,
    /// The regression head.
    pub head: Head,
    /// From the head's values to labels.
    #[module(skip)]
    pub output: Output,
}

impl Regressor {
    /// The model with weights as torchvision and PyTorch draw them, each tensor's from
    /// `seed` and its name.
    ///
    /// On an autodiff device all parameters require gradients.
    pub fn new(config: &ModelConfig, seed: u64, device: &Device) -> Self {
        Self::zeros(config, device).draw(config, seed, |_| true)
    }

    /// The model with a torchvision `state_dict` in its backbone, as
    /// [`Regressor::load_backbone`] puts it there, and everything else as
    /// [`Regressor::new`] draws it.
    ///
    /// # Errors
    /// [`StateError::Mismatch`] listing every key that does not fit.
    pub fn pretrained(
        config: &ModelConfig,
        seed: u64,
        state: StateDict,
        device: &Device,
    ) -> Result<Self, StateError> {
        let model = Self::zeros(config, device).load_backbone(state)?;
        let kept = config.backbone.auxiliary_classifiers();
        Ok(
            model.draw(config, seed, |key| match key.strip_prefix("backbone.") {
                Some(key) => kept.iter().any(|module| is_within(key, module)),
                None => true,
            }),
        )
    }

    /// A model with this backbone and a head as [`Regressor::new`] draws it from
    /// `seed`.
    pub fn with_backbone(
        backbone: Backbone,
        config: &ModelConfig,
        seed: u64,
        device: &Device,
    ) -> Self {
        let head = Head::new(
            config.backbone.features(),
            config.hidden,
            config.targets,
            config.dropout,
            device,
        );
        let is_of_head = |key: &str| key.starts_with("head.");
        let output = config.output.clone();
        let model = Self {
            backbone,
            head,
            output,
        };
        model.draw(config, seed, is_of_head)
    }

    /// Draws the tensors that `wanted` accepts by key from `seed`.
    fn draw(self, config: &ModelConfig, seed: u64, wanted: impl Fn(&str) -> bool) -> Self {
        let fan_in: std::collections::BTreeMap<String, usize> = state::shapes(&self)
            .into_iter()
            .filter(|(_, shape)| shape.len() >= 2)
            .map(|(key, shape)| (key, shape[1..].iter().product()))
            .collect();
        let initial = config.backbone.spec().initial;
        state::fill_some(self, |key, shape| {
            wanted(key)
                .then(|| initial_values(initial, key, shape, seed, |key| fan_in.get(key).copied()))
        })
    }

    /// The model with zero weights, to be filled by [`state::load`].
    pub fn zeros(config: &ModelConfig, device: &Device) -> Self {
        let kind = config.backbone;
        Self {
            backbone: Backbone::new(config, device),
            head: Head::new(
                kind.features(),
                config.hidden,
                config.targets,
                config.dropout,
                device,
            ),
            output: config.output.clone(),
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
        state::load(Self::zeros(config, device), state, Leftover::default())
    }

    /// Replaces the backbone's weights with those of a torchvision
    /// `state_dict`. Its classifier is left unused, and so are auxiliary
    /// classifiers that the model does not have; the last layers of those that
    /// it has, which predict other things there, keep their values. A ViT's
    /// positional embeddings are interpolated to the model's input size.
    ///
    /// # Errors
    /// [`StateError::Mismatch`] listing every key that does not fit.
    pub fn load_backbone(self, state: StateDict) -> Result<Self, StateError> {
        let kind = self.backbone.kind();
        let shapes = state::shapes(&self.backbone);
        let has = |module: &str| shapes.iter().any(|(key, _)| is_within(key, module));
        let absent = kind.auxiliary().iter().filter(|module| !has(module));
        let kept = kind.auxiliary_classifiers();
        let unused: Vec<&str> = [&kind.spec().classifier]
            .into_iter()
            .chain(absent)
            .chain(kept)
            .copied()
            .collect();
        let leftover = Leftover {
            unused: &unused,
            kept,
        };
        let state = torchvision::modernise(kind, state, &shapes);
        Ok(Self {
            backbone: state::load(self.backbone, &state, leftover)?,
            ..self
        })
    }

    /// The same model, without autodiff, with a head that computes labels: the scale
    /// and mean of its [`output`](Self::output) are in the weights of the last layer.
    pub fn in_label_units(self) -> Self {
        Self {
            head: self.head.in_units_of(&self.output, &Output::default()),
            output: self.output.folded(),
            ..self
        }
    }

    /// The same model with the head of another (`state` has its keys from `0.weight`
    /// on), which had `output`: of the same features it predicts the same labels.
    ///
    /// # Errors
    /// [`StateError::Mismatch`] for a head of another shape.
    pub fn with_head(self, state: &StateDict, output: &Output) -> Result<Self, StateError> {
        let head = state::load(self.head.valid(), state, Leftover::default())?;
        let state = state::collect(&head.in_units_of(output, &self.output))?;
        Ok(Self {
            head: state::load(self.head, &state, Leftover::default())?,
            ..self
        })
    }

    /// The tensors of this model's backbone among those of a file, under `prefix` or
    /// the one that fits best ([`WeightsFile::recognise`]).
    ///
    /// # Errors
    /// Where one of them is no weight.
    pub fn recognise(
        &self,
        file: WeightsFile,
        prefix: Option<&str>,
    ) -> Result<Recognised, WeightsError> {
        let kind = self.backbone.kind();
        let is_own = |key: &str| {
            let mut stages = kind.stages().iter();
            stages.any(|stage| is_within(key, stage))
        };
        let keys = state::shapes(&self.backbone)
            .into_iter()
            .map(|(key, _)| key);
        let mut keys: Vec<String> = keys.filter(|key| is_own(key)).collect();
        keys.sort();
        file.recognise(kind, &keys, prefix)
    }

    /// Images or their features to `[batch, targets]`, in the head's unit
    /// ([`Output`]).
    pub fn forward(&self, input: impl Into<Input>, noise: &mut Noise) -> Tensor<2> {
        self.forward_auxiliary(input, noise).0
    }

    /// The same, with what the auxiliary classifiers predict (`[batch,
    /// targets]` each) where the model has any, `noise` is on and the input is
    /// images.
    pub fn forward_auxiliary(
        &self,
        input: impl Into<Input>,
        noise: &mut Noise,
    ) -> (Tensor<2>, Vec<Tensor<2>>) {
        let (features, auxiliary) = match input.into() {
            Input::Images(images) => self.backbone.forward(images, noise),
            Input::Features(features) => (features, Vec::new()),
        };
        // Few values, which the scores hang on.
        let wide = |tensor: Tensor<2>| tensor.cast(FloatDType::F32);
        let auxiliary = auxiliary.into_iter().map(wide).collect();
        (self.head.forward(wide(features), noise), auxiliary)
    }
}

/// What a model predicts from.
#[derive(Clone, Debug)]
pub enum Input {
    /// Normalised images, `[batch, 3, height, width]`.
    Images(Tensor<4>),
    /// What the backbone makes of them, `[batch, features]`.
    Features(Tensor<2>),
}

impl From<Tensor<4>> for Input {
    fn from(images: Tensor<4>) -> Self {
        Self::Images(images)
    }
}

impl From<Tensor<2>> for Input {
    fn from(features: Tensor<2>) -> Self {
        Self::Features(features)
    }
}
