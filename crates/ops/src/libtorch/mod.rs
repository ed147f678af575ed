//! Kernels for LibTorch: its own forward passes, and backward passes by its own
//! autograd.
//!
//! burn-tch leaves the backward passes of convolution and batch norm to
//! definitions out of general operations, which take several times as long:
//! a convolution's weight gradient becomes a convolution whose kernel is as
//! large as the image. LibTorch's own are not in tch's interface, but its
//! autograd calls them. So a backward pass here computes the operation once
//! more on leaves of a graph of its own, which lasts no longer than the call.

mod batch_norm;
mod conv;

use burn::backend::LibTorch;
use burn::backend::libtorch::TchTensor;
use burn::backend::tensor::FloatTensor;
use tch::Tensor;

type Floats = FloatTensor<LibTorch>;

/// The same values, which gradients are wanted of if `tracked`.
fn leaf(tensor: &Floats, tracked: bool) -> Tensor {
    tensor.tensor.detach().set_requires_grad(tracked)
}

/// The gradients of `leaves`, from which `output` was computed, given that of
/// the output.
fn pull<const N: usize>(output: &Tensor, grad: &Floats, leaves: [&Tensor; N]) -> [Floats; N] {
    // A product and a sum in one pass; its gradient is `grad` itself.
    let seed = output.reshape(-1).dot(&grad.tensor.reshape(-1));
    let mut grads = Tensor::run_backward(&[seed], &leaves, false, false).into_iter();
    // One for each leaf, in order.
    leaves.map(|leaf| {
        let grad = grads.next().unwrap_or_else(|| leaf.zeros_like());
        TchTensor::new(grad)
    })
}
