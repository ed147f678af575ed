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

/// Zeroes each element with probability `rate` and scales the rest by
/// `1 / (1 - rate)` (Srivastava et al., 2014); the identity when `noise` is
/// off or `rate` is 0.
pub fn dropout<const D: usize>(x: Tensor<D>, rate: f64, noise: &mut Noise) -> Tensor<D> {
    let shape = x.dims();
    drop_blocks(x, shape, rate, noise)
}

/// Zeroes each image's values together with probability `rate` and scales the
/// rest by `1 / (1 - rate)` (`torchvision.ops.StochasticDepth(rate, "row")`;
/// Huang et al., 2016); the identity when `noise` is off or `rate` is 0.
pub fn stochastic_depth(x: Tensor<4>, rate: f64, noise: &mut Noise) -> Tensor<4> {
    let [batch, ..] = x.dims();
    drop_blocks(x, [batch, 1, 1, 1], rate, noise)
}

/// Multiplies with a mask of this shape, spread over the rest of `x`.
fn drop_blocks<const D: usize>(
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

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn ones() -> Tensor<2> {
        Tensor::ones([64, 64], &Device::default())
    }

    #[test]
    fn dropout_is_the_identity_when_noise_is_off() {
        let out = dropout(ones(), 0.5, &mut Noise::off());
        assert_eq!(out.to_data(), ones().to_data());
    }

    #[test]
    fn dropout_keeps_the_expected_sum_and_only_zeroes_or_scales() {
        let out = dropout(ones(), 0.25, &mut Noise::for_step(7, 3)).to_data();
        let values = out.as_slice::<f32>().unwrap();
        let kept = values.iter().filter(|v| **v != 0.0).count();
        assert!(
            values
                .iter()
                .all(|v| *v == 0.0 || (*v - 4.0 / 3.0).abs() < 1e-6)
        );
        assert!((kept as f64 / 4096.0 - 0.75).abs() < 0.03, "kept {kept}");
    }

    #[test]
    fn stochastic_depth_drops_whole_images_and_scales_the_others() {
        let x = Tensor::<4>::ones([400, 2, 3, 3], &Device::default());
        let out = stochastic_depth(x, 0.25, &mut Noise::for_step(7, 3)).to_data();
        let images: Vec<&[f32]> = out.as_slice::<f32>().unwrap().chunks(18).collect();
        assert!(
            images
                .iter()
                .all(|image| image.iter().all(|v| *v == image[0]))
        );
        let kept = images.iter().filter(|image| image[0] > 0.0).count();
        assert!((240..360).contains(&kept), "kept {kept}");
        let scaled = |image: &&[f32]| image[0] == 0.0 || (image[0] - 4.0 / 3.0).abs() < 1e-6;
        assert!(images.iter().all(scaled));
    }

    #[test]
    fn the_same_step_draws_the_same_mask_and_another_step_another() {
        let draw = |step| dropout(ones(), 0.5, &mut Noise::for_step(1, step)).to_data();
        assert_eq!(draw(5), draw(5));
        assert_ne!(draw(5), draw(6));
    }
}
