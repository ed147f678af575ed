//! Multi-head self-attention (`torch.nn.MultiheadAttention`; Vaswani et al.,
//! 2017).

use crate::ops::project;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation::softmax};

use super::Linear;
use super::value::Sequence;

/// `torch.nn.MultiheadAttention(batch_first=True)` of a sequence with itself,
/// with PyTorch's fused projection of query, key and value.
#[derive(Module, Debug)]
pub struct MultiheadAttention {
    /// `[3 · width, width]`: query, key and value above one another.
    pub in_proj_weight: Param<Tensor<2>>,
    /// `[3 · width]`.
    pub in_proj_bias: Param<Tensor<1>>,
    out_proj: Linear,
    #[module(skip)]
    heads: usize,
}

impl MultiheadAttention {
    /// The layer with zero weights, to be filled by [`crate::state::load`];
    /// `heads` divides `width`.
    pub fn new(width: usize, heads: usize, device: &Device) -> Self {
        Self {
            in_proj_weight: Param::from_tensor(Tensor::zeros([3 * width, width], device)),
            in_proj_bias: Param::from_tensor(Tensor::zeros([3 * width], device)),
            out_proj: Linear::new(width, width, device),
            heads,
        }
    }

    /// `[batch, length, width]` to the same shape.
    pub fn forward<X: Sequence>(&self, x: X) -> X {
        let joined = x.attention(&self.in_proj_weight, &self.in_proj_bias, self.heads);
        self.out_proj.forward(joined)
    }

    /// What [`MultiheadAttention::forward`] weighs the values with:
    /// `softmax(query · keyᵀ / √depth)`, `[batch, length, width]` to `[batch,
    /// heads, length, length]`.
    pub fn attention_weights(&self, x: Tensor<3>) -> Tensor<4> {
        let (weight, bias) = (self.in_proj_weight.val(), self.in_proj_bias.val());
        let [query, key, _] = project(x, weight, bias, self.heads);
        let [.., depth] = query.dims();
        let scores = query.matmul(key.transpose());
        softmax(scores.mul_scalar(1.0 / (depth as f64).sqrt()), 3)
    }
}
