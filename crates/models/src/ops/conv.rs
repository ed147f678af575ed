//! 2-D convolution with a replaceable forward and backward pass.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;

/// 2-D convolution without dilation: `x` `[batch, in, h, w]` with `weight`
/// `[out, in / groups, kh, kw]` and `bias` `[out]` gives `[batch, out, h', w']`.
///
/// `padding` zeros are added on each side of height and width.
pub fn conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: [usize; 2],
    padding: [usize; 2],
    groups: usize,
) -> Tensor<4> {
    by_libtorch!(crate::ops::libtorch::conv2d(
        &x,
        &weight,
        bias.as_ref(),
        stride,
        padding,
        groups
    ));
    let output = Tensor::from_dispatch(<Dispatch as ConvOps>::convolution(
        x.into_dispatch(),
        weight.into_dispatch(),
        stride,
        padding,
        groups,
    ));
    match bias {
        Some(bias) => output + bias.reshape([1, -1, 1, 1]),
        None => output,
    }
}

/// The three passes of a convolution; the defaults are Burn's.
pub(crate) trait ConvKernels: Backend {
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::conv2d(x, weight, None, options)
    }

    fn conv_x_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::conv2d_x_backward(x, weight, grad, options)
    }

    fn conv_weight_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::conv2d_weight_backward(x, weight, grad, options)
    }
}

keep_burns!(ConvKernels);

#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "libtorch"),
    Cube: cfg(feature = "cuda"),
    Autodiff
)]
pub(crate) trait ConvOps: Backend {
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: [usize; 2],
        padding: [usize; 2],
        groups: usize,
    ) -> FloatTensor<Self>;
}

fn options(stride: [usize; 2], padding: [usize; 2], groups: usize) -> ConvOptions<2> {
    ConvOptions::new(stride, padding, [1, 1], groups)
}

/// Outside autodiff a convolution is its forward pass.
impl<B: ConvKernels> ConvOps for B {
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: [usize; 2],
        padding: [usize; 2],
        groups: usize,
    ) -> FloatTensor<Self> {
        B::conv(x, weight, options(stride, padding, groups))
    }
}

#[derive(Debug)]
struct Convolution;

impl<B: ConvKernels> Backward<B, 2> for Convolution {
    type State = (NodeId, NodeId, ConvOptions<2>);

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [x_node, weight_node] = ops.parents;
        let grad = grads.consume::<B>(&ops.node);
        let (x, weight, options) = ops.state;
        let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(x);
        let weight = checkpointer.retrieve_node_output::<FloatTensor<B>>(weight);
        if let Some(node) = x_node {
            let of_x = B::conv_x_backward(x.clone(), weight.clone(), grad.clone(), options.clone());
            grads.register::<B>(node.id, of_x);
        }
        if let Some(node) = weight_node {
            let of_weight = B::conv_weight_backward(x, weight, grad, options);
            grads.register::<B>(node.id, of_weight);
        }
    }
}

impl<B: ConvKernels, C: CheckpointStrategy> ConvOps for Autodiff<B, C> {
    fn convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: [usize; 2],
        padding: [usize; 2],
        groups: usize,
    ) -> FloatTensor<Self> {
        let options = options(stride, padding, groups);
        let [inner_x, inner_weight] = [&x, &weight].map(|tensor| tensor.primitive().clone());
        let output = B::conv(inner_x, inner_weight, options.clone());
        let nodes = [x.node(), weight.node()];
        match Convolution.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (prep.checkpoint(&x), prep.checkpoint(&weight), options);
                prep.finish(state, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}
