//! Pooling.

use burn::tensor::{
    Tensor,
    module::{adaptive_avg_pool2d, max_pool2d as burn_max_pool2d},
    ops::MaxPoolOptions,
};

/// `torch.nn.MaxPool2d(kernel, stride, padding)` with square windows.
pub fn max_pool2d(x: Tensor<4>, kernel: usize, stride: usize, padding: usize) -> Tensor<4> {
    let options = MaxPoolOptions::new([kernel; 2])
        .with_stride([stride; 2])
        .with_padding([padding; 2]);
    burn_max_pool2d(x, options)
}

/// `AdaptiveAvgPool2d(1)` and `flatten`: `[batch, channels, h, w]` to
/// `[batch, channels]`.
pub fn global_avg_pool2d(x: Tensor<4>) -> Tensor<2> {
    adaptive_avg_pool2d(x, [1, 1]).flatten(1, 3)
}
