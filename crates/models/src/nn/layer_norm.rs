//! Layer normalisation (`torch.nn.LayerNorm`; Ba et al., 2016).

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::value::Value;

/// `torch.nn.LayerNorm` over the last dimension.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// Scale, `[width]`.
    pub weight: Param<Tensor<1>>,
    /// Shift, `[width]`.
    pub bias: Param<Tensor<1>>,
    #[module(skip)]
    epsilon: f64,
}

impl LayerNorm {
    /// Scale 1 and shift 0.
    pub fn new(width: usize, epsilon: f64, device: &Device) -> Self {
        Self {
            weight: Param::from_tensor(Tensor::ones([width], device)),
            bias: Param::from_tensor(Tensor::zeros([width], device)),
            epsilon,
        }
    }

    /// `[…, width]` to the same shape.
    pub fn forward<X: Value>(&self, x: X) -> X {
        x.layer_norm(&self.weight, &self.bias, self.epsilon)
    }
}
