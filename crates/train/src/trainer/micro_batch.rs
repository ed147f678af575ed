//! What one device computes of an optimiser step.

use burn::tensor::{Device, Tensor, TensorData};
use psp_data::Batch;
use psp_models::nn::Noise;
use psp_models::predict::{PredictError, input, to_host};
use psp_models::{Backbone, BatchStatistics, HEAD, Input, Precision, Regressor};

use super::checkpointing;
use super::stages::Stages;
use crate::config::RunConfig;
use crate::optim::Grads;
use crate::step::{Forward, mse};

/// A batch that gives a share of an optimiser step's gradients.
#[derive(Debug)]
pub(super) struct MicroBatch {
    pub(super) batch: Batch,
    /// Its place among all batches of the run, which decides what is dropped.
    pub(super) noise: Noise,
    /// The share of the step's images that it holds.
    pub(super) share: f64,
}

/// What came of a micro-batch.
#[derive(Debug)]
pub(super) struct Computed {
    /// Without its values, which went to the device.
    pub(super) batch: Batch,
    /// `[batch, targets]`, row-major, in the labels' unit and not clipped.
    pub(super) predictions: Vec<f32>,
    /// Of the MSE of standardised scores, times the share.
    pub(super) grads: Grads,
    /// What the model that is trained has not taken in yet.
    pub(super) statistics: BatchStatistics,
}

/// How micro-batches are computed: the same way on every device.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    stages: Stages,
    precision: Precision,
    gradient_checkpointing: bool,
}

impl Pass {
    pub(super) fn new(config: &RunConfig, stages: &Stages) -> Self {
        Self {
            stages: stages.clone(),
            precision: config.train.precision,
            gradient_checkpointing: config.train.gradient_checkpointing,
        }
    }

    pub(super) fn stages(&self) -> &Stages {
        &self.stages
    }

    /// Forward and backward pass of `model`, which is on `device` (without
    /// autodiff). The running statistics of its norms move.
    pub(super) fn run(
        &self,
        model: &Regressor,
        device: &Device,
        micro_batch: MicroBatch,
    ) -> Result<Computed, PredictError> {
        let MicroBatch {
            mut batch,
            mut noise,
            share,
        } = micro_batch;
        let device = device.clone().autodiff();
        let targets = batch.target_count;
        let shape = [batch.len(), targets];
        let labels = model.output.standardise(&batch.targets, targets);
        let input = match input(&mut batch, &device) {
            Input::Images(images) => Input::Images(self.precision.images(images)),
            features => features,
        };
        let labels = Tensor::<2>::from_data(TensorData::new(labels, shape), &device);
        let (predictions, mut grads) = match (input, &model.backbone, self.gradient_checkpointing) {
            (Input::Images(images), Backbone::VitB16(vit), true) => {
                let depth = self.stages.depth();
                let mse = |predictions| mse(predictions, &labels);
                checkpointing::backward(model, vit, depth, images, &mut noise, mse)
            }
            (input, ..) => {
                let forward = Forward::new(model, input, &labels, &mut noise);
                let (predictions, gradients) = forward.backward();
                let grads = if self.stages.are_the_head() {
                    Grads::take_of_child(HEAD, &model.head, gradients)
                } else {
                    Grads::take(model, gradients)
                };
                (predictions, grads)
            }
        };
        if share != 1.0 {
            grads = grads.scale(share);
        }
        Ok(Computed {
            predictions: model.output.to_labels(to_host(predictions)?, targets),
            batch,
            grads,
            statistics: BatchStatistics::default(),
        })
    }
}
