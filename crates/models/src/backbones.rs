//! The backbones, each in a file of its own with what is known of it besides its layers.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::backbone_kind::with_backbones;
use crate::config::ModelConfig;
use crate::nn::{Image, Noise};
use crate::pretrained::Pretrained;
use network::Network;

pub mod efficientnet;
pub mod googlenet;
pub mod inception;
pub mod mobilenet;
mod network;
pub mod resnet;
mod spec;
pub mod vit;

use crate::backbone_kind::BackboneKind;
pub use spec::{AuxiliarySpec, BackboneSpec, ExplainedBy};

/// Largest side of an input in pixels.
pub const LARGEST_INPUT: u32 = 4096;

macro_rules! backbones {
    ($($(#[$doc:meta])+ $kind:ident = $name:literal by $module:ident::$network:ident,)+) => {
        impl BackboneKind {
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
            pub fn forward<X: Image>(&self, x: X, noise: &mut Noise) -> (X::Row, Vec<Tensor<2>>) {
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

with_backbones!(backbones);

impl BackboneKind {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
