//! Pooling.

use super::value::Image;
use crate::ops::Window;

/// `torch.nn.MaxPool2d(kernel, stride, padding, ceil_mode=ceil_mode)` with square windows:
/// `ceil_mode` keeps a last window that reaches over the edge.
pub fn max_pool2d<X: Image>(
    x: X,
    kernel: usize,
    stride: usize,
    padding: usize,
    ceil_mode: bool,
) -> X {
    let window = Window {
        kernel,
        stride,
        padding,
        ceil_mode,
    };
    x.max_pool2d(window)
}

/// `AdaptiveAvgPool2d(1)` and `flatten`: `[batch, channels, h, w]` to
/// `[batch, channels]`.
pub fn global_avg_pool2d<X: Image>(x: X) -> X::Row {
    x.mean_pixel().into_row()
}
