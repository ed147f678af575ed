//! One batch forwards and back.

use burn::tensor::Tensor;
use psp_models::nn::Noise;
use psp_models::ops::{Gradients, Tape};
use psp_models::{Input, Regressor};

/// A forward pass that was recorded.
#[allow(missing_debug_implementations)]
pub struct Forward {
    /// `[batch, targets]`.
    pub predictions: Tensor<2>,
    loss: Tensor<1>,
    tape: Tape,
}

impl Forward {
    /// Runs `model`, which is on an autodiff device, over `input`.
    ///
    /// The loss is the MSE from `labels` (`[batch, targets]`, in the head's unit:
    /// [`Output::standardise`](psp_models::Output::standardise)), and with it those
    /// of the auxiliary classifiers times their weight, where the model has any
    /// and `noise` is on.
    pub fn new(model: &Regressor, input: Input, labels: &Tensor<2>, noise: &mut Noise) -> Self {
        let tape = Tape::new();
        let (predictions, auxiliary) = match input {
            Input::Features(features) => {
                // Of the backbone nothing is needed, not even a copy.
                let head = tape.watch(&model.head);
                (head.forward(features, noise), Vec::new())
            }
            images => tape.watch(model).forward_auxiliary(images, noise),
        };
        let spec = model.backbone.kind().spec();
        let weight = spec.auxiliary.map_or(0.0, |auxiliary| auxiliary.weight);
        let loss = auxiliary
            .into_iter()
            .fold(mse(predictions.clone(), labels), |loss, auxiliary| {
                loss + mse(auxiliary, labels).mul_scalar(weight)
            });
        Self {
            predictions,
            loss,
            tape,
        }
    }

    /// The predictions, outside autodiff, and the gradients of the loss.
    pub fn backward(self) -> (Tensor<2>, Gradients) {
        let gradients = self.tape.backward(self.loss);
        (self.predictions.inner(), gradients)
    }
}

/// Mean squared error over all elements (`torch.nn.MSELoss`).
pub(crate) fn mse(predictions: Tensor<2>, labels: &Tensor<2>) -> Tensor<1> {
    (predictions - labels.clone()).square().mean()
}
