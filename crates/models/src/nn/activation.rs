//! Activations.

use burn::tensor::{Tensor, activation};

/// `max(x, 0)`, element by element.
pub fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activation::relu(x)
}

/// `x · sigmoid(x)` (`torch.nn.SiLU`).
pub fn silu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activation::silu(x)
}

/// `1 / (1 + exp(-x))`.
pub fn sigmoid<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activation::sigmoid(x)
}

/// `x · Φ(x)` with the exact normal distribution (`torch.nn.GELU`).
///
/// Burn's own `gelu` is exact forwards, but its default gradient is that of the
/// tanh approximation.
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let probability = x
        .clone()
        .mul_scalar(std::f64::consts::FRAC_1_SQRT_2)
        .erf()
        .add_scalar(1.0)
        .mul_scalar(0.5);
    x * probability
}
