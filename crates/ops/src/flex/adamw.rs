//! AdamW in one pass over weight, gradient and both moments.

use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::{Floats, are_f32, into_values, tensor, values};
use crate::AdamW;
use crate::adamw::{AdamWKernel, Updated, plain_step};

/// Values per task.
const CHUNK: usize = 1 << 14;

impl AdamWKernel for Flex {
    fn adamw_update(tensors: [Floats; 4], step: AdamW) -> Updated<Self> {
        if !are_f32(&tensors.each_ref()) {
            return plain_step::<Self>(tensors, step);
        }
        let [weight, grad, first, second] = tensors;
        let shape = weight.shape();
        let [beta1, beta2] = step.betas.map(|beta| beta as f32);
        let [fresh1, fresh2] = step.betas.map(|beta| (1.0 - beta) as f32);
        let keep = step.keep as f32;
        let rate = step.rate as f32;
        let inverse = (1.0 / step.correction) as f32;
        let epsilon = step.epsilon as f32;
        // The model keeps the old weight while the new one is made, so there is
        // nothing to update in place; the moments are the optimiser's alone.
        let old = values(&weight);
        let mut weights = vec![0.0; old.len()];
        let mut firsts = into_values(first);
        let mut seconds = into_values(second);
        weights
            .par_chunks_mut(CHUNK)
            .zip(old.par_chunks(CHUNK))
            .zip(firsts.par_chunks_mut(CHUNK))
            .zip(seconds.par_chunks_mut(CHUNK))
            .zip(values(&grad).par_chunks(CHUNK))
            .for_each(|((((weights, old), firsts), seconds), grads)| {
                pulp::Arch::new().dispatch(|| {
                    let moments = firsts.iter_mut().zip(seconds.iter_mut());
                    let weights = weights.iter_mut().zip(old);
                    for (((weight, old), (first, second)), grad) in weights.zip(moments).zip(grads)
                    {
                        *first = *first * beta1 + grad * fresh1;
                        *second = *second * beta2 + grad * grad * fresh2;
                        let scale = second.sqrt() * inverse + epsilon;
                        *weight = old * keep - rate * (*first / scale);
                    }
                });
            });
        (
            tensor(weights, shape.clone()),
            tensor(firsts, shape.clone()),
            tensor(seconds, shape),
        )
    }
}
