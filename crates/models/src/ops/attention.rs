//! Scaled dot-product attention (Vaswani et al., 2017, arXiv 1706.03762).

use burn::tensor::{Tensor, activation::softmax};

use super::linear::linear;

/// `softmax(query · keyᵀ / √depth) · value`: each `[batch, heads, length,
/// depth]`, and so is the result (`torch.nn.functional.
/// scaled_dot_product_attention`).
pub fn attention(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>) -> Tensor<4> {
    by_libtorch!(crate::ops::libtorch::attention(&query, &key, &value));
    let [.., depth] = query.dims();
    let scores = query
        .mul_scalar(1.0 / (depth as f64).sqrt())
        .matmul(key.transpose());
    softmax(scores, 3).matmul(value)
}

/// Query, key and value of `x`, `[batch, length, width]`: each `[batch, heads, length,
/// depth]`, by PyTorch's fused projection with `weight` `[3 · width, width]` and `bias`
/// `[3 · width]`.
pub fn project(x: Tensor<3>, weight: Tensor<2>, bias: Tensor<1>, heads: usize) -> [Tensor<4>; 3] {
    let [batch, length, width] = x.dims();
    let projected = linear(x.reshape([batch * length, width]), weight, bias);
    let projected = projected.reshape([batch, length, 3 * width]);
    [0, 1, 2].map(|part| {
        projected
            .clone()
            .narrow(2, part * width, width)
            .reshape([batch, length, heads, width / heads])
            .swap_dims(1, 2)
    })
}
