//! Affine map (`torch.nn.Linear`).

use crate::ops::linear;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::cost::count;

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
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let [outputs, inputs] = self.weight.dims();
        let mut shape = x.dims();
        let rows = x.shape().num_elements() / inputs;
        count(rows * inputs * outputs);
        let x = x.reshape([rows, inputs]);
        shape[D - 1] = outputs;
        linear(x, self.weight.val(), self.bias.val()).reshape(shape)
    }
}
