//! Initial weights, drawn on the host from a seed and each tensor's name, so
//! that they do not depend on the device or on the order of construction.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use sha2::{Digest, Sha256};

/// Initial values of the tensor `key` (as `backbone.…` or `head.…`) as
/// torchvision and PyTorch draw them; `initial` are those of its backbone.
///
/// `fan_in(key)` returns the inputs per output of a weight: the bias of a
/// linear layer is drawn by its weight's.
pub(crate) fn initial_values(
    initial: Initial,
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
    let fan_in = fan_in(&format!("{layer}.weight")).unwrap_or(1) as f64;
    let Some(key) = key.strip_prefix("backbone.") else {
        return draw.as_linear(fan_in);
    };
    match leaf {
        "running_var" => draw.constant(1.0),
        "running_mean" => draw.constant(0.0),
        _ => initial(
            &Unset {
                key,
                leaf,
                shape,
                fan_in,
            },
            &mut draw,
        ),
    }
}

/// The initial values of a backbone's tensor that is no running statistic.
pub(crate) type Initial = fn(&Unset<'_>, &mut Draw) -> Vec<f32>;

/// A backbone's tensor before it has values.
#[derive(Debug)]
pub(crate) struct Unset<'a> {
    /// Its `state_dict` key.
    pub(crate) key: &'a str,
    /// The end of the key, such as `weight`.
    pub(crate) leaf: &'a str,
    pub(crate) shape: &'a [usize],
    /// Inputs per output of its layer.
    pub(crate) fan_in: f64,
}

impl Unset<'_> {
    /// Whether it is of a batch norm, by an Inception's names.
    pub(crate) fn is_of_norm(&self) -> bool {
        self.key.ends_with(&format!(".bn.{}", self.leaf))
    }
}

/// Convolutions by `kaiming_normal_(mode="fan_out")`, norms and biases as in
/// [`Draw::norm`].
pub(crate) fn kaiming_fan_out(tensor: &Unset<'_>, draw: &mut Draw) -> Vec<f32> {
    match *tensor.shape {
        [out, _, height, width] => draw.normal((2.0 / (out * height * width) as f64).sqrt()),
        _ => draw.norm(tensor),
    }
}

/// Draws the values of one tensor.
#[derive(Debug)]
pub(crate) struct Draw {
    count: usize,
    rng: ChaCha8Rng,
}

impl Draw {
    pub(crate) fn constant(&mut self, value: f32) -> Vec<f32> {
        vec![value; self.count]
    }

    /// 1 for a norm's weight, 0 for any bias.
    pub(crate) fn norm(&mut self, tensor: &Unset<'_>) -> Vec<f32> {
        self.constant(if tensor.leaf == "weight" { 1.0 } else { 0.0 })
    }

    /// `torch.nn.Linear`'s own weight or bias.
    pub(crate) fn as_linear(&mut self, fan_in: f64) -> Vec<f32> {
        self.uniform(1.0 / fan_in.sqrt())
    }

    /// Uniform in ±`bound`.
    pub(crate) fn uniform(&mut self, bound: f64) -> Vec<f32> {
        let rng = &mut self.rng;
        (0..self.count)
            .map(|_| ((rng.random::<f64>() * 2.0 - 1.0) * bound) as f32)
            .collect()
    }

    pub(crate) fn normal(&mut self, std: f64) -> Vec<f32> {
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
