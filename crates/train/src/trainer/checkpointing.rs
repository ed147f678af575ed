//! Backpropagation in pieces, for networks whose activations do not fit in
//! memory (Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016,
//! arXiv 1604.06174; `torch.utils.checkpoint`).
//!
//! The way forward keeps only what enters each block. On the way back each
//! block is computed once more, with a graph of its own that is gone when its
//! gradients are there.

use burn::module::Module;
use burn::tensor::{Gradients, Tensor};
use psp_models::Regressor;
use psp_models::nn::Noise;
use psp_models::vit::VisionTransformer;

use crate::optim::Grads;

/// Predictions (`[batch, targets]`) of `model`, whose backbone is `vit`, for
/// `images` (`[batch, 3, size, size]`), and the gradients of their `loss`.
///
/// `depth` is the largest [`distance`](psp_models::BackboneKind::distance) of a
/// stage that is trained; nothing farther from the head is computed twice.
pub(super) fn backward(
    model: &Regressor,
    vit: &VisionTransformer,
    depth: usize,
    images: Tensor<4>,
    noise: &mut Noise,
    loss: impl FnOnce(Tensor<2>) -> Tensor<1>,
) -> (Tensor<2>, Grads) {
    let plain = vit.valid();
    let mut x = plain.embed(images.clone().inner());
    let mut entered = Vec::new();
    for block in plain.blocks() {
        entered.push(x.clone());
        x = block.forward(x);
    }

    let left = leaf(x);
    let predictions = model.head.forward(vit.pool(left.clone()), noise);
    let mut gradients = loss(predictions.clone()).backward();
    let mut upstream = left.grad_remove(&mut gradients);
    let mut grads = Grads::take(model, gradients);

    let blocks = vit.blocks().into_iter().zip(entered).rev();
    for (block, x) in blocks.take(depth) {
        // There is a gradient: the loss depends on every block's output.
        let Some(of_output) = upstream else { break };
        let entered = leaf(x);
        let mut gradients = pull(block.forward(entered.clone()), of_output);
        upstream = entered.grad_remove(&mut gradients);
        grads = grads + Grads::take(model, gradients);
    }
    if let Some(upstream) = upstream.filter(|_| depth > plain.blocks().len()) {
        let gradients = pull(vit.embed(images), upstream);
        grads = grads + Grads::take(model, gradients);
    }
    (predictions, grads)
}

/// A tensor that a graph begins with and that gets a gradient.
fn leaf(x: Tensor<3>) -> Tensor<3> {
    Tensor::from_inner(x).require_grad()
}

/// Gradients of what `output` is computed from, given its own (`upstream`).
fn pull(output: Tensor<3>, upstream: Tensor<3>) -> Gradients {
    (output * Tensor::from_inner(upstream)).sum().backward()
}
