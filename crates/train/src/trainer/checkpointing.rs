//! Backpropagation in pieces, for networks whose activations do not fit in
//! memory (Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016,
//! arXiv 1604.06174; `torch.utils.checkpoint`).
//!
//! The way forward keeps only what enters each block. On the way back each
//! block is computed once more, with a graph of its own that is gone when its
//! gradients are there.

use burn::module::Module;
use burn::tensor::Tensor;
use psp_models::Regressor;
use psp_models::backbones::vit::VisionTransformer;
use psp_models::nn::Noise;
use psp_models::ops::Tape;

use crate::optim::Grads;

/// Predictions (`[batch, targets]`, outside autodiff) of `model`, whose backbone is `vit`, for
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

    let tape = Tape::new();
    let left = tape.leaf(x);
    let features = tape.watch(vit).pool(left.clone());
    let predictions = tape.watch(&model.head).forward(features, noise);
    let mut gradients = tape.backward(loss(predictions.clone()));
    let mut upstream = gradients.take(&left);
    let mut grads = Grads::take(model, gradients);

    let blocks = vit.blocks().into_iter().zip(entered).rev();
    for (block, x) in blocks.take(depth) {
        // There is a gradient: the loss depends on every block's output.
        let Some(of_output) = upstream else { break };
        let tape = Tape::new();
        let entered = tape.leaf(x);
        let output = tape.watch(block).forward(entered.clone());
        let mut gradients = tape.backward_from(output, of_output);
        upstream = gradients.take(&entered);
        grads = grads + Grads::take(model, gradients);
    }
    if let Some(upstream) = upstream.filter(|_| depth > plain.blocks().len()) {
        let tape = Tape::new();
        let embedded = tape.watch(vit).embed(images);
        grads = grads + Grads::take(model, tape.backward_from(embedded, upstream));
    }
    (predictions.inner(), grads)
}
