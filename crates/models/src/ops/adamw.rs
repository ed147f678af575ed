//! The update rule of AdamW (Loshchilov & Hutter, 2019, arXiv 1711.05101).

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Scalar, backend_extension};
use burn::tensor::Tensor;

/// Factors of one step of `torch.optim.AdamW`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// `learning rate · weight decay`. The decay is added to the update before both are taken
    /// from the weight: PyTorch's `1 - learning rate · weight decay` is 1 in f32 where the
    /// product is below 3e-8, as with a rate of 1e-4 and a decay of 1e-4.
    pub decay: f64,
    /// Decay rates of the first and second moment.
    pub betas: [f64; 2],
    /// Added to the corrected second moment's root.
    pub epsilon: f64,
    /// Learning rate over the first moment's bias correction.
    pub rate: f64,
    /// Root of the second moment's bias correction.
    pub correction: f64,
}

/// One step of AdamW: the new weight, first and second moment. All tensors
/// have one shape and are outside autodiff. On LibTorch the results lie in the
/// memory order of the gradient.
pub fn adamw_step<const D: usize>(
    weight: Tensor<D>,
    grad: Tensor<D>,
    first: Tensor<D>,
    second: Tensor<D>,
    step: AdamW,
) -> [Tensor<D>; 3] {
    let (weight, first, second) = <Dispatch as AdamWOps>::adamw(
        weight.into_dispatch(),
        grad.into_dispatch(),
        first.into_dispatch(),
        second.into_dispatch(),
        step,
    );
    [weight, first, second].map(Tensor::from_dispatch)
}

/// Weight, first and second moment after a step.
pub(crate) type Updated<B> = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

/// The step out of Burn's operations.
pub(crate) fn plain_step<B: Backend>(
    [weight, grad, first, second]: [FloatTensor<B>; 4],
    step: AdamW,
) -> Updated<B> {
    let times = |tensor, factor| B::float_mul_scalar(tensor, Scalar::Float(factor));
    let [beta1, beta2] = step.betas;
    let squared = B::float_mul(grad.clone(), grad.clone());
    let first = B::float_add(times(first, beta1), times(grad, 1.0 - beta1));
    let second = B::float_add(times(second, beta2), times(squared, 1.0 - beta2));
    let scale = times(B::float_sqrt(second.clone()), 1.0 / step.correction);
    let scale = B::float_add_scalar(scale, Scalar::Float(step.epsilon));
    let update = times(B::float_div(first.clone(), scale), step.rate);
    let update = B::float_add(update, times(weight.clone(), step.decay));
    let weight = B::float_sub(weight, update);
    (weight, first, second)
}

/// Values per task.
#[cfg(any(feature = "flex", feature = "libtorch"))]
const CHUNK: usize = 1 << 14;

/// The step in one pass, on all cores: gradients become new weights, and both
/// moments are replaced.
#[cfg(any(feature = "flex", feature = "libtorch"))]
pub(crate) fn step_slices(
    grads: &mut [f32],
    old: &[f32],
    [firsts, seconds]: [&mut [f32]; 2],
    step: AdamW,
) {
    use rayon::prelude::*;

    use crate::ops::simd::widest;

    let [beta1, beta2] = step.betas.map(|beta| beta as f32);
    let [fresh1, fresh2] = step.betas.map(|beta| (1.0 - beta) as f32);
    let decay = step.decay as f32;
    let rate = step.rate as f32;
    let inverse = (1.0 / step.correction) as f32;
    let epsilon = step.epsilon as f32;
    grads
        .par_chunks_mut(CHUNK)
        .zip(old.par_chunks(CHUNK))
        .zip(firsts.par_chunks_mut(CHUNK))
        .zip(seconds.par_chunks_mut(CHUNK))
        .for_each(|(((grads, old), firsts), seconds)| {
            widest(
                #[inline(always)]
                || {
                    let moments = firsts.iter_mut().zip(seconds.iter_mut());
                    for ((grad, old), (first, second)) in grads.iter_mut().zip(old).zip(moments) {
                        *first = *first * beta1 + *grad * fresh1;
                        *second = *second * beta2 + *grad * *grad * fresh2;
                        let scale = second.sqrt() * inverse + epsilon;
                        *grad = old - (rate * (*first / scale) + old * decay);
                    }
                },
            );
        });
}

/// The step; the default is made of Burn's operations.
pub(crate) trait AdamWKernel: Backend {
    /// Of weight, gradient, first and second moment.
    fn adamw_update(tensors: [FloatTensor<Self>; 4], step: AdamW) -> Updated<Self> {
        plain_step::<Self>(tensors, step)
    }
}

#[cfg(feature = "cuda")]
impl AdamWKernel for burn::backend::Cuda {}

#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "libtorch"),
    Cube: cfg(feature = "cuda")
)]
pub(crate) trait AdamWOps: Backend {
    fn adamw(
        weight: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamW,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

impl<B: AdamWKernel> AdamWOps for B {
    fn adamw(
        weight: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamW,
    ) -> Updated<Self> {
        B::adamw_update([weight, grad, first, second], step)
    }
}
