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
/// `fan_in(key)` returns the inputs per output of a weight: the bias of a
/// linear layer is drawn by its weight's.
pub fn initial_values(
    kind: BackboneKind,
    key: &str,
    shape: &[usize],
    seed: u64,
    fan_in: impl Fn(&str) -> Option<usize>,
) -> Vec<f32> {
    let mut draw = Draw {
        count: shape.iter().product(),
        rng: generator(key, seed),
    };
    let (layer, leaf) = key.rsplit_once('.').unwrap_or(("", key));
    let fan_in = || fan_in(&format!("{layer}.weight")).unwrap_or(1) as f64;
    let Some(key) = key.strip_prefix("backbone.") else {
        return draw.uniform(1.0 / fan_in().sqrt());
    };
    match (kind, shape, leaf) {
        (_, [_], "running_var") => draw.constant(1.0),
        (_, [_], "running_mean") => draw.constant(0.0),
        // Convolutions.
        (BackboneKind::ResNet18 | BackboneKind::EfficientnetB0, [out, _, h, w], _) => {
            // `kaiming_normal_(mode="fan_out")`.
            draw.normal((2.0 / (out * h * w) as f64).sqrt())
        }
        (BackboneKind::VitB16, [_, ..], _) if key == "conv_proj.weight" => {
            draw.normal(1.0 / fan_in().sqrt())
        }
        // Truncated at ±2, which is at least 20 standard deviations away.
        (BackboneKind::GoogLeNet, [_, _, ..], _) => draw.normal(0.01),
        (BackboneKind::InceptionV3, [_, _, ..], _) => draw.normal(match key {
            "AuxLogits.conv1.conv.weight" => 0.01,
            "AuxLogits.fc.weight" => 0.001,
            _ => 0.1,
        }),
        // `torch.nn.Linear`'s own bias.
        (BackboneKind::GoogLeNet | BackboneKind::InceptionV3, [_], "bias") if !is_norm(layer) => {
            draw.uniform(1.0 / fan_in().sqrt())
        }
        (BackboneKind::VitB16, ..) => vit(key, shape, leaf, &mut draw),
        // Norms, and biases that torchvision sets to 0.
        (_, _, "weight") => draw.constant(1.0),
        _ => draw.constant(0.0),
    }
}

/// Whether a module of an Inception is a batch norm.
fn is_norm(module: &str) -> bool {
    module.ends_with(".bn")
}

/// `torchvision/models/vision_transformer.py`, but for `conv_proj.weight`.
fn vit(key: &str, shape: &[usize], leaf: &str, draw: &mut Draw) -> Vec<f32> {
    let xavier = |shape: &[usize]| (6.0 / shape.iter().sum::<usize>() as f64).sqrt();
    match (leaf, shape) {
        ("pos_embedding", _) => draw.normal(0.02),
        // `torch.nn.Linear`'s own, which attention leaves as it is.
        ("weight", [_, inputs]) if key.ends_with("out_proj.weight") => {
            draw.uniform(1.0 / (*inputs as f64).sqrt())
        }
        ("weight" | "in_proj_weight", [_, _]) => draw.uniform(xavier(shape)),
        ("bias", _) if key.contains(".mlp.") => draw.normal(1e-6),
        ("weight", [_]) => draw.constant(1.0),
        _ => draw.constant(0.0),
    }
}

/// Draws the values of one tensor.
struct Draw {
    count: usize,
    rng: ChaCha8Rng,
}

impl Draw {
    fn constant(&mut self, value: f32) -> Vec<f32> {
        vec![value; self.count]
    }

    /// Uniform in ±`bound`.
    fn uniform(&mut self, bound: f64) -> Vec<f32> {
        let rng = &mut self.rng;
        (0..self.count)
            .map(|_| ((rng.random::<f64>() * 2.0 - 1.0) * bound) as f32)
            .collect()
    }

    fn normal(&mut self, std: f64) -> Vec<f32> {
        let rng = &mut self.rng;
        (0..self.count)
            .map(|_| (rng.sample::<f64, _>(StandardNormal) * std) as f32)
            .collect()
    }
}

fn generator(key: &str, seed: u64) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(key.as_bytes());
    ChaCha8Rng::from_seed(hash.finalize().into())
}
