//! The residual sum and its rectifier.

use burn::backend::ops::{ActivationOps, FloatTensorOps};
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::{Floats, are_f32, into_values, tensor, values};
use crate::activation::AddReluKernels;

/// Values per task.
const CHUNK: usize = 1 << 14;

/// `f(a, b)` for every pair of values, stored in place of `a`'s.
fn zip(a: Floats, b: &Floats, f: impl Fn(f32, f32) -> f32 + Sync) -> Floats {
    let shape = a.shape();
    let mut out = into_values(a);
    out.par_chunks_mut(CHUNK)
        .zip(values(b).par_chunks(CHUNK))
        .for_each(|(out, b)| {
            pulp::Arch::new().dispatch(|| {
                for (out, b) in out.iter_mut().zip(b) {
                    *out = f(*out, *b);
                }
            });
        });
    tensor(out, shape)
}

impl AddReluKernels for Flex {
    fn add_relu_forward(a: Floats, b: Floats) -> Floats {
        if !are_f32(&[&a, &b]) || a.shape() != b.shape() {
            return Self::relu(Self::float_add(a, b));
        }
        zip(a, &b, |a, b| relu(a + b))
    }

    fn add_relu_backward(output: Floats, grad: Floats) -> Floats {
        if !are_f32(&[&output, &grad]) {
            return Self::relu_backward(output, grad);
        }
        zip(
            grad,
            &output,
            |grad, output| {
                if output > 0.0 { grad } else { 0.0 }
            },
        )
    }
}

/// `max(x, 0)`; NaN stays NaN, as in PyTorch.
#[inline(always)]
pub(super) fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}
