//! Initial weights, drawn on the host from a seed and each tensor's name, so
//! that they do not depend on the device or on the order of construction.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use sha2::{Digest, Sha256};

use crate::backbone::BackboneKind;

/// Initial values of the tensor `key` (as `backbone.…` or `head.…`) as
/// torchvision and PyTorch draw them.
///
/// The head follows `torch.nn.Linear`: weight and bias uniform in
/// ±1/√fan_in, so a bias needs its layer's fan-in: `fan_in(key)` returns it.
pub fn initial_values(
    kind: BackboneKind,
    key: &str,
    shape: &[usize],
    seed: u64,
    fan_in: impl Fn(&str) -> Option<usize>,
) -> Vec<f32> {
    let count = shape.iter().product();
    let mut rng = generator(key, seed);
    if let Some(layer) = key.strip_prefix("head.") {
        let layer = layer.split('.').next().unwrap_or(layer);
        let bound = 1.0 / (fan_in(&format!("head.{layer}.weight")).unwrap_or(1) as f64).sqrt();
        return (0..count)
            .map(|_| ((rng.random::<f64>() * 2.0 - 1.0) * bound) as f32)
            .collect();
    }
    match kind {
        BackboneKind::ResNet18 => resnet(key, shape, count, &mut rng),
    }
}

/// `kaiming_normal_(mode="fan_out", nonlinearity="relu")` for convolutions,
/// 1 and 0 for norms (`torchvision/models/resnet.py`).
fn resnet(key: &str, shape: &[usize], count: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    if let [out_channels, _, height, width] = shape {
        let std = (2.0 / (out_channels * height * width) as f64).sqrt();
        return (0..count)
            .map(|_| (rng.sample::<f64, _>(StandardNormal) * std) as f32)
            .collect();
    }
    let one = key.ends_with(".weight") || key.ends_with(".running_var");
    vec![if one { 1.0 } else { 0.0 }; count]
}

fn generator(key: &str, seed: u64) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(key.as_bytes());
    ChaCha8Rng::from_seed(hash.finalize().into())
}
