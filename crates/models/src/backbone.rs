//! The backbones by name, behind one type.

use std::fmt;
use std::str::FromStr;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::nn::Noise;
use crate::resnet::{RESNET18_FEATURES, ResNet18};

/// A backbone by its torchvision name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BackboneKind {
    /// ResNet18.
    #[serde(rename = "resnet18")]
    ResNet18,
}

impl BackboneKind {
    /// Every backbone, in the order that tables list them.
    pub const ALL: &[Self] = &[Self::ResNet18];

    /// torchvision's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ResNet18 => "resnet18",
        }
    }

    /// Width of the pooled features.
    pub fn features(self) -> usize {
        match self {
            Self::ResNet18 => RESNET18_FEATURES,
        }
    }

    /// Side of the square input that torchvision's weights were trained on,
    /// in pixels.
    pub fn input_size(self) -> u32 {
        match self {
            Self::ResNet18 => 224,
        }
    }

    /// Top-level modules from input to output: the units of freezing.
    pub fn stages(self) -> &'static [&'static str] {
        match self {
            Self::ResNet18 => &["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"],
        }
    }

    /// Prefix of the classifier's keys in torchvision's files, which a
    /// backbone leaves unused.
    pub fn classifier_prefix(self) -> &'static str {
        match self {
            Self::ResNet18 => "fc.",
        }
    }

    /// The backbone with zero weights, to be filled by [`crate::state::load`].
    pub fn build(self, device: &Device) -> Backbone {
        match self {
            Self::ResNet18 => Backbone::ResNet18(ResNet18::new(device)),
        }
    }
}

impl fmt::Display for BackboneKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for BackboneKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| {
                let known: Vec<&str> = Self::ALL.iter().map(|kind| kind.name()).collect();
                format!(
                    "unknown backbone `{name}`: expected one of {}",
                    known.join(", ")
                )
            })
    }
}

/// Any of the backbones, up to its pooled features.
#[derive(Module, Debug)]
pub enum Backbone {
    /// [`ResNet18`].
    ResNet18(ResNet18),
}

impl Backbone {
    /// `[batch, 3, height, width]`, normalised, to `[batch, features]`.
    ///
    /// `noise` feeds dropout and stochastic depth where the backbone has any.
    pub fn forward(&self, x: Tensor<4>, _noise: &mut Noise) -> Tensor<2> {
        match self {
            Self::ResNet18(model) => model.forward(x),
        }
    }
}
