//! Activations.

use burn::tensor::{Tensor, activation};

/// `max(x, 0)`, element by element.
pub fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activation::relu(x)
}
