//! Batch normalisation with the batch's own statistics, and the activation
//! that follows it (Ioffe & Szegedy, 2015, arXiv 1502.03167).

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::BatchNormTrainBackward;
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, Dispatch, Scalar, TensorMetadata, backend_extension,
};
use burn::tensor::{FloatDType, Shape, Tensor};

use crate::ops::{Activation, relu};

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
    by_libtorch!(crate::ops::libtorch::batch_norm_train(
        &x, &weight, &bias, epsilon, activation
    ));
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

/// Normalises each channel of `x` `[batch, channels, h, w]` with a stored mean
/// and variance, scales it by `weight` and shifts it by `bias` (`[channels]`
/// each), then applies `activation`.
pub fn batch_norm_eval(
    x: Tensor<4>,
    [weight, bias, mean, variance]: [Tensor<1>; 4],
    epsilon: f64,
    activation: Activation,
) -> Tensor<4> {
    by_libtorch!(crate::ops::libtorch::batch_norm_eval(
        &x,
        [&weight, &bias, &mean, &variance],
        epsilon,
        activation
    ));
    // One product and one sum per value, with factors that are computed in
    // f64 and rounded once, as PyTorch has it: rounding them at every step
    // moves a whole channel, which shows after fifty layers.
    let wide = |tensor: Tensor<1>| tensor.cast(FloatDType::F64);
    let scale = wide(weight) / wide(variance).add_scalar(epsilon).sqrt();
    let shift = wide(bias) - wide(mean) * scale.clone();
    let dtype: FloatDType = x.dtype().into();
    let (scale, shift) = (scale.cast(dtype), shift.cast(dtype));
    let shape = [1, scale.dims()[0], 1, 1];
    let output = x * scale.reshape(shape) + shift.reshape(shape);
    match activation {
        Activation::Identity => output,
        Activation::Relu => relu(output),
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

/// Mean over batch, height and width of `[batch, channels, h, w]`, as
/// `[1, channels, 1, 1]`.
fn channel_mean<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    [3, 2, 0].into_iter().fold(x, B::float_mean_dim)
}

/// One factor per channel in f64, which computing with it does not blur.
fn wide<B: Backend>(x: FloatTensor<B>, channels: usize) -> FloatTensor<B> {
    B::float_cast(
        B::float_reshape(x, Shape::new([1, channels, 1, 1])),
        FloatDType::F64,
    )
}

/// `1 / sqrt(variance + epsilon)`.
fn inverse_deviation<B: Backend>(variance: FloatTensor<B>, epsilon: f64) -> FloatTensor<B> {
    B::float_recip(B::float_sqrt(B::float_add_scalar(
        variance,
        Scalar::Float(epsilon),
    )))
}

/// The forward pass out of Burn's operations: beside the statistics one product
/// and one sum per value, with factors that are rounded once.
pub(crate) fn plain_forward<B: Backend>(
    [x, weight, bias]: [FloatTensor<B>; 3],
    epsilon: f64,
    activation: Activation,
) -> Normalized<B> {
    let channels = x.shape()[1];
    let dtype: FloatDType = x.dtype().into();
    let mean = channel_mean::<B>(x.clone());
    let centred = B::float_sub(x.clone(), mean.clone());
    let variance = channel_mean::<B>(B::float_mul(centred.clone(), centred));
    let deviation = wide::<B>(variance.clone(), channels);
    let inverse = inverse_deviation::<B>(deviation, epsilon);
    let scale = B::float_mul(wide::<B>(weight, channels), inverse);
    let shifted = B::float_mul(wide::<B>(mean.clone(), channels), scale.clone());
    let shift = B::float_sub(wide::<B>(bias, channels), shifted);
    let scaled = B::float_mul(x, B::float_cast(scale, dtype));
    let output = B::float_add(scaled, B::float_cast(shift, dtype));
    let output = match activation {
        Activation::Identity => output,
        Activation::Relu => B::relu(output),
    };
    let flat = |x| B::float_reshape(x, Shape::new([channels]));
    (output, flat(mean), flat(variance))
}

/// The backward pass out of Burn's operations, in the same manner:
/// `x_grad = a · grad + b · (x - mean) + c`.
pub(crate) fn plain_backward<B: Backend>(
    saved: Saved<B>,
    grad: FloatTensor<B>,
) -> BatchNormTrainBackward<B> {
    let grad = match saved.rectified {
        Some(output) => B::relu_backward(output, grad),
        None => grad,
    };
    let shape = saved.x.shape();
    let channels = shape[1];
    let count = Scalar::Float((shape.num_elements() / channels) as f64);
    let dtype: FloatDType = saved.x.dtype().into();
    let narrow = |x| B::float_cast(x, dtype);
    let mean = B::float_reshape(saved.mean, Shape::new([1, channels, 1, 1]));
    let centred = B::float_sub(saved.x, mean);
    let mean_grad = channel_mean::<B>(grad.clone());
    let mean_projected = channel_mean::<B>(B::float_mul(grad.clone(), centred.clone()));
    let (mean_grad, mean_projected) = (
        wide::<B>(mean_grad, channels),
        wide::<B>(mean_projected, channels),
    );
    let inverse = inverse_deviation::<B>(wide::<B>(saved.variance, channels), saved.epsilon);
    let a = B::float_mul(wide::<B>(saved.weight, channels), inverse.clone());
    let inverse_variance = B::float_mul(inverse.clone(), inverse.clone());
    let b = B::float_neg(B::float_mul(
        B::float_mul(a.clone(), inverse_variance),
        mean_projected.clone(),
    ));
    let c = B::float_neg(B::float_mul(a.clone(), mean_grad.clone()));
    let x_grad = B::float_add(
        B::float_mul(grad, narrow(a)),
        B::float_add(B::float_mul(centred, narrow(b)), narrow(c)),
    );
    let flat = |x| B::float_reshape(narrow(x), Shape::new([channels]));
    let projected = B::float_mul(mean_projected, inverse);
    BatchNormTrainBackward::new(
        x_grad,
        flat(B::float_mul_scalar(projected, count)),
        flat(B::float_mul_scalar(mean_grad, count)),
    )
}

/// Both passes; the defaults are made of Burn's operations.
pub(crate) trait BatchNormKernels: Backend {
    /// Of input, weight and bias.
    fn batch_norm_forward(
        inputs: [FloatTensor<Self>; 3],
        epsilon: f64,
        activation: Activation,
    ) -> Normalized<Self> {
        plain_forward::<Self>(inputs, epsilon, activation)
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
        B::batch_norm_forward([x, weight, bias], epsilon, activation)
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
        let inner = [&x, &weight, &bias].map(|tensor| tensor.primitive().clone());
        let (output, mean, variance) = B::batch_norm_forward(inner, epsilon, activation);
        let nodes = [x.node(), weight.node(), bias.node()];
        let output = match BatchNorm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = State {
                    x: prep.checkpoint(&x),
                    weight: prep.checkpoint(&weight),
                    mean: mean.clone(),
                    variance: variance.clone(),
                    rectified: (activation == Activation::Relu).then(|| output.clone()),
                    epsilon,
                };
                prep.finish(state, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(output),
        };
        let outside = <Self as AutodiffBackend>::from_inner;
        (output, outside(mean), outside(variance))
    }
}
