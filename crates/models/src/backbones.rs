//! The backbones, each in a file of its own with what is known of it besides its layers.

use std::fmt;
use std::str::FromStr;

use crate::pretrained::Pretrained;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::init::{Draw, Unset, kaiming_fan_out};
use crate::nn::{Noise, global_avg_pool2d};
use crate::regressor::ModelConfig;
use crate::stages::HEAD;

pub mod efficientnet;
pub mod googlenet;
pub mod inception;
pub mod mobilenet;
pub mod resnet;
pub mod vit;

/// Largest side of an input in pixels.
pub const LARGEST_INPUT: u32 = 4096;

/// What is known of a backbone besides its layers; names and numbers are torchvision's.
#[derive(Clone, Copy, Debug)]
pub struct BackboneSpec {
    /// The name that configurations and torchvision call it by.
    pub name: &'static str,
    /// Width of the pooled features.
    pub features: usize,
    /// Side of the square input that torchvision's weights were trained on, in pixels.
    pub input_size: u32,
    /// Smallest side of an input in pixels, below which no features are left.
    pub smallest_input: u32,
    /// What the sides of an input must be a multiple of, in pixels.
    pub input_multiple: u32,
    /// Top-level modules from input to output, the units of freezing, as prefixes of
    /// `state_dict` keys.
    pub stages: &'static [&'static str],
    /// Stages without a depth of their own: they belong to the layer before them.
    pub joined: &'static [&'static str],
    /// The largest side of an input, in pixels, at which batch norms see one value per
    /// channel of an image, and the stages that they are in.
    pub single_values: Option<(u32, &'static [&'static str])>,
    /// The classifier, whose outputs are ImageNet's classes; the backbone ends before it.
    pub classifier: &'static str,
    /// The auxiliary classifiers, where there are any.
    pub auxiliary: Option<AuxiliarySpec>,
    /// Whether torchvision, given its weights, shifts inputs from ImageNet's mean and
    /// deviation to mean and deviation 0.5 (`transform_input`).
    pub transforms_input: bool,
    /// Whether it can drop residual branches while it is trained (stochastic depth).
    pub drops_branches: bool,
    /// Whether its blocks can be computed again on the way back (gradient checkpointing).
    pub recomputes_blocks: bool,
    /// What batch norms add to the variance.
    pub norm_epsilon: f64,
    /// The initial values of a tensor that is no running statistic.
    pub(crate) initial: fn(&Unset<'_>, &mut Draw) -> Vec<f32>,
    /// What of it a heat map is made from.
    pub explained_by: ExplainedBy,
    /// torchvision's weights for it.
    pub pretrained: Pretrained,
    /// Factor of the running variances in its recorded numbers, which keeps what formulas
    /// give in place of trained weights from dying out on the way.
    pub recorded_variance: f64,
}

impl BackboneSpec {
    /// What most convolutional backbones have in common; name, features, stages, classifier
    /// and weights are to be filled in.
    pub(crate) const CONVOLUTIONAL: Self = Self {
        name: "",
        features: 0,
        input_size: 224,
        smallest_input: 32,
        input_multiple: 1,
        stages: &[],
        joined: &[],
        single_values: None,
        classifier: "",
        auxiliary: None,
        transforms_input: false,
        drops_branches: false,
        recomputes_blocks: false,
        norm_epsilon: 1e-5,
        initial: kaiming_fan_out,
        explained_by: ExplainedBy::FeatureMap,
        pretrained: Pretrained::IMAGENET1K_V1,
        recorded_variance: 1.0,
    };
}

/// Classifiers that predict from a middle layer while the backbone is trained.
#[derive(Clone, Copy, Debug)]
pub struct AuxiliarySpec {
    /// The modules that hold them, by their `state_dict` keys.
    pub modules: &'static [&'static str],
    /// Their last layers, which predict ImageNet's classes in torchvision's files and the
    /// targets here.
    pub last_layers: &'static [&'static str],
    /// What the loss of one counts beside that of the head.
    pub weight: f64,
    /// Smallest side of an input with them, in pixels.
    pub smallest_input: u32,
    /// The largest side of an input, in pixels, at which their batch norms see one value
    /// per channel of an image.
    pub single_values: u32,
}

/// What of a backbone a heat map is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainedBy {
    /// The last feature map.
    FeatureMap,
    /// What the tokens attend to.
    Attention,
}

/// A backbone's network.
pub(crate) trait Network: Module {
    /// What is known of it besides its layers.
    const SPEC: BackboneSpec;

    /// The network of `config` with zero weights, to be filled by [`crate::state::load`].
    fn new(config: &ModelConfig, device: &Device) -> Self;

    /// See [`Backbone::forward`].
    fn forward(&self, x: Tensor<4>, noise: &mut Noise) -> (Tensor<2>, Vec<Tensor<2>>);

    /// See [`Backbone::feature_map`].
    fn feature_map(&self, x: Tensor<4>) -> Option<Tensor<4>>;
}

/// A network whose features are the mean pixel of its last feature map.
pub(crate) trait Convolutional: Module {
    /// As [`Network::SPEC`].
    const SPEC: BackboneSpec;

    /// As [`Network::new`].
    fn new(config: &ModelConfig, device: &Device) -> Self;

    /// `[batch, 3, height, width]`, normalised, to the last feature map, `[batch,
    /// features, h', w']`, and what the auxiliary classifiers predict.
    fn layers(&self, x: Tensor<4>, noise: &mut Noise) -> (Tensor<4>, Vec<Tensor<2>>);
}

impl<N: Convolutional> Network for N {
    const SPEC: BackboneSpec = N::SPEC;

    fn new(config: &ModelConfig, device: &Device) -> Self {
        N::new(config, device)
    }

    fn forward(&self, x: Tensor<4>, noise: &mut Noise) -> (Tensor<2>, Vec<Tensor<2>>) {
        let (map, auxiliary) = self.layers(x, noise);
        (global_avg_pool2d(map), auxiliary)
    }

    fn feature_map(&self, x: Tensor<4>) -> Option<Tensor<4>> {
        Some(self.layers(x, &mut Noise::off()).0)
    }
}

macro_rules! backbones {
    ($($(#[$doc:meta])+ $module:ident::$network:ident as $kind:ident,)+) => {
        /// A backbone by its torchvision name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum BackboneKind {
            $(
                $(#[$doc])+
                $kind,
            )+
        }

        impl BackboneKind {
            /// Every backbone, in the order that tables list them.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            const NAMES: &[&str] = &[$(<$module::$network as Network>::SPEC.name,)+];

            /// What is known of it.
            pub fn spec(self) -> &'static BackboneSpec {
                match self {
                    $(Self::$kind => const { &<$module::$network as Network>::SPEC },)+
                }
            }
        }

        /// Any of the backbones, up to its pooled features.
        #[derive(Module, Debug)]
        // A model has one; nothing is gained by a box.
        #[allow(clippy::large_enum_variant)]
        pub enum Backbone {
            $(
                $(#[$doc])+
                $kind($module::$network),
            )+
        }

        impl Backbone {
            /// The backbone of `config` with zero weights, to be filled by
            /// [`crate::state::load`].
            pub fn new(config: &ModelConfig, device: &Device) -> Self {
                match config.backbone {
                    $(BackboneKind::$kind => Self::$kind(Network::new(config, device)),)+
                }
            }

            /// Which backbone this is.
            pub fn kind(&self) -> BackboneKind {
                match self {
                    $(Self::$kind(_) => BackboneKind::$kind,)+
                }
            }

            /// `[batch, 3, height, width]`, normalised, to `[batch, features]`, and
            /// what the auxiliary classifiers predict (`[batch, targets]` each) where
            /// there are any and `noise` is on.
            ///
            /// `noise` feeds dropout and stochastic depth where the backbone has any.
            pub fn forward(&self, x: Tensor<4>, noise: &mut Noise) -> (Tensor<2>, Vec<Tensor<2>>) {
                match self {
                    $(Self::$kind(network) => network.forward(x, noise),)+
                }
            }

            /// `[batch, 3, height, width]`, normalised, to the last feature map,
            /// `[batch, features, h', w']`, whose mean pixel
            /// ([`global_avg_pool2d`](crate::nn::global_avg_pool2d)) is what
            /// [`Backbone::forward`] returns in evaluation. `None` of a ViT, whose
            /// features are a token.
            pub fn feature_map(&self, x: Tensor<4>) -> Option<Tensor<4>> {
                match self {
                    $(Self::$kind(network) => network.feature_map(x),)+
                }
            }
        }
    };
}

backbones! {
    /// The residual network with 18 layers.
    resnet::ResNet18 as ResNet18,
    /// GoogLeNet, that is Inception v1.
    googlenet::GoogLeNet as GoogLeNet,
    /// The third Inception, whose kernels are factorised.
    inception::Inception3 as InceptionV3,
    /// The smallest EfficientNet, of inverted residuals that weigh their channels.
    efficientnet::EfficientNet as EfficientnetB0,
    /// Inverted residuals with linear bottlenecks, the smallest network here.
    mobilenet::MobileNetV2 as MobilenetV2,
    /// The base vision transformer on patches of 16 pixels.
    vit::VisionTransformer as VitB16,
}

impl BackboneKind {
    /// torchvision's name.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// Width of the pooled features.
    pub fn features(self) -> usize {
        self.spec().features
    }

    /// Side of the square input that torchvision's weights were trained on,
    /// in pixels.
    pub fn input_size(self) -> u32 {
        self.spec().input_size
    }

    /// Smallest side of an input in pixels, below which no features are left,
    /// or too few for the auxiliary classifiers where these are wanted.
    pub fn smallest_input(self, auxiliary: bool) -> u32 {
        let spec = self.spec();
        match &spec.auxiliary {
            Some(classifiers) if auxiliary => classifiers.smallest_input,
            _ => spec.smallest_input,
        }
    }

    /// The stages with a batch norm that sees one value per channel of one image with
    /// `size` pixels per side, in the order of [`stages`](Self::stages); the auxiliary
    /// classifiers' is the head.
    pub fn single_value_stages(self, size: u32, auxiliary: bool) -> &'static [&'static str] {
        let spec = self.spec();
        let of_auxiliary = spec.auxiliary.filter(|_| auxiliary);
        if of_auxiliary.is_some_and(|classifiers| size <= classifiers.single_values) {
            return &[HEAD];
        }
        match spec.single_values {
            Some((largest, stages)) if size <= largest => stages,
            _ => &[],
        }
    }

    /// Whether an input may have sides of `size` pixels, with the auxiliary classifiers or
    /// without.
    pub fn takes(self, size: u32, auxiliary: bool) -> bool {
        (self.smallest_input(auxiliary)..=LARGEST_INPUT).contains(&size)
            && size.is_multiple_of(self.spec().input_multiple)
    }

    /// The sides of an input in words, for messages.
    pub fn sizes(self, auxiliary: bool) -> String {
        let unit = match self.spec().input_multiple {
            1 => String::new(),
            side => format!(", a multiple of {side}"),
        };
        let smallest = self.smallest_input(auxiliary);
        format!("{smallest} to {LARGEST_INPUT} pixels{unit}")
    }

    /// Names of the auxiliary classifiers' modules, none where there are none.
    pub fn auxiliary(self) -> &'static [&'static str] {
        let auxiliary = self.spec().auxiliary.as_ref();
        auxiliary.map_or(&[], |auxiliary| auxiliary.modules)
    }

    /// The last layers of the auxiliary classifiers, which predict ImageNet's
    /// classes in torchvision's files and the targets here.
    pub fn auxiliary_classifiers(self) -> &'static [&'static str] {
        let auxiliary = self.spec().auxiliary.as_ref();
        auxiliary.map_or(&[], |auxiliary| auxiliary.last_layers)
    }

    /// torchvision's weights for it.
    pub fn pretrained(self) -> &'static Pretrained {
        &self.spec().pretrained
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
        let mut all = Self::ALL.iter().copied();
        all.find(|kind| kind.name() == name).ok_or_else(|| {
            format!(
                "unknown backbone `{name}`: expected one of {}",
                Self::NAMES.join(", ")
            )
        })
    }
}

impl Serialize for BackboneKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for BackboneKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let unknown = |_| D::Error::unknown_variant(&name, Self::NAMES);
        name.parse().map_err(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_torchvisions_in_text_and_in_json() {
        let names = [
            "resnet18",
            "googlenet",
            "inception_v3",
            "efficientnet_b0",
            "mobilenet_v2",
            "vit_b_16",
        ];
        assert_eq!(BackboneKind::ALL.len(), names.len());
        for (&kind, name) in BackboneKind::ALL.iter().zip(names) {
            assert_eq!(kind.to_string(), name);
            assert_eq!(name.parse(), Ok(kind));
            let json = format!("\"{name}\"");
            assert_eq!(serde_json::to_string(&kind).ok(), Some(json.clone()));
            assert_eq!(serde_json::from_str::<BackboneKind>(&json).ok(), Some(kind));
        }
        let unknown = serde_json::from_str::<BackboneKind>("\"resnet\"");
        let message = unknown.map_or_else(|error| error.to_string(), |kind| kind.to_string());
        assert!(message.starts_with("unknown variant `resnet`, expected one of `resnet18`, "));
    }

    #[test]
    fn the_hash_of_torchvisions_file_begins_with_the_digits_in_its_name() {
        for &kind in BackboneKind::ALL {
            let entry = kind.pretrained();
            let digits = entry.file.trim_end_matches(".pth").rsplit('-').next();
            assert_eq!(Some(&entry.sha256[..8]), digits, "{kind}");
            assert_eq!(entry.sha256.len(), 64, "{kind}");
            assert_eq!(entry.backbone, kind.name());
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
            (BackboneKind::MobilenetV2, 32),
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
