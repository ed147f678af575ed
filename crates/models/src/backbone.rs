//! The backbones by name, behind one type.

use std::fmt;
use std::str::FromStr;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use psp_weights::Pretrained;
use serde::{Deserialize, Serialize};

use crate::efficientnet::{EFFICIENTNET_B0_FEATURES, EfficientNet};
use crate::googlenet::{GOOGLENET_FEATURES, GoogLeNet};
use crate::inception::{INCEPTION_V3_FEATURES, Inception3};
use crate::nn::Noise;
use crate::regressor::ModelConfig;
use crate::resnet::{RESNET18_FEATURES, ResNet18};
use crate::stages::HEAD;
use crate::vit::{PATCH_SIZE, VIT_B_16_FEATURES, VisionTransformer};

/// A backbone by its torchvision name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackboneKind {
    /// ResNet18.
    #[serde(rename = "resnet18")]
    ResNet18,
    /// GoogLeNet, that is Inception v1.
    #[serde(rename = "googlenet")]
    GoogLeNet,
    /// Inception v3.
    InceptionV3,
    /// EfficientNet-B0.
    EfficientnetB0,
    /// ViT-B/16.
    #[serde(rename = "vit_b_16")]
    VitB16,
}

/// Largest side of an input in pixels.
pub const LARGEST_INPUT: u32 = 4096;

impl BackboneKind {
    /// Every backbone, in the order that tables list them.
    pub const ALL: &[Self] = &[
        Self::ResNet18,
        Self::GoogLeNet,
        Self::InceptionV3,
        Self::EfficientnetB0,
        Self::VitB16,
    ];

    /// torchvision's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ResNet18 => "resnet18",
            Self::GoogLeNet => "googlenet",
            Self::InceptionV3 => "inception_v3",
            Self::EfficientnetB0 => "efficientnet_b0",
            Self::VitB16 => "vit_b_16",
        }
    }

    /// Width of the pooled features.
    pub fn features(self) -> usize {
        match self {
            Self::ResNet18 => RESNET18_FEATURES,
            Self::GoogLeNet => GOOGLENET_FEATURES,
            Self::InceptionV3 => INCEPTION_V3_FEATURES,
            Self::EfficientnetB0 => EFFICIENTNET_B0_FEATURES,
            Self::VitB16 => VIT_B_16_FEATURES,
        }
    }

    /// Side of the square input that torchvision's weights were trained on,
    /// in pixels.
    pub fn input_size(self) -> u32 {
        match self {
            Self::InceptionV3 => 299,
            _ => 224,
        }
    }

    /// Smallest side of an input in pixels, below which no features are left,
    /// or too few for the auxiliary classifiers where these are wanted.
    pub fn smallest_input(self, auxiliary: bool) -> u32 {
        match (self, auxiliary) {
            (Self::InceptionV3, true) => 299,
            (Self::InceptionV3, false) => 75,
            _ => 32,
        }
    }

    /// The stages with a batch norm that sees one value per channel of one image with
    /// `size` pixels per side, in the order of [`stages`](Self::stages); the auxiliary
    /// classifiers' is the head.
    pub fn single_value_stages(self, size: u32, auxiliary: bool) -> &'static [&'static str] {
        // Only at the smallest input are the last maps that small, as torchvision's
        // layers round.
        match self {
            Self::ResNet18 if size <= 32 => &["layer4"],
            Self::GoogLeNet if size < 47 => &["inception5a", "inception5b"],
            Self::InceptionV3 if auxiliary && size < 347 => &[HEAD],
            Self::InceptionV3 if size < 107 => &["Mixed_7a", "Mixed_7b", "Mixed_7c"],
            Self::EfficientnetB0 if size <= 32 => &["features.6", "features.7", "features.8"],
            _ => &[],
        }
    }

    /// What the sides of an input must be a multiple of, in pixels.
    pub fn input_multiple(self) -> u32 {
        match self {
            Self::VitB16 => PATCH_SIZE as u32,
            _ => 1,
        }
    }

    /// Whether an input may have sides of `size` pixels, with the auxiliary classifiers or
    /// without.
    pub fn takes(self, size: u32, auxiliary: bool) -> bool {
        (self.smallest_input(auxiliary)..=LARGEST_INPUT).contains(&size)
            && size.is_multiple_of(self.input_multiple())
    }

    /// The sides of an input in words, for messages.
    pub fn sizes(self, auxiliary: bool) -> String {
        let unit = match self.input_multiple() {
            1 => String::new(),
            side => format!(", a multiple of {side}"),
        };
        let smallest = self.smallest_input(auxiliary);
        format!("{smallest} to {LARGEST_INPUT} pixels{unit}")
    }

    /// Names of the auxiliary classifiers' modules, none where there are none.
    pub fn auxiliary(self) -> &'static [&'static str] {
        match self {
            Self::GoogLeNet => &["aux1", "aux2"],
            Self::InceptionV3 => &["AuxLogits"],
            _ => &[],
        }
    }

    /// What the loss of an auxiliary classifier counts beside that of the
    /// head (0.3 in the GoogLeNet paper, 0.4 in torchvision's reference
    /// training of Inception v3).
    pub fn auxiliary_weight(self) -> f64 {
        match self {
            Self::InceptionV3 => 0.4,
            _ => 0.3,
        }
    }

    /// Modules of torchvision's files that a backbone leaves unused: the
    /// classifier, whose outputs are ImageNet's classes.
    pub fn classifiers(self) -> &'static [&'static str] {
        match self {
            Self::ResNet18 | Self::GoogLeNet | Self::InceptionV3 => &["fc"],
            Self::EfficientnetB0 => &["classifier"],
            Self::VitB16 => &["heads"],
        }
    }

    /// The last layers of the auxiliary classifiers, which predict ImageNet's
    /// classes in torchvision's files and the targets here.
    pub fn auxiliary_classifiers(self) -> &'static [&'static str] {
        match self {
            Self::GoogLeNet => &["aux1.fc2", "aux2.fc2"],
            Self::InceptionV3 => &["AuxLogits.fc"],
            _ => &[],
        }
    }

    /// Size in the perspective-score project's table, whose row "Inception_v3" can only
    /// have been GoogLeNet; `None` for what was not in it.
    pub fn study_mib(self) -> Option<f64> {
        match self {
            Self::ResNet18 => Some(43.175),
            Self::GoogLeNet => Some(22.421),
            Self::InceptionV3 => None,
            Self::EfficientnetB0 => Some(16.701),
            Self::VitB16 => Some(328.049),
        }
    }

    /// torchvision's weights for it.
    pub fn pretrained(self) -> Option<&'static Pretrained> {
        psp_weights::pretrained(self.name())
    }

    /// Whether torchvision, given its weights, shifts inputs from ImageNet's
    /// mean and deviation to mean and deviation 0.5 (`transform_input`).
    pub fn transforms_input(self) -> bool {
        matches!(self, Self::GoogLeNet | Self::InceptionV3)
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
// A model has one; nothing is gained by a box.
#[allow(clippy::large_enum_variant)]
pub enum Backbone {
    /// [`ResNet18`].
    ResNet18(ResNet18),
    /// [`GoogLeNet`].
    GoogLeNet(GoogLeNet),
    /// [`Inception3`].
    InceptionV3(Inception3),
    /// [`EfficientNet`].
    EfficientnetB0(EfficientNet),
    /// [`VisionTransformer`].
    VitB16(VisionTransformer),
}

impl Backbone {
    /// The backbone of `config` with zero weights, to be filled by
    /// [`crate::state::load`].
    pub fn new(config: &ModelConfig, device: &Device) -> Self {
        let aux = config.auxiliary.then_some(config.targets);
        match config.backbone {
            BackboneKind::ResNet18 => Self::ResNet18(ResNet18::new(device)),
            BackboneKind::GoogLeNet => {
                Self::GoogLeNet(GoogLeNet::new(aux, config.transform_input, device))
            }
            BackboneKind::InceptionV3 => {
                Self::InceptionV3(Inception3::new(aux, config.transform_input, device))
            }
            BackboneKind::EfficientnetB0 => {
                Self::EfficientnetB0(EfficientNet::new(config.stochastic_depth, device))
            }
            BackboneKind::VitB16 => {
                Self::VitB16(VisionTransformer::new(config.input_size as usize, device))
            }
        }
    }

    /// Which backbone this is.
    pub fn kind(&self) -> BackboneKind {
        match self {
            Self::ResNet18(_) => BackboneKind::ResNet18,
            Self::GoogLeNet(_) => BackboneKind::GoogLeNet,
            Self::InceptionV3(_) => BackboneKind::InceptionV3,
            Self::EfficientnetB0(_) => BackboneKind::EfficientnetB0,
            Self::VitB16(_) => BackboneKind::VitB16,
        }
    }

    /// `[batch, 3, height, width]`, normalised, to `[batch, features]`, and
    /// what the auxiliary classifiers predict (`[batch, targets]` each) where
    /// there are any and `noise` is on.
    ///
    /// `noise` feeds dropout and stochastic depth where the backbone has any.
    pub fn forward(&self, x: Tensor<4>, noise: &mut Noise) -> (Tensor<2>, Vec<Tensor<2>>) {
        match self {
            Self::ResNet18(model) => (model.forward(x), Vec::new()),
            Self::GoogLeNet(model) => model.forward(x, noise),
            Self::InceptionV3(model) => model.forward(x, noise),
            Self::EfficientnetB0(model) => (model.forward(x, noise), Vec::new()),
            Self::VitB16(model) => (model.forward(x), Vec::new()),
        }
    }

    /// `[batch, 3, height, width]`, normalised, to the last feature map,
    /// `[batch, features, h', w']`, whose mean pixel
    /// ([`global_avg_pool2d`](crate::nn::global_avg_pool2d)) is what
    /// [`Backbone::forward`] returns in evaluation. `None` of a ViT, whose
    /// features are a token.
    pub fn feature_map(&self, x: Tensor<4>) -> Option<Tensor<4>> {
        let noise = &mut Noise::off();
        match self {
            Self::ResNet18(model) => Some(model.feature_map(x)),
            Self::GoogLeNet(model) => Some(model.feature_map(x, noise).0),
            Self::InceptionV3(model) => Some(model.feature_map(x, noise).0),
            Self::EfficientnetB0(model) => Some(model.feature_map(x, noise)),
            Self::VitB16(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_are_those_of_serde() {
        for &kind in BackboneKind::ALL {
            assert_eq!(kind.name().parse::<BackboneKind>(), Ok(kind));
            let json = format!("\"{}\"", kind.name());
            assert_eq!(serde_json::from_str::<BackboneKind>(&json).ok(), Some(kind));
        }
    }

    #[test]
    fn stages_see_single_values_up_to_the_size_at_which_the_last_map_grows() {
        let device = Device::default();
        for (kind, largest) in [
            (BackboneKind::ResNet18, 32),
            (BackboneKind::GoogLeNet, 46),
            (BackboneKind::InceptionV3, 106),
            (BackboneKind::EfficientnetB0, 32),
        ] {
            let model = Backbone::new(&ModelConfig::new(kind, 1), &device);
            for (size, is_single) in [(largest, true), (largest + 1, false)] {
                let image = Tensor::<4>::zeros([1, 3, size as usize, size as usize], &device);
                let [_, _, height, width] = model.feature_map(image).unwrap().dims();
                assert_eq!(height * width == 1, is_single, "{kind} {size}");
                let stages = kind.single_value_stages(size, false);
                assert_eq!(!stages.is_empty(), is_single, "{kind} {size}");
                assert!(stages.iter().all(|stage| kind.stages().contains(stage)));
            }
        }
        assert_eq!(
            BackboneKind::InceptionV3.single_value_stages(299, true),
            [HEAD]
        );
        assert!(
            BackboneKind::VitB16
                .single_value_stages(32, false)
                .is_empty()
        );
    }
}
