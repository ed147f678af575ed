//! Batch normalisation (`torch.nn.BatchNorm2d`; Ioffe & Szegedy, 2015).

use crate::ops::{Activation, batch_norm_eval, batch_norm_train};
use burn::module::{Flag, Module, Param, RunningState};
use burn::tensor::{Device, Tensor};

use super::Conv2d;
use super::value::Image;

/// `torch.nn.BatchNorm2d` over `[batch, channels, height, width]`.
///
/// Normalises with the statistics of the batch while training (on an autodiff
/// device, unless frozen) and with the running statistics otherwise. The
/// running variance is the unbiased one, as PyTorch's is.
#[derive(Module, Debug)]
pub struct BatchNorm2d {
    /// Scale, `[channels]`.
    pub weight: Param<Tensor<1>>,
    /// Shift, `[channels]`.
    pub bias: Param<Tensor<1>>,
    /// Exponential average of the batches' means, `[channels]`.
    pub running_mean: RunningState<Tensor<1>>,
    /// Exponential average of the batches' unbiased variances, `[channels]`.
    pub running_var: RunningState<Tensor<1>>,
    /// Off in a frozen layer, which then behaves as in evaluation.
    pub training: Param<Flag>,
    /// On when the weights of the convolution before it, and `bias`, hold all
    /// that it does.
    folded: Param<Flag>,
    #[module(skip)]
    epsilon: f64,
}

/// Share of a batch's statistics in the running ones after it (PyTorch's default).
const MOMENTUM: f64 = 0.1;

/// A running statistic after a batch whose own, times the momentum, is `share`.
pub(crate) fn moved(running: Tensor<1>, share: Tensor<1>) -> Tensor<1> {
    running.mul_scalar(1.0 - MOMENTUM).add(share)
}

impl BatchNorm2d {
    /// PyTorch's defaults: momentum 0.1, epsilon 1e-5.
    pub fn new(channels: usize, device: &Device) -> Self {
        Self {
            weight: Param::from_tensor(Tensor::ones([channels], device)),
            bias: Param::from_tensor(Tensor::zeros([channels], device)),
            running_mean: RunningState::new(Tensor::zeros([channels], device)),
            running_var: RunningState::new(Tensor::ones([channels], device)),
            training: Param::from_bool(true),
            folded: Param::from_bool(false),
            epsilon: 1e-5,
        }
    }

    /// The same with another epsilon.
    pub fn with_epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Whether the layer keeps its weights and statistics while others train.
    pub fn is_frozen(&self) -> bool {
        !self.training.val().is_enabled()
    }

    /// The convolution `before` of `x`, normalised: `[batch, in, h, w]` to
    /// `[batch, channels, h', w']`.
    pub fn after<X: Image>(&self, before: &Conv2d, x: X) -> X {
        self.activated(before, x, Activation::Identity)
    }

    /// [`BatchNorm2d::after`] and a ReLU.
    pub fn relu_after<X: Image>(&self, before: &Conv2d, x: X) -> X {
        self.activated(before, x, Activation::Relu)
    }

    fn activated<X: Image>(&self, before: &Conv2d, x: X, activation: Activation) -> X {
        if self.folded.val().is_enabled() {
            return before.forward_with(x, Some(&self.bias), activation);
        }
        let x = before.forward(x);
        x.computed(|x| self.normalize(x, activation))
    }

    fn normalize(&self, x: Tensor<4>, activation: Activation) -> Tensor<4> {
        if x.device().is_autodiff() && !self.is_frozen() {
            return self.normalize_batch(x, activation);
        }
        let stored = [
            self.weight.val(),
            self.bias.val(),
            self.running_mean.value(),
            self.running_var.value(),
        ];
        batch_norm_eval(x, stored, self.epsilon, activation)
    }

    fn normalize_batch(&self, x: Tensor<4>, activation: Activation) -> Tensor<4> {
        let [batch, _, height, width] = x.dims();
        let n = (batch * height * width) as f64;
        let (weight, bias) = (self.weight.val(), self.bias.val());
        let batch = batch_norm_train(x, weight, bias, self.epsilon, activation);
        // The operation returns the biased variance; PyTorch tracks n / (n - 1) of it.
        // A single value has no spread: its biased variance of 0 stays 0.
        let unbiased = batch.variance.mul_scalar(n / (n - 1.0).max(1.0));
        track(&self.running_mean, batch.mean);
        track(&self.running_var, unbiased);
        batch.output
    }
}

fn track(running: &RunningState<Tensor<1>>, of_batch: Tensor<1>) {
    let share = of_batch.mul_scalar(MOMENTUM);
    running.update(moved(running.value(), share).detach());
    // Burn keeps an update back until the next one; whoever visits the module
    // is to see it now.
    running.value_sync();
}
