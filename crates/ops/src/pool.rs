//! Pooling.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Scalar, TensorMetadata, backend_extension};
use burn::tensor::Tensor;

use crate::conv::{ConvKernels, ConvOps};

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
    Tensor::from_dispatch(<Dispatch as AvgPoolOps>::avg_pool(
        x.into_dispatch(),
        kernel,
        stride,
        padding,
    ))
}

pub(crate) trait AvgPoolKernels: ConvKernels {
    /// Whether a depthwise convolution with equal weights is faster than Burn's.
    const BY_CONVOLUTION: bool = false;
}

keep_burns!(AvgPoolKernels);

#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "libtorch"),
    Cube: cfg(feature = "cuda"),
    Autodiff
)]
pub(crate) trait AvgPoolOps: Backend {
    fn avg_pool(
        x: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self>;
}

impl<B: AvgPoolKernels> AvgPoolOps for B {
    fn avg_pool(
        x: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        averages::<Self>(x, [kernel, stride, padding], B::BY_CONVOLUTION)
    }
}

impl<B: AvgPoolKernels, C: CheckpointStrategy> AvgPoolOps for Autodiff<B, C> {
    fn avg_pool(
        x: FloatTensor<Self>,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        averages::<Self>(x, [kernel, stride, padding], B::BY_CONVOLUTION)
    }
}

fn averages<B: ConvOps>(
    x: FloatTensor<B>,
    [kernel, stride, padding]: [usize; 3],
    by_convolution: bool,
) -> FloatTensor<B> {
    let (stride, padding) = ([stride; 2], [padding; 2]);
    if !by_convolution {
        return B::avg_pool2d(x, [kernel; 2], stride, padding, true, false);
    }
    let channels = x.shape()[1];
    let share = Scalar::Float(1.0 / (kernel * kernel) as f64);
    let shape = [channels, 1, kernel, kernel].into();
    let weight = B::float_full(shape, share, &x.device(), x.dtype().into());
    B::convolution(x, weight, stride, padding, channels)
}
