//! Affine map (`torch.nn.Linear`).

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::value::Value;

/// `torch.nn.Linear`: `x · weightᵀ + bias`.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[out_features, in_features]`, PyTorch's layout.
    pub weight: Param<Tensor<2>>,
    /// `[out_features]`.
    pub bias: Param<Tensor<1>>,
}

impl Linear {
    /// The layer with all parameters zero, to be filled by
    /// [`crate::state::load`].
    pub fn new(in_features: usize, out_features: usize, device: &Device) -> Self {
        Self {
            weight: Param::from_tensor(Tensor::zeros([out_features, in_features], device)),
            bias: Param::from_tensor(Tensor::zeros([out_features], device)),
        }
    }

    /// `[…, in_features]` to `[…, out_features]`.
    pub fn forward<X: Value>(&self, x: X) -> X {
        x.linear(&self.weight, &self.bias)
    }
}
