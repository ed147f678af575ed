//! Pooling.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::conv::calculate_pool_output_size;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Scalar, TensorMetadata, backend_extension};
use burn::tensor::Tensor;

use crate::ops::conv::{ConvKernels, ConvOps};

/// `AdaptiveAvgPool2d(1)`: `[batch, channels, h, w]` to
/// `[batch, channels, 1, 1]`.
pub fn mean_pixel(x: Tensor<4>) -> Tensor<4> {
    by_libtorch!(crate::ops::libtorch::unary(&x, |x| {
        x.mean_dim([2, 3].as_slice(), true, None)
    }));
    // Rows are summed before columns: one long sum over all pixels, as in
    // Flex's pooling, rounds more.
    x.mean_dim(3).mean_dim(2)
}

/// `torch.nn.AvgPool2d(kernel, stride, padding)` with square windows; the
/// padding's zeros count.
pub fn avg_pool2d(x: Tensor<4>, kernel: usize, stride: usize, padding: usize) -> Tensor<4> {
    by_libtorch!(crate::ops::libtorch::unary(&x, |x| {
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

/// The square windows of [`max_pool2d`], and how they are moved over an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Pixels per side.
    pub kernel: usize,
    /// Pixels from one window to the next.
    pub stride: usize,
    /// Pixels around the image that count as -inf, at most half the kernel.
    pub padding: usize,
    /// Whether a last window that reaches over the edge is kept.
    pub ceil_mode: bool,
}

impl Window {
    /// Kernel, stride and padding of both axes.
    fn sizes(&self) -> [[usize; 2]; 3] {
        [self.kernel, self.stride, self.padding].map(|size| [size; 2])
    }

    /// How many windows `size` pixels have; `None` where they are less than one.
    pub fn output(&self, size: usize) -> Option<usize> {
        let Self {
            kernel,
            stride,
            padding,
            ceil_mode,
        } = *self;
        let count = || calculate_pool_output_size(kernel, stride, padding, 1, size, ceil_mode);
        self.fits(size).then(count)
    }

    fn fits(&self, size: usize) -> bool {
        let beyond = if self.ceil_mode { self.stride - 1 } else { 0 };
        2 * self.padding <= self.kernel && self.kernel <= size + 2 * self.padding + beyond
    }
}

/// `torch.nn.MaxPool2d`. NaN is larger than any number; of equal pixels the first gets the
/// gradient.
///
/// # Panics
/// When the padding is more than half the kernel, or the image smaller than a window.
pub fn max_pool2d(x: Tensor<4>, window: Window) -> Tensor<4> {
    let [.., height, width] = x.dims();
    assert!(
        window.fits(height) && window.fits(width),
        "{window:?} on {height}x{width} pixels"
    );
    by_libtorch!(crate::ops::libtorch::unary(&x, |x| {
        let [kernel, stride, padding] = window.sizes().map(|sizes| sizes.map(|size| size as i64));
        x.max_pool2d(kernel, stride, padding, [1, 1], window.ceil_mode)
    }));
    Tensor::from_dispatch(<Dispatch as MaxPoolOps>::max_pool(
        x.into_dispatch(),
        window,
    ))
}

/// Both passes of a backend's own.
pub(crate) struct MaxPoolKernel<B: Backend> {
    pub(crate) forward: fn(&FloatTensor<B>, Window) -> FloatTensor<B>,
    pub(crate) backward: MaxPoolBackward<B>,
}

/// The gradient of the input, given the input and the output's gradient.
type MaxPoolBackward<B> = fn(&FloatTensor<B>, &FloatTensor<B>, Window) -> FloatTensor<B>;

pub(crate) trait MaxPoolKernels: Backend {
    /// What pools `x` faster than Burn does.
    fn max_pool_kernel(_: &FloatTensor<Self>) -> Option<MaxPoolKernel<Self>> {
        None
    }
}

keep_burns!(MaxPoolKernels);

#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "libtorch"),
    Cube: cfg(feature = "cuda"),
    Autodiff
)]
pub(crate) trait MaxPoolOps: Backend {
    fn max_pool(x: FloatTensor<Self>, window: Window) -> FloatTensor<Self>;
}

fn by_burn<B: Backend>(x: FloatTensor<B>, window: Window) -> FloatTensor<B> {
    let [kernel, stride, padding] = window.sizes();
    B::max_pool2d(x, kernel, stride, padding, [1, 1], window.ceil_mode)
}

impl<B: MaxPoolKernels> MaxPoolOps for B {
    fn max_pool(x: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        if let Some(kernel) = B::max_pool_kernel(&x) {
            (kernel.forward)(&x, window)
        } else {
            by_burn::<Self>(x, window)
        }
    }
}

#[derive(Debug)]
struct MaxPool;

impl<B: MaxPoolKernels> Backward<B, 1> for MaxPool {
    type State = (FloatTensor<B>, Window, MaxPoolBackward<B>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (x, window, backward) = ops.state;
        let [node] = ops.parents;
        if let Some(node) = node {
            grads.register::<B>(node.id, backward(&x, &grad, window));
        }
    }
}

impl<B: MaxPoolKernels, C: CheckpointStrategy> MaxPoolOps for Autodiff<B, C> {
    fn max_pool(x: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        let nodes = [x.node()];
        let values = x.clone().into_primitive();
        let Some(kernel) = B::max_pool_kernel(&values) else {
            return by_burn::<Self>(x, window);
        };
        let output = (kernel.forward)(&values, window);
        match MaxPool.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((values, window, kernel.backward), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}
