//! Pooling.

use burn::tensor::{Tensor, module::max_pool2d as burn_max_pool2d, ops::MaxPoolOptions};
use psp_ops::mean_pixel;

/// `torch.nn.MaxPool2d(kernel, stride, padding)` with square windows.
pub fn max_pool2d(x: Tensor<4>, kernel: usize, stride: usize, padding: usize) -> Tensor<4> {
    let options = MaxPoolOptions::new([kernel; 2])
        .with_stride([stride; 2])
        .with_padding([padding; 2]);
    burn_max_pool2d(x, options)
}

/// The same with `ceil_mode=True`: a last window that reaches over the edge is
/// kept.
pub fn max_pool2d_ceil(x: Tensor<4>, kernel: usize, stride: usize, padding: usize) -> Tensor<4> {
    let options = MaxPoolOptions::new([kernel; 2])
        .with_stride([stride; 2])
        .with_padding([padding; 2])
        .with_ceil_mode(true);
    burn_max_pool2d(x, options)
}

/// [`mean_pixel`] and `flatten`: `[batch, channels, h, w]` to
/// `[batch, channels]`.
pub fn global_avg_pool2d(x: Tensor<4>) -> Tensor<2> {
    mean_pixel(x).flatten(1, 3)
}
