//! One epoch: its training steps and its validation pass.

use std::time::Instant;

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use psp_data::{Batch, BatchSampler};
use psp_metrics::{RegressionAccumulator, RegressionMetrics};
use psp_models::nn::Noise;
use psp_models::predict::{input, predict_epoch, to_host};
use psp_models::{Backbone, HEAD, InferenceModel, Input};

use super::{Trainer, checkpointing};
use crate::error::TrainError;
use crate::events::Event;
use crate::optim::{Grads, Schedule};
use crate::source::Source;
use crate::step::{Forward, mse};

impl Trainer<'_> {
    /// Trains what is left of the epoch; false when interrupted.
    pub(super) fn train_epoch(
        &mut self,
        source: &Source,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool, TrainError> {
        let batches = source.sampler().batches_per_epoch();
        let accumulate = self.config.train.accumulate;
        let schedule = self.schedule(batches);
        let before = self.progress.epoch_seconds;
        let begun = Instant::now();
        let mut grads = Grads::default();
        let mut seen = 0;
        for batch in source.epoch(self.progress.epoch, self.progress.batch) {
            for warning in self.inputs.pixel_warnings() {
                observe(Event::PixelWarning(&warning));
            }
            let mut batch = batch?;
            seen += batch.len();
            let number = batch.number;
            let share = self.share_of_step(source.sampler(), number, batch.len());
            let (loss, gradients) = self.step(&mut batch, share)?;
            grads = grads + gradients;
            let done = number + 1;
            let is_step = done.is_multiple_of(accumulate) || done == batches;
            if is_step {
                self.update(std::mem::take(&mut grads), &schedule);
            }
            // Only whole optimiser steps are continued from.
            self.progress.batches_done += 1;
            self.progress.epoch_seconds = before + begun.elapsed().as_secs_f64();
            if is_step {
                self.progress.batch = done;
            }
            observe(Event::Step {
                epoch: self.progress.epoch + 1,
                batch: done,
                loss,
                r2: self
                    .progress
                    .train_metrics
                    .finish()
                    .ok()
                    .and_then(|m| m.overall.r2),
                images_per_second: seen as f64 / begun.elapsed().as_secs_f64(),
            });
            if !is_step {
                continue;
            }
            if self.control.is_cancelled() {
                return Ok(false);
            }
            let every = self.config.train.checkpoint_seconds;
            if every > 0 && self.saved_at.elapsed().as_secs() >= every && done < batches {
                self.save()?;
            }
        }
        Ok(true)
    }

    /// The share of its optimiser step's images that a batch holds.
    fn share_of_step(&self, sampler: &BatchSampler, number: usize, len: usize) -> f64 {
        let accumulate = self.config.train.accumulate;
        if accumulate == 1 {
            return 1.0;
        }
        let size = self.config.train.batch_size;
        let first = number / accumulate * accumulate * size;
        let last = (first + accumulate * size).min(sampler.samples_per_epoch());
        len as f64 / (last - first) as f64
    }

    /// Forward and backward pass of one batch: its MSE, and its gradients
    /// times `share`.
    fn step(&mut self, batch: &mut Batch, share: f64) -> Result<(f64, Grads), TrainError> {
        let device = self.device.clone().autodiff();
        let shape = [batch.len(), batch.target_count];
        let input = match input(batch, &device) {
            Input::Images(images) => Input::Images(self.config.train.precision.images(images)),
            features => features,
        };
        let labels = Tensor::<2>::from_data(TensorData::new(batch.targets.clone(), shape), &device);
        let mut noise = Noise::for_step(self.progress.seed, self.progress.batches_done);
        let checkpointed = self.config.train.gradient_checkpointing;
        let (predictions, mut gradients) = match (input, &self.model.backbone, checkpointed) {
            (Input::Images(images), Backbone::VitB16(vit), true) => {
                let depth = self.stages.depth();
                let mse = |predictions| mse(predictions, &labels);
                checkpointing::backward(&self.model, vit, depth, images, &mut noise, mse)
            }
            (input, ..) => {
                let forward = Forward::new(&self.model, input, &labels, &mut noise);
                let (predictions, gradients) = forward.backward();
                let gradients = match self.stages.are_the_head() {
                    true => Grads::take_of_child(HEAD, &self.model.head, gradients),
                    false => Grads::take(&self.model, gradients),
                };
                (predictions, gradients)
            }
        };
        if share != 1.0 {
            gradients = gradients.scale(share);
        }
        let predictions = to_host(predictions)?;
        let loss = self.record(batch, &predictions)?;
        Ok((loss, gradients))
    }

    /// Adds a batch to the epoch's training metrics and returns its MSE.
    fn record(&mut self, batch: &Batch, predictions: &[f32]) -> Result<f64, TrainError> {
        let squares = predictions
            .iter()
            .zip(&batch.targets)
            .map(|(p, l)| (f64::from(*p) - f64::from(*l)).powi(2));
        let loss = squares.sum::<f64>() / predictions.len() as f64;
        if !loss.is_finite() {
            return Err(self.diverged(
                self.progress.epoch + 1,
                batch.number + 1,
                format!("the loss is {loss}"),
            ));
        }
        push(&mut self.progress.train_metrics, batch, predictions)?;
        Ok(loss)
    }

    /// `epoch` and `batch` count from 1.
    pub(super) fn diverged(&self, epoch: u64, batch: usize, what: String) -> TrainError {
        let head = self.config.learning_rate(HEAD);
        let last = self.config.model.backbone.stages().last();
        let backbone = last.map_or(head, |stage| self.config.learning_rate(stage));
        let cause = if self.progress.step == 0 {
            "the initial weights or the normalisation (preprocess.mean, preprocess.std) \
             do not suit the images, since no step was taken yet"
                .to_owned()
        } else {
            let clip = match self.config.train.clip_norm {
                0.0 => "; set train.clip_norm = 1.0",
                _ => "",
            };
            format!(
                "a learning rate that is too high (head {head}, backbone {backbone}); \
                 try a tenth of it, or a warm-up{clip}"
            )
        };
        TrainError::Diverged {
            epoch,
            batch,
            what,
            cause,
        }
    }

    fn update(&mut self, grads: Grads, schedule: &Schedule) {
        let grads = match self.config.train.clip_norm {
            0.0 => grads,
            max_norm => grads.clip(max_norm),
        };
        let factor = schedule.factor(self.progress.step);
        let (config, kind) = (&self.config, self.config.model.backbone);
        let rate = |key: &str| config.learning_rate(kind.stage_of(key)) * factor;
        // A step consumes the module; clones share their tensors.
        if self.stages.are_the_head() {
            let head = self.model.head.clone();
            self.model.head = self.optimizer.step_child(HEAD, head, grads, rate);
        } else {
            self.model = self.optimizer.step(self.model.clone(), grads, rate);
        }
        self.progress.step += 1;
        if let Some(ema) = &mut self.ema {
            ema.update(&self.model, self.progress.step);
        }
    }

    /// Metrics over the validation part; `None` when interrupted.
    pub(super) fn validate(
        &mut self,
        source: &Source,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Option<RegressionMetrics>, TrainError> {
        let begun = Instant::now();
        let mut model = self.model.valid();
        if let Some(ema) = &self.ema {
            model = ema.apply(model);
        }
        let model = match self.stages.are_the_head() {
            true => InferenceModel::unfolded(&model),
            false => model.for_inference(self.config.train.precision),
        };
        let total = source.sampler().samples_per_epoch();
        let mut metrics = RegressionAccumulator::new(self.inputs.dataset.targets().len());
        let mut done = 0;
        let outcome = predict_epoch(&model, source.epoch(0, 0), &self.device, |batch, values| {
            if self.control.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            if values.iter().any(|value| !value.is_finite()) {
                return Err(Stop::NonFinite);
            }
            push(&mut metrics, batch, &values)?;
            done += batch.len();
            observe(Event::Validation { done, total });
            Ok(())
        });
        match outcome {
            Ok(()) => {}
            Err(Stop::Cancelled) => return Ok(None),
            Err(Stop::NonFinite) => {
                let what = "a validation prediction is not finite".to_owned();
                return Err(self.diverged(self.progress.epoch + 1, self.progress.batch, what));
            }
            Err(Stop::Failed(error)) => return Err(error),
        }
        self.progress.epoch_seconds += begun.elapsed().as_secs_f64();
        Ok(Some(metrics.finish()?))
    }
}

/// Why a validation pass ended before its last batch.
enum Stop {
    Cancelled,
    NonFinite,
    Failed(TrainError),
}

impl<E: Into<TrainError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn push(
    metrics: &mut RegressionAccumulator,
    batch: &Batch,
    predictions: &[f32],
) -> Result<(), TrainError> {
    let wide = |row: &[f32]| row.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    let count = batch.target_count;
    for (prediction, label) in predictions.chunks(count).zip(batch.targets.chunks(count)) {
        metrics.push(&wide(prediction), &wide(label))?;
    }
    Ok(())
}
