//! Layers.

use burn::tensor::Tensor;
use tch::{Device, Kind, Tensor as Torch};

use super::{peel, wrap};
use crate::ops::{Activation, BatchNormTrain};

fn pair(sizes: [usize; 2]) -> [i64; 2] {
    sizes.map(|size| size as i64)
}

/// In place: nobody else has seen `x` yet, and batch norm finds its gradients
/// without its output.
fn activate(mut x: Torch, activation: Activation) -> Torch {
    match activation {
        Activation::Identity => x,
        Activation::Relu => x.relu_(),
    }
}

pub(crate) fn conv2d(
    x: &Tensor<4>,
    weight: &Tensor<4>,
    bias: Option<&Tensor<1>>,
    stride: [usize; 2],
    padding: [usize; 2],
    groups: usize,
) -> Option<Tensor<4>> {
    let (input, weight) = (peel(x)?, peel(weight)?);
    // oneDNN's backward passes of depthwise convolutions are slower in bf16.
    let in_f32 = groups > 1 && input.device() == Device::Cpu && is_recorded(&input, &weight);
    let kind = if in_f32 { Kind::Float } else { input.kind() };
    let bias = match bias {
        Some(bias) => Some(peel(bias)?.to_kind(kind)),
        None => None,
    };
    let output = Torch::conv2d(
        &input.to_kind(kind),
        &weight.to_kind(kind),
        bias,
        pair(stride),
        pair(padding),
        [1, 1],
        groups as i64,
    );
    Some(wrap(output.to_kind(input.kind()), x))
}

pub(crate) fn linear(x: &Tensor<2>, weight: &Tensor<2>, bias: &Tensor<1>) -> Option<Tensor<2>> {
    let (input, weight, bias) = (peel(x)?, peel(weight)?, peel(bias)?);
    let [weight, bias] = [weight, bias].map(|tensor| tensor.to_kind(input.kind()));
    let output = if is_worth_a_convolution(&input, &weight) {
        linear_by_convolution(&input, &weight, &bias)
    } else {
        input.linear(&weight, Some(&bias))
    };
    Some(wrap(output, x))
}

/// On a CPU LibTorch leaves products of f32 matrices to MKL and convolutions to
/// oneDNN, whose forward pass is the faster of the two (on AMD's processors at
/// least), but whose backward pass is not; of bf16, oneDNN's convolutions are
/// faster than its matrix products. They want many rows to pay for preparing the
/// weights.
fn is_worth_a_convolution(input: &Torch, weight: &Torch) -> bool {
    let is_served = matches!(input.kind(), Kind::Float | Kind::BFloat16);
    let is_large = input.device() == Device::Cpu && input.size()[0] >= 512;
    is_served && is_large && !is_recorded(input, weight)
}

/// Whether there will be a backward pass.
fn is_recorded(input: &Torch, weight: &Torch) -> bool {
    input.requires_grad() || weight.requires_grad()
}

/// The rows as pixels of one image, in channels-last order, where they lie.
fn linear_by_convolution(input: &Torch, weight: &Torch, bias: &Torch) -> Torch {
    let (rows, inputs) = (input.size()[0], input.size()[1]);
    let outputs = weight.size()[0];
    let pixels = input
        .contiguous()
        .view([1, rows, 1, inputs])
        .permute([0, 3, 1, 2]);
    let weight = weight.view([outputs, inputs, 1, 1]);
    let output = Torch::conv2d(&pixels, &weight, Some(bias), [1, 1], [0, 0], [1, 1], 1);
    output.permute([0, 2, 3, 1]).reshape([rows, outputs])
}

pub(crate) fn batch_norm_train(
    x: &Tensor<4>,
    weight: &Tensor<1>,
    bias: &Tensor<1>,
    epsilon: f64,
    activation: Activation,
) -> Option<BatchNormTrain> {
    let count = x.shape().num_elements() / x.dims()[1];
    // LibTorch gives the unbiased variance, which one value has not.
    if count < 2 {
        return None;
    }
    let (input, weight, bias) = (peel(x)?, peel(weight)?, peel(bias)?);
    // A momentum of 1 makes the running statistics those of this batch.
    let of_batch = || Torch::zeros([input.size()[1]], (Kind::Float, input.device()));
    let (mean, variance) = (of_batch(), of_batch());
    let (output, _, _) = input.native_batch_norm(
        Some(&weight),
        Some(&bias),
        Some(&mean),
        Some(&variance),
        true,
        1.0,
        epsilon,
    );
    let biased = &variance * ((count - 1) as f64 / count as f64);
    Some(BatchNormTrain {
        output: wrap(activate(output, activation), x),
        // LibTorch keeps its own for the backward pass.
        mean: wrap(mean.copy(), x),
        variance: wrap(biased, x),
    })
}

pub(crate) fn batch_norm_eval(
    x: &Tensor<4>,
    [weight, bias, mean, variance]: [&Tensor<1>; 4],
    epsilon: f64,
    activation: Activation,
) -> Option<Tensor<4>> {
    let input = peel(x)?;
    let (output, _, _) = input.native_batch_norm(
        Some(&peel(weight)?),
        Some(&peel(bias)?),
        Some(&peel(mean)?),
        Some(&peel(variance)?),
        false,
        0.0,
        epsilon,
    );
    Some(wrap(activate(output, activation), x))
}

pub(crate) fn layer_norm<const D: usize>(
    x: &Tensor<D>,
    weight: &Tensor<1>,
    bias: &Tensor<1>,
    epsilon: f64,
) -> Option<Tensor<D>> {
    let input = peel(x)?;
    let [weight, bias] = [peel(weight)?, peel(bias)?].map(|tensor| match input.device() {
        Device::Cpu => tensor,
        // The GPU's kernel takes one type for all.
        _ => tensor.to_kind(input.kind()),
    });
    let (output, _, _) =
        input.native_layer_norm(weight.size(), Some(&weight), Some(&bias), epsilon);
    Some(wrap(output, x))
}

pub(crate) fn attention(
    query: &Tensor<4>,
    key: &Tensor<4>,
    value: &Tensor<4>,
) -> Option<Tensor<4>> {
    let [q, k, v] = [peel(query)?, peel(key)?, peel(value)?];
    let output =
        Torch::scaled_dot_product_attention(&q, &k, &v, None::<Torch>, 0.0, false, None, false);
    Some(wrap(output, query))
}

pub(crate) fn unary<const D: usize>(
    x: &Tensor<D>,
    apply: impl FnOnce(&Torch) -> Torch,
) -> Option<Tensor<D>> {
    Some(wrap(apply(&peel(x)?), x))
}

pub(crate) fn add_relu(a: &Tensor<4>, b: &Tensor<4>) -> Option<Tensor<4>> {
    let mut sum = peel(a)? + peel(b)?;
    Some(wrap(sum.relu_(), a))
}

pub(crate) fn add<const D: usize>(a: &Tensor<D>, b: &Tensor<D>) -> Option<Tensor<D>> {
    Some(wrap(peel(a)? + peel(b)?, a))
}

pub(crate) fn mul<const D: usize>(a: &Tensor<D>, b: &Tensor<D>) -> Option<Tensor<D>> {
    Some(wrap(peel(a)? * peel(b)?, a))
}
