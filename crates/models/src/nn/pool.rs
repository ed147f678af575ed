//! Pooling.

use crate::ops::{Window, mean_pixel};
use burn::tensor::Tensor;

/// `torch.nn.MaxPool2d(kernel, stride, padding, ceil_mode=ceil_mode)` with square windows:
/// `ceil_mode` keeps a last window that reaches over the edge.
pub fn max_pool2d(
    x: Tensor<4>,
    kernel: usize,
    stride: usize,
    padding: usize,
    ceil_mode: bool,
) -> Tensor<4> {
    let window = Window {
        kernel,
        stride,
        padding,
        ceil_mode,
    };
    crate::ops::max_pool2d(x, window)
}

/// [`mean_pixel`] and `flatten`: `[batch, channels, h, w]` to
/// `[batch, channels]`.
pub fn global_avg_pool2d(x: Tensor<4>) -> Tensor<2> {
    mean_pixel(x).flatten(1, 3)
}
