//! Dropout, and where its randomness comes from.

use crate::ops::mul;
use burn::tensor::{FloatDType, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Source of a training step's random masks.
///
/// Masks are drawn on the host from `(seed, step)` alone, so a resumed run
/// draws what an uninterrupted one would have drawn, and every device draws
/// the same. In evaluation the source is [`Noise::off`] and nothing is dropped.
#[derive(Clone, Debug)]
pub struct Noise(Option<ChaCha8Rng>);

impl Noise {
    /// No randomness: dropout passes its input through.
    pub fn off() -> Self {
        Self(None)
    }

    /// The masks of one training step of a run with this seed.
    pub fn for_step(seed: u64, step: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(step);
        Self(Some(rng))
    }

    /// Whether this is a training step's source.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }
}

/// Multiplies with a mask of this shape, spread over the rest of `x`.
pub(super) fn drop_blocks<const D: usize>(
    x: Tensor<D>,
    mask: [usize; D],
    rate: f64,
    noise: &mut Noise,
) -> Tensor<D> {
    let Some(rng) = noise.0.as_mut().filter(|_| rate > 0.0) else {
        return x;
    };
    let scale = if rate < 1.0 {
        (1.0 / (1.0 - rate)) as f32
    } else {
        0.0
    };
    let values: Vec<f32> = (0..mask.iter().product())
        .map(|_| {
            if rng.random::<f64>() < rate {
                0.0
            } else {
                scale
            }
        })
        .collect();
    let mask = Tensor::<D>::from_data(TensorData::new(values, mask), &x.device());
    let dtype: FloatDType = x.dtype().into();
    mul(x, mask.cast(dtype))
}
