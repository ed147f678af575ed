//! Pooling.

use burn::tensor::Tensor;

/// `AdaptiveAvgPool2d(1)`: `[batch, channels, h, w]` to
/// `[batch, channels, 1, 1]`.
pub fn mean_pixel(x: Tensor<4>) -> Tensor<4> {
    by_libtorch!(crate::libtorch::unary(&x, |x| {
        x.mean_dim([2, 3].as_slice(), true, None)
    }));
    // Rows are summed before columns: one long sum over all pixels, as in
    // Flex's pooling, rounds more.
    x.mean_dim(3).mean_dim(2)
}
