//! The residual sum and its rectifier, ReLU6 and SiLU.

use burn::backend::ops::{ActivationOps, FloatTensorOps};
use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::{Floats, are_f32, into_values, tensor, values};
use crate::ops::activation::{
    AddReluKernels, Relu6Kernels, SiluKernels, plain_relu6_backward, plain_silu,
    plain_silu_backward,
};
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
        // NaN stays NaN, as in PyTorch.
        map(x, |x| x.clamp(0.0, 6.0))
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
        map(x, |x| x * sigmoid(x))
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

/// `1 / (1 + e^-x)` within 2e-7 of its value; NaN stays NaN.
///
/// e^-x is 2^n · e^r with whole n and |r| <= ln 2 / 2, and e^r its Taylor series: no
/// branch and no call, so that a loop of it fills SIMD registers.
#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    /// Added to a small number and taken away again, it rounds to a whole one, which
    /// then is in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts, of which the first has few digits.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    // Beyond, the result is 0 or 1 to f32.
    let negated = (-x).clamp(-87.0, 87.0);
    let rounded = negated * std::f32::consts::LOG2_E + ROUND;
    let whole = rounded - ROUND;
    let r = negated - whole * LN_2[0] - whole * LN_2[1];
    let series = 1.0 / 5040.0;
    let series = series * r + 1.0 / 720.0;
    let series = series * r + 1.0 / 120.0;
    let series = series * r + 1.0 / 24.0;
    let series = series * r + 1.0 / 6.0;
    let series = series * r + 0.5;
    let series = series * r + 1.0;
    let series = series * r + 1.0;
    let exponent = rounded.to_bits().wrapping_shl(23).wrapping_add(127 << 23);
    1.0 / (1.0 + series * f32::from_bits(exponent))
}

/// `max(x, 0)`; NaN stays NaN, as in PyTorch.
#[inline(always)]
pub(super) fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sigmoid_is_exact_far_from_zero_too_and_nan_of_nan() {
        let far = [f32::NEG_INFINITY, -200.0, -87.5, 87.5, 200.0, f32::INFINITY];
        let near = (-400..=400).map(|step| step as f32 * 0.05);
        for x in near.chain(far) {
            let want = 1.0 / (1.0 + (-f64::from(x)).exp());
            let got = sigmoid(x);
            assert!((f64::from(got) - want).abs() < 2e-7, "{x}: {got} {want}");
        }
        assert!(sigmoid(f32::NAN).is_nan());
    }
}
