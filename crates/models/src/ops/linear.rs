//! Affine map in PyTorch's layout with replaceable passes.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{Shape, Tensor};

/// `x · weightᵀ + bias`: `x` `[rows, in]` with `weight` `[out, in]` and `bias`
/// `[out]` gives `[rows, out]`.
pub fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    by_libtorch!(crate::ops::libtorch::linear(&x, &weight, &bias));
    Tensor::from_dispatch(<Dispatch as LinearOps>::affine(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
    ))
}

/// The passes of an affine map; the defaults are Burn's products.
pub(crate) trait LinearKernels: Backend {
    fn affine_forward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        Self::linear(x, Self::float_swap_dims(weight, 0, 1), Some(bias))
    }

    /// The gradient of `x` from that of the output, `[rows, out]`.
    fn affine_x_backward(weight: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_matmul(grad, weight)
    }

    /// The gradient of the weight, `[out, in]`.
    fn affine_weight_backward(x: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_matmul(Self::float_swap_dims(grad, 0, 1), x)
    }

    /// The gradient of the bias, `[out]`.
    fn affine_bias_backward(grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let outputs = grad.shape()[1];
        Self::float_reshape(Self::float_sum_dim(grad, 0), Shape::new([outputs]))
    }
}

keep_burns!(LinearKernels);

#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "libtorch"),
    Cube: cfg(feature = "cuda"),
    Autodiff
)]
pub(crate) trait LinearOps: Backend {
    fn affine(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

/// Outside autodiff it is its forward pass.
impl<B: LinearKernels> LinearOps for B {
    fn affine(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        B::affine_forward(x, weight, bias)
    }
}

#[derive(Debug)]
struct Affine;

impl<B: LinearKernels> Backward<B, 3> for Affine {
    /// `x` and the weight.
    type State = [NodeId; 2];

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [x_node, weight_node, bias_node] = ops.parents;
        let grad = grads.consume::<B>(&ops.node);
        let [x, weight] = ops
            .state
            .map(|saved| checkpointer.retrieve_node_output::<FloatTensor<B>>(saved));
        if let Some(node) = x_node {
            grads.register::<B>(node.id, B::affine_x_backward(weight, grad.clone()));
        }
        if let Some(node) = weight_node {
            grads.register::<B>(node.id, B::affine_weight_backward(x, grad.clone()));
        }
        if let Some(node) = bias_node {
            grads.register::<B>(node.id, B::affine_bias_backward(grad));
        }
    }
}

impl<B: LinearKernels, C: CheckpointStrategy> LinearOps for Autodiff<B, C> {
    fn affine(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        match Affine
            .prepare::<C>([x.node(), weight.node(), bias.node()])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(mut prep) => {
                let saved = [prep.checkpoint(&x), prep.checkpoint(&weight)];
                let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.into_primitive());
                prep.finish(saved, B::affine_forward(x, weight, bias))
            }
            OpsKind::UnTracked(prep) => {
                let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.into_primitive());
                prep.finish(B::affine_forward(x, weight, bias))
            }
        }
    }
}
