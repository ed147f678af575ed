//! AdamW in one pass over weight, gradient and both moments.

use burn::backend::{Flex, TensorMetadata};

use super::{Floats, are_f32, into_values, tensor, values};
use crate::ops::AdamW;
use crate::ops::adamw::{AdamWKernel, Updated, plain_step, step_slices};

impl AdamWKernel for Flex {
    fn adamw_update(tensors: [Floats; 4], step: AdamW) -> Updated<Self> {
        if !are_f32(&tensors.each_ref()) {
            return plain_step::<Self>(tensors, step);
        }
        let [weight, grad, first, second] = tensors;
        let shape = weight.shape();
        // The model keeps the old weight while the new one is made; nobody else needs the
        // gradient, and the moments are the optimiser's alone.
        let mut grads = into_values(grad);
        let mut firsts = into_values(first);
        let mut seconds = into_values(second);
        step_slices(
            &mut grads,
            &values(&weight),
            [&mut firsts, &mut seconds],
            step,
        );
        (
            tensor(grads, shape.clone()),
            tensor(firsts, shape.clone()),
            tensor(seconds, shape),
        )
    }
}
