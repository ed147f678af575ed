//! Pooling.

use burn::tensor::Tensor;

use crate::conv2d;

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

/// `torch.nn.AvgPool2d(kernel, stride, padding)` with square windows; the
/// padding's zeros count.
pub fn avg_pool2d(x: Tensor<4>, kernel: usize, stride: usize, padding: usize) -> Tensor<4> {
    by_libtorch!(crate::libtorch::unary(&x, |x| {
        x.avg_pool2d(
            [kernel as i64; 2],
            [stride as i64; 2],
            [padding as i64; 2],
            false,
            true,
            None,
        )
    }));
    // A depthwise convolution with equal weights, which Flex does faster than its
    // own pooling.
    let channels = x.dims()[1];
    let share = 1.0 / (kernel * kernel) as f64;
    let weight = Tensor::full(
        [channels, 1, kernel, kernel],
        share,
        (&x.device(), x.dtype()),
    );
    conv2d(x, weight, None, [stride; 2], [padding; 2], channels)
}
