//! Scaled dot-product attention (Vaswani et al., 2017, arXiv 1706.03762).

use burn::tensor::{Tensor, activation::softmax};

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
