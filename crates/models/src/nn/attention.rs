//! Multi-head self-attention (`torch.nn.MultiheadAttention`; Vaswani et al.,
//! 2017).

use crate::ops::{attention, linear};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation::softmax};

use super::Linear;
use super::cost::count;

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
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, length, width] = x.dims();
        count(batch * length * (3 * width * width + 2 * length * width));
        let [query, key, value] = self.project(x);
        let mixed = attention(query, key, value);
        let joined = mixed.swap_dims(1, 2).reshape([batch, length, width]);
        self.out_proj.forward(joined)
    }

    /// What [`MultiheadAttention::forward`] weighs the values with:
    /// `softmax(query · keyᵀ / √depth)`, `[batch, length, width]` to `[batch,
    /// heads, length, length]`.
    pub fn attention_weights(&self, x: Tensor<3>) -> Tensor<4> {
        let [query, key, _] = self.project(x);
        let [.., depth] = query.dims();
        let scores = query.matmul(key.transpose());
        softmax(scores.mul_scalar(1.0 / (depth as f64).sqrt()), 3)
    }

    /// Query, key and value, each `[batch, heads, length, depth]`.
    fn project(&self, x: Tensor<3>) -> [Tensor<4>; 3] {
        let [batch, length, width] = x.dims();
        let projected = linear(
            x.reshape([batch * length, width]),
            self.in_proj_weight.val(),
            self.in_proj_bias.val(),
        )
        .reshape([batch, length, 3 * width]);
        [0, 1, 2].map(|part| {
            projected
                .clone()
                .narrow(2, part * width, width)
                .reshape([batch, length, self.heads, width / self.heads])
                .swap_dims(1, 2)
        })
    }
}
