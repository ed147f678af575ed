//! Which backbones there are, by torchvision's names.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Hands the list of all backbones to a macro: a line each with the kind, torchvision's
/// name, and the network in its file of `backbones/`.
macro_rules! with_backbones {
    ($then:ident) => {
        $then! {
            /// The residual network with 18 layers.
            ResNet18 = "resnet18" by resnet::ResNet18,
            /// GoogLeNet, that is Inception v1.
            GoogLeNet = "googlenet" by googlenet::GoogLeNet,
            /// The third Inception, whose kernels are factorised.
            InceptionV3 = "inception_v3" by inception::Inception3,
            /// The smallest EfficientNet, of inverted residuals that weigh their channels.
            EfficientnetB0 = "efficientnet_b0" by efficientnet::EfficientNet,
            /// Inverted residuals with linear bottlenecks, the smallest network here.
            MobilenetV2 = "mobilenet_v2" by mobilenet::MobileNetV2,
            /// The base vision transformer on patches of 16 pixels.
            VitB16 = "vit_b_16" by vit::VisionTransformer,
        }
    };
}

pub(crate) use with_backbones;

macro_rules! kinds {
    ($($(#[$doc:meta])+ $kind:ident = $name:literal by $module:ident::$network:ident,)+) => {
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

            const NAMES: &[&str] = &[$($name,)+];

            /// The name that configurations and torchvision call it by.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }
    };
}

with_backbones!(kinds);

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
}
