//! Activations and sums and products around them.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::{Tensor, activation};

/// What follows a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// `max(x, 0)`.
    Relu,
}

/// `max(x, 0)`.
pub fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    by_libtorch!(crate::ops::libtorch::unary(&x, tch::Tensor::relu));
    activation::relu(x)
}

/// `min(max(x, 0), 6)`, whose gradient is 0 at both bounds (`torch.nn.ReLU6`).
pub fn relu6<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    by_libtorch!(crate::ops::libtorch::unary(&x, tch::Tensor::relu6));
    Tensor::from_dispatch(<Dispatch as Relu6Ops>::relu6(x.into_dispatch()))
}

/// `x · sigmoid(x)` (`torch.nn.SiLU`).
pub fn silu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    by_libtorch!(crate::ops::libtorch::unary(&x, tch::Tensor::silu));
    Tensor::from_dispatch(<Dispatch as SiluOps>::silu(x.into_dispatch()))
}

/// `x · Φ(x)` with the exact normal distribution (`torch.nn.GELU`).
///
/// Burn's own `gelu` is exact forwards, but its default gradient is that of the
/// tanh approximation.
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    by_libtorch!(crate::ops::libtorch::unary(&x, |x| x.gelu("none")));
    let probability = x
        .clone()
        .mul_scalar(std::f64::consts::FRAC_1_SQRT_2)
        .erf()
        .add_scalar(1.0)
        .mul_scalar(0.5);
    x * probability
}

/// `a + b` of one shape. Like [`mul`] it never works in place, as Burn's own may:
/// either can be what a layer before it needs for its gradient.
pub fn add<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
    by_libtorch!(crate::ops::libtorch::add(&a, &b));
    a + b
}

/// `a · b`, the smaller spread over the larger.
pub fn mul<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
    by_libtorch!(crate::ops::libtorch::mul(&a, &b));
    a * b
}

/// `max(a + b, 0)`, the end of a residual block; `a` and `b` have one shape.
pub fn add_relu(a: Tensor<4>, b: Tensor<4>) -> Tensor<4> {
    by_libtorch!(crate::ops::libtorch::add_relu(&a, &b));
    Tensor::from_dispatch(<Dispatch as AddReluOps>::add_relu(
        a.into_dispatch(),
        b.into_dispatch(),
    ))
}

/// Both passes; the defaults are made of Burn's.
pub(crate) trait AddReluKernels: Backend {
    fn add_relu_forward(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::relu(Self::float_add(a, b))
    }

    /// The gradient of either term.
    fn add_relu_backward(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::relu_backward(output, grad)
    }
}

keep_burns!(AddReluKernels);

#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "libtorch"),
    Cube: cfg(feature = "cuda"),
    Autodiff
)]
pub(crate) trait AddReluOps: Backend {
    fn add_relu(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl<B: AddReluKernels> AddReluOps for B {
    fn add_relu(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        B::add_relu_forward(a, b)
    }
}

#[derive(Debug)]
struct AddRelu;

impl<B: AddReluKernels> Backward<B, 2> for AddRelu {
    /// The output, of which the gradient can be told.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let grad = B::add_relu_backward(ops.state, grad);
        for node in ops.parents.into_iter().flatten() {
            grads.register::<B>(node.id, grad.clone());
        }
    }
}

impl<B: AddReluKernels, C: CheckpointStrategy> AddReluOps for Autodiff<B, C> {
    fn add_relu(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [a.node(), b.node()];
        let output = B::add_relu_forward(a.into_primitive(), b.into_primitive());
        match AddRelu.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(output.clone(), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}

/// Both passes of [`relu6`]; the defaults are made of Burn's.
pub(crate) trait Relu6Kernels: Backend {
    fn relu6_forward(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_clamp(x, 0.0.into(), 6.0.into())
    }

    fn relu6_backward(output: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        plain_relu6_backward::<Self>(output, grad)
    }
}

/// `grad` where `output` lies between the bounds.
pub(crate) fn plain_relu6_backward<B: Backend>(
    output: FloatTensor<B>,
    grad: FloatTensor<B>,
) -> FloatTensor<B> {
    let below_six = B::float_add_scalar(B::float_neg(output.clone()), 6.0.into());
    B::relu_backward(output, B::relu_backward(below_six, grad))
}

keep_burns!(Relu6Kernels);

#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "libtorch"),
    Cube: cfg(feature = "cuda"),
    Autodiff
)]
pub(crate) trait Relu6Ops: Backend {
    fn relu6(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl<B: Relu6Kernels> Relu6Ops for B {
    fn relu6(x: FloatTensor<Self>) -> FloatTensor<Self> {
        B::relu6_forward(x)
    }
}

#[derive(Debug)]
struct Relu6;

impl<B: Relu6Kernels> Backward<B, 1> for Relu6 {
    /// The output, of which the gradient can be told.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let grad = B::relu6_backward(ops.state, grad);
        for node in ops.parents.into_iter().flatten() {
            grads.register::<B>(node.id, grad.clone());
        }
    }
}

impl<B: Relu6Kernels, C: CheckpointStrategy> Relu6Ops for Autodiff<B, C> {
    fn relu6(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [x.node()];
        let output = B::relu6_forward(x.into_primitive());
        match Relu6.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(output.clone(), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}

/// Both passes of [`silu`].
pub(crate) trait SiluKernels: Backend {
    fn silu_forward(x: FloatTensor<Self>) -> FloatTensor<Self> {
        plain_silu::<Self>(x)
    }

    fn silu_backward(x: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        plain_silu_backward::<Self>(x, grad)
    }
}

pub(crate) fn plain_silu<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    B::float_mul(x.clone(), B::sigmoid(x))
}

/// `grad · s · (1 + x · (1 - s))` with `s = sigmoid(x)`.
pub(crate) fn plain_silu_backward<B: Backend>(
    x: FloatTensor<B>,
    grad: FloatTensor<B>,
) -> FloatTensor<B> {
    let s = B::sigmoid(x.clone());
    let rest = B::float_add_scalar(B::float_neg(s.clone()), 1.0.into());
    let slope = B::float_add_scalar(B::float_mul(x, rest), 1.0.into());
    B::float_mul(grad, B::float_mul(s, slope))
}

keep_burns!(SiluKernels);

#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "libtorch"),
    Cube: cfg(feature = "cuda"),
    Autodiff
)]
pub(crate) trait SiluOps: Backend {
    fn silu(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl<B: SiluKernels> SiluOps for B {
    fn silu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        B::silu_forward(x)
    }
}

#[derive(Debug)]
struct Silu;

impl<B: SiluKernels> Backward<B, 1> for Silu {
    /// The input.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let grad = B::silu_backward(ops.state, grad);
        for node in ops.parents.into_iter().flatten() {
            grads.register::<B>(node.id, grad.clone());
        }
    }
}

impl<B: SiluKernels, C: CheckpointStrategy> SiluOps for Autodiff<B, C> {
    fn silu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [x.node()];
        let x = x.into_primitive();
        match Silu.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(x.clone(), B::silu_forward(x)),
            OpsKind::UnTracked(prep) => prep.finish(B::silu_forward(x)),
        }
    }
}
