//! Layer normalisation (Ba et al., 2016, arXiv 1607.06450).

use burn::tensor::{Tensor, module};

/// Normalises each row of the last dimension with its mean and biased variance,
/// scales it by `weight` and shifts it by `bias` (`[width]`).
pub fn layer_norm<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f64,
) -> Tensor<D> {
    by_libtorch!(crate::ops::libtorch::layer_norm(
        &x, &weight, &bias, epsilon
    ));
    module::layer_norm(x, weight, Some(bias), epsilon)
}
