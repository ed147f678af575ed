//! The residual sum and its rectifier, ReLU6 and SiLU.

use burn::backend::ops::{ActivationOps, FloatTensorOps};
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::{Floats, are_f32, into_values, tensor, values};
use crate::ops::activation::{
    AddReluKernels, Relu6Kernels, SiluKernels, plain_relu6_backward, plain_silu,
    plain_silu_backward,
};
use crate::ops::scalar::{self, relu, sigmoid};
use crate::ops::simd::widest;

/// Values per task.
const CHUNK: usize = 1 << 14;

/// `f(a, b)` for every pair of values, stored in place of `a`'s.
fn zip(a: Floats, b: &Floats, f: impl Fn(f32, f32) -> f32 + Sync) -> Floats {
    let shape = a.shape();
    let mut out = into_values(a);
    out.par_chunks_mut(CHUNK)
        .zip(values(b).par_chunks(CHUNK))
        .for_each(|(out, b)| {
            widest(
                #[inline(always)]
                || {
                    for (out, b) in out.iter_mut().zip(b) {
                        *out = f(*out, *b);
                    }
                },
            );
        });
    tensor(out, shape)
}

/// `f` of every value, stored in place of it where nothing else holds the tensor.
fn map(x: Floats, f: impl Fn(f32) -> f32 + Sync) -> Floats {
    let shape = x.shape();
    let mut out = into_values(x);
    out.par_chunks_mut(CHUNK).for_each(|out| {
        widest(
            #[inline(always)]
            || {
                for value in out.iter_mut() {
                    *value = f(*value);
                }
            },
        );
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

impl Relu6Kernels for Flex {
    fn relu6_forward(x: Floats) -> Floats {
        if !are_f32(&[&x]) {
            return Self::float_clamp(x, 0.0.into(), 6.0.into());
        }
        map(x, scalar::relu6)
    }

    fn relu6_backward(output: Floats, grad: Floats) -> Floats {
        if !are_f32(&[&output, &grad]) {
            return plain_relu6_backward::<Self>(output, grad);
        }
        zip(grad, &output, |grad, output| {
            if output > 0.0 && output < 6.0 {
                grad
            } else {
                0.0
            }
        })
    }
}

impl SiluKernels for Flex {
    fn silu_forward(x: Floats) -> Floats {
        if !are_f32(&[&x]) {
            return plain_silu::<Self>(x);
        }
        map(x, scalar::silu)
    }

    fn silu_backward(x: Floats, grad: Floats) -> Floats {
        if !are_f32(&[&x, &grad]) {
            return plain_silu_backward::<Self>(x, grad);
        }
        zip(grad, &x, |grad, x| {
            let s = sigmoid(x);
            grad * s * (1.0 + x * (1.0 - s))
        })
    }
}
