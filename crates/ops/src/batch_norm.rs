//! Batch normalisation with the batch's own statistics, and the activation
//! that follows it (Ioffe & Szegedy, 2015, arXiv 1502.03167).

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::BatchNormTrainBackward;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

use crate::Activation;

/// What [`batch_norm_train`] returns.
#[derive(Debug)]
pub struct BatchNormTrain {
    /// `activation(normalised · weight + bias)`, the input's shape.
    pub output: Tensor<4>,
    /// Mean of the batch, `[channels]`, outside the autodiff graph.
    pub mean: Tensor<1>,
    /// Biased variance of the batch, `[channels]`, outside the graph.
    pub variance: Tensor<1>,
}

/// Normalises each channel of `x` `[batch, channels, h, w]` with the batch's
/// mean and biased variance, scales it by `weight` and shifts it by `bias`
/// (`[channels]`), then applies `activation`.
pub fn batch_norm_train(
    x: Tensor<4>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f64,
    activation: Activation,
) -> BatchNormTrain {
    let (output, mean, variance) = <Dispatch as BatchNormOps>::normalize(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        epsilon,
        activation,
    );
    BatchNormTrain {
        output: Tensor::from_dispatch(output),
        mean: Tensor::from_dispatch(mean),
        variance: Tensor::from_dispatch(variance),
    }
}

/// Output, mean and biased variance.
type Normalized<B> = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug)]
pub(crate) struct Saved<B: Backend> {
    pub(crate) x: FloatTensor<B>,
    pub(crate) weight: FloatTensor<B>,
    pub(crate) mean: FloatTensor<B>,
    pub(crate) variance: FloatTensor<B>,
    /// The output, when a ReLU made it.
    pub(crate) rectified: Option<FloatTensor<B>>,
    pub(crate) epsilon: f64,
}

/// Burn's forward pass.
pub(crate) fn plain_forward<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    epsilon: f64,
    activation: Activation,
) -> Normalized<B> {
    let normalized = B::batch_norm_train(x, weight, bias, epsilon);
    let output = match activation {
        Activation::Identity => normalized.output,
        Activation::Relu => B::relu(normalized.output),
    };
    (output, normalized.mean, normalized.variance)
}

/// Burn's backward pass.
pub(crate) fn plain_backward<B: Backend>(
    saved: Saved<B>,
    grad: FloatTensor<B>,
) -> BatchNormTrainBackward<B> {
    let grad = match saved.rectified {
        Some(output) => B::relu_backward(output, grad),
        None => grad,
    };
    let Saved {
        x,
        weight,
        mean,
        variance,
        epsilon,
        ..
    } = saved;
    B::batch_norm_train_backward(x, weight, mean, variance, epsilon, grad)
}

/// Both passes; the defaults are Burn's.
pub(crate) trait BatchNormKernels: Backend {
    fn batch_norm_forward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> Normalized<Self> {
        plain_forward::<Self>(x, weight, bias, epsilon, activation)
    }

    fn batch_norm_backward(
        saved: Saved<Self>,
        grad: FloatTensor<Self>,
    ) -> BatchNormTrainBackward<Self> {
        plain_backward(saved, grad)
    }
}

keep_burns!(BatchNormKernels);

#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "libtorch"),
    Cube: cfg(feature = "cuda"),
    Autodiff
)]
pub(crate) trait BatchNormOps: Backend {
    fn normalize(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

impl<B: BatchNormKernels> BatchNormOps for B {
    fn normalize(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> Normalized<Self> {
        B::batch_norm_forward(x, weight, bias, epsilon, activation)
    }
}

#[derive(Debug)]
struct BatchNorm;

/// Statistics, the rectified output and epsilon, as in [`Saved`].
#[derive(Clone, Debug)]
struct State<B: Backend> {
    x: NodeId,
    weight: NodeId,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
    rectified: Option<FloatTensor<B>>,
    epsilon: f64,
}

impl<B: BatchNormKernels> Backward<B, 3> for BatchNorm {
    type State = State<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [x, weight, bias] = ops.parents;
        let grad = grads.consume::<B>(&ops.node);
        let saved = Saved::<B> {
            x: checkpointer.retrieve_node_output(ops.state.x),
            weight: checkpointer.retrieve_node_output(ops.state.weight),
            mean: ops.state.mean,
            variance: ops.state.variance,
            rectified: ops.state.rectified,
            epsilon: ops.state.epsilon,
        };
        let backward = B::batch_norm_backward(saved, grad);
        let of_parents = [
            (x, backward.x_grad),
            (weight, backward.gamma_grad),
            (bias, backward.beta_grad),
        ];
        for (node, grad) in of_parents {
            if let Some(node) = node {
                grads.register::<B>(node.id, grad);
            }
        }
    }
}

impl<B: BatchNormKernels, C: CheckpointStrategy> BatchNormOps for Autodiff<B, C> {
    fn normalize(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> Normalized<Self> {
        let forward = |x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>| {
            let [x, weight, bias] = [x, weight, bias].map(|tensor| tensor.into_primitive());
            B::batch_norm_forward(x, weight, bias, epsilon, activation)
        };
        let outside = <Self as AutodiffBackend>::from_inner;
        match BatchNorm
            .prepare::<C>([x.node(), weight.node(), bias.node()])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(mut prep) => {
                let nodes = (prep.checkpoint(&x), prep.checkpoint(&weight));
                let (output, mean, variance) = forward(x, weight, bias);
                let state = State {
                    x: nodes.0,
                    weight: nodes.1,
                    mean: mean.clone(),
                    variance: variance.clone(),
                    rectified: (activation == Activation::Relu).then(|| output.clone()),
                    epsilon,
                };
                (prep.finish(state, output), outside(mean), outside(variance))
            }
            OpsKind::UnTracked(prep) => {
                let (output, mean, variance) = forward(x, weight, bias);
                (prep.finish(output), outside(mean), outside(variance))
            }
        }
    }
}
