//! What features depend on besides their image.

use psp_data::{DECODE_VERSION, Preprocessing, RESIZE_VERSION};
use psp_models::ops::KERNELS_VERSION;
use psp_models::{DeviceSpec, ModelConfig, StateDict};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Identifies features: two backbones with the same key make the same features
/// of the same image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureKey {
    hex: String,
    description: String,
    width: usize,
}

/// Everything that features depend on.
#[derive(Serialize)]
struct Identity<'a> {
    /// Another psp may resize or compute differently in the last digits.
    psp_version: &'static str,
    /// How image files become pixels.
    decode_version: u32,
    /// How these come to the input size.
    resize_version: u32,
    /// How layers round.
    kernels_version: u32,
    /// Norms folded into convolutions round differently from norms by themselves.
    norms: &'static str,
    backbone: &'static str,
    weights_sha256: String,
    input_size: u32,
    transform_input: bool,
    preprocessing: &'a Preprocessing,
    /// Devices round differently.
    device: &'static str,
}

impl FeatureKey {
    /// The key of what the backbone of `config` with the weights `backbone`
    /// (by `state_dict` key) makes of images prepared by `preprocessing` on
    /// `device`.
    pub fn new(
        config: &ModelConfig,
        backbone: &StateDict,
        preprocessing: &Preprocessing,
        device: DeviceSpec,
    ) -> Self {
        let identity = Identity {
            psp_version: env!("CARGO_PKG_VERSION"),
            decode_version: DECODE_VERSION,
            resize_version: RESIZE_VERSION,
            kernels_version: KERNELS_VERSION,
            norms: "folded",
            backbone: config.backbone.name(),
            weights_sha256: weights_sha256(backbone),
            input_size: config.input_size,
            transform_input: config.transform_input,
            preprocessing,
            device: match device.resolved() {
                DeviceSpec::Auto | DeviceSpec::Flex => "flex",
                DeviceSpec::LibTorch => "libtorch",
                DeviceSpec::LibTorchCuda(_) => "libtorch:cuda",
                DeviceSpec::Cuda(_) => "cuda",
            },
        };
        // Nothing in it can fail to be written: strings, numbers and structs.
        let description = serde_json::to_string_pretty(&identity).unwrap_or_default();
        Self {
            hex: hex::encode(Sha256::digest(&description)),
            description,
            width: config.backbone.features(),
        }
    }

    /// A key that was stated elsewhere, by a run: `hex` and the width of the features.
    pub fn stated(hex: &str, width: usize) -> Self {
        Self {
            hex: hex.to_owned(),
            description: String::new(),
            width,
        }
    }

    /// 64 hexadecimal digits.
    pub fn hex(&self) -> &str {
        &self.hex
    }

    /// Features per image.
    pub fn width(&self) -> usize {
        self.width
    }

    /// What the key stands for, as JSON.
    pub(crate) fn description(&self) -> &str {
        &self.description
    }
}

fn weights_sha256(state: &StateDict) -> String {
    let mut hash = Sha256::new();
    for (key, tensor) in state {
        hash.update(format!("{key} {:?}\n", tensor.shape));
        hash.update(bytemuck::cast_slice(&tensor.data));
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use psp_models::{BackboneKind, HostTensor};

    #[test]
    fn a_key_changes_with_weights_preprocessing_input_and_device_but_not_with_the_head() {
        let config = ModelConfig::new(BackboneKind::GoogLeNet, 2);
        let weights = |value| {
            let tensor = HostTensor {
                shape: vec![1],
                data: vec![value],
            };
            StateDict::from([("conv1.conv.weight".to_owned(), tensor)])
        };
        let imagenet = Preprocessing::imagenet(224);
        let key = |config: &ModelConfig, value, preprocessing: &Preprocessing, device| {
            FeatureKey::new(config, &weights(value), preprocessing, device)
        };
        let usual = key(&config, 1.0, &imagenet, DeviceSpec::Flex);
        let other_head = ModelConfig {
            hidden: 8,
            targets: 1,
            dropout: 0.5,
            ..config.clone()
        };
        assert_eq!(usual, key(&other_head, 1.0, &imagenet, DeviceSpec::Flex));
        let shifted = ModelConfig {
            transform_input: true,
            ..config.clone()
        };
        let preprocessing = Preprocessing::imagenet(225);
        for other in [
            key(&config, 2.0, &imagenet, DeviceSpec::Flex),
            key(&shifted, 1.0, &imagenet, DeviceSpec::Flex),
            key(&config, 1.0, &preprocessing, DeviceSpec::Flex),
            key(&config, 1.0, &imagenet, DeviceSpec::LibTorch),
        ] {
            assert_ne!(usual.hex(), other.hex());
        }
    }
}
