//! How images lie in memory.

use burn::tensor::Tensor;

/// The same values in the order that the device's convolutions are fastest in:
/// on LibTorch with a pixel's channels side by side ("channels last"), which
/// every layer after it keeps to. The shape stays `[batch, channels, h, w]`.
pub fn fast_layout(x: Tensor<4>) -> Tensor<4> {
    by_libtorch!(crate::ops::libtorch::unary(&x, |x| {
        let pixels = x.permute([0, 2, 3, 1]).contiguous();
        pixels.permute([0, 3, 1, 2])
    }));
    x
}
