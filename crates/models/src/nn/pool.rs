//! Pooling.

use burn::tensor::Tensor;
use psp_ops::{Window, mean_pixel};

/// `torch.nn.MaxPool2d(kernel, stride, padding)` with square windows.
pub fn max_pool2d(x: Tensor<4>, kernel: usize, stride: usize, padding: usize) -> Tensor<4> {
    let window = Window {
        kernel,
        stride,
        padding,
        ceil_mode: false,
    };
    psp_ops::max_pool2d(x, window)
}

/// The same with `ceil_mode=True`: a last window that reaches over the edge is
/// kept.
pub fn max_pool2d_ceil(x: Tensor<4>, kernel: usize, stride: usize, padding: usize) -> Tensor<4> {
    let window = Window {
        kernel,
        stride,
        padding,
        ceil_mode: true,
    };
    psp_ops::max_pool2d(x, window)
}

/// [`mean_pixel`] and `flatten`: `[batch, channels, h, w]` to
/// `[batch, channels]`.
pub fn global_avg_pool2d(x: Tensor<4>) -> Tensor<2> {
    mean_pixel(x).flatten(1, 3)
}
