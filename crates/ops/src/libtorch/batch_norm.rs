//! Batch normalisation.

use burn::backend::libtorch::TchTensor;
use burn::backend::ops::BatchNormTrainBackward;
use burn::backend::{LibTorch, TensorMetadata};
use tch::{Kind, Tensor};

use super::{Floats, leaf, pull};
use crate::Activation;
use crate::batch_norm::{BatchNormKernels, Saved, plain_backward, plain_forward};

/// Values per channel.
fn count(x: &Floats) -> usize {
    let [batch, _, height, width] = x.shape().dims();
    batch * height * width
}

impl BatchNormKernels for LibTorch {
    fn batch_norm_forward(
        inputs: [Floats; 3],
        epsilon: f64,
        activation: Activation,
    ) -> (Floats, Floats, Floats) {
        let count = count(&inputs[0]);
        // LibTorch gives the unbiased variance, which one value has not.
        if count < 2 {
            return plain_forward::<Self>(inputs, epsilon, activation);
        }
        let [x, weight, bias] = inputs.map(|tensor| tensor.tensor);
        // A momentum of 1 makes the running statistics those of this batch.
        let of_batch = || Tensor::zeros([x.size()[1]], (Kind::Float, x.device()));
        let (mean, variance) = (of_batch(), of_batch());
        let (mut output, _, _) = x.native_batch_norm(
            Some(&weight),
            Some(&bias),
            Some(&mean),
            Some(&variance),
            true,
            1.0,
            epsilon,
        );
        if activation == Activation::Relu {
            output = output.relu_();
        }
        let biased = variance * ((count - 1) as f64 / count as f64);
        (
            TchTensor::new(output),
            TchTensor::new(mean),
            TchTensor::new(biased),
        )
    }

    fn batch_norm_backward(saved: Saved<Self>, grad: Floats) -> BatchNormTrainBackward<Self> {
        if count(&saved.x) < 2 {
            return plain_backward(saved, grad);
        }
        let grad = match &saved.rectified {
            Some(output) => TchTensor::new(output.tensor.threshold_backward(&grad.tensor, 0)),
            None => grad,
        };
        let [x, weight] = [&saved.x, &saved.weight].map(|tensor| leaf(tensor, true));
        // Its value shifts the output, which no gradient depends on.
        let bias = weight.zeros_like().set_requires_grad(true);
        let (output, _, _) = x.native_batch_norm(
            Some(&weight),
            Some(&bias),
            None,
            None,
            true,
            0.0,
            saved.epsilon,
        );
        let [x_grad, weight_grad, bias_grad] = pull(&output, &grad, [&x, &weight, &bias]);
        BatchNormTrainBackward::new(x_grad, weight_grad, bias_grad)
    }
}
