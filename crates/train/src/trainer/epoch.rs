//! One epoch: its training steps and its validation pass.

use std::time::Instant;

use burn::module::Module;
use psp_data::{Batch, BatchSampler, DataError};
use psp_metrics::{RegressionAccumulator, RegressionMetrics};
use psp_models::nn::Noise;
use psp_models::predict::predict_epoch;
use psp_models::{BatchStatistics, HEAD, InferenceModel};

use super::Trainer;
use super::micro_batch::{Computed, MicroBatch};
use super::replicas::Replicas;
use crate::checkpoint::Progress;
use crate::error::TrainError;
use crate::events::Event;
use crate::optim::{Grads, Schedule};
use crate::source::Source;

impl Trainer<'_> {
    /// Trains what is left of the epoch; false when interrupted.
    pub(super) fn train_epoch(
        &mut self,
        source: &Source,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool, TrainError> {
        let batches = source.sampler().batches_per_epoch();
        let schedule = self.schedule(batches);
        let before = self.progress.epoch_seconds;
        let begun = Instant::now();
        let mut grads = Grads::default();
        let mut seen = 0;
        let mut epoch = source.epoch(self.progress.epoch, self.progress.batch);
        loop {
            let round = self.next_round(&mut epoch, batches)?;
            if round.is_empty() {
                return Ok(true);
            }
            for warning in self.inputs.pixel_warnings() {
                observe(Event::PixelWarning(&warning));
            }
            for computed in self.compute(round, source.sampler())? {
                let batch = computed.batch;
                seen += batch.len();
                self.take_in(computed.statistics);
                let loss = self.record(&batch, &computed.predictions)?;
                grads = grads + computed.grads;
                let done = batch.number + 1;
                let is_step = self.ends_a_step(done, batches);
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
                let is_due = |every| self.saved_at.elapsed().as_secs() >= every;
                if every.is_some_and(is_due) && done < batches {
                    self.save()?;
                }
            }
        }
    }

    /// Whether an optimiser step is due after so many batches of an epoch.
    fn ends_a_step(&self, done: usize, batches: usize) -> bool {
        done.is_multiple_of(self.config.train.accumulate) || done == batches
    }

    /// The next batches of one optimiser step, at most one for each device; none
    /// at the epoch's end.
    fn next_round(
        &self,
        epoch: &mut dyn Iterator<Item = Result<Batch, DataError>>,
        batches: usize,
    ) -> Result<Vec<Batch>, DataError> {
        let devices = 1 + self.replicas.as_ref().map_or(0, Replicas::len);
        let mut round = Vec::with_capacity(devices);
        while round.len() < devices
            && let Some(batch) = epoch.next()
        {
            let batch = batch?;
            let done = batch.number + 1;
            round.push(batch);
            if self.ends_a_step(done, batches) {
                break;
            }
        }
        Ok(round)
    }

    /// Predictions and gradients of a round's batches, each on another device, in
    /// their order.
    fn compute(
        &mut self,
        round: Vec<Batch>,
        sampler: &BatchSampler,
    ) -> Result<Vec<Computed>, TrainError> {
        let Progress {
            seed, batches_done, ..
        } = self.progress;
        let accumulate = self.config.train.accumulate;
        let mut micro_batches = (batches_done..)
            .zip(round)
            .map(|(number, batch)| MicroBatch {
                noise: Noise::for_step(seed, number),
                share: share_of_step(accumulate, sampler, &batch),
                batch,
            });
        let mut computed = Vec::new();
        if let Some(first) = micro_batches.next() {
            let asked = self
                .replicas
                .as_mut()
                .map(|replicas| replicas.compute(micro_batches));
            computed.push(self.pass.run(&self.model, &self.device, first)?);
            if let Some(asked) = asked {
                computed.extend(asked.wait()?);
            }
        }
        Ok(computed)
    }

    /// Moves the running statistics by what another device's norms have seen.
    fn take_in(&mut self, statistics: BatchStatistics) {
        self.model = statistics.add_to(self.model.clone());
    }

    /// Adds a batch to the epoch's training metrics and returns its MSE, of
    /// predictions that are not clipped.
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
                None => "; set train.clip_norm = 1.0 in a new run",
                Some(_) => "",
            };
            format!(
                "a learning rate that is too high (head {head:?}, backbone {backbone:?}); \
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
            None => grads,
            Some(max_norm) => grads.clip(max_norm),
        };
        let factor = schedule.factor(self.progress.step);
        let (config, kind) = (&self.config, self.config.model.backbone);
        let rate = |key: &str| config.learning_rate(kind.stage_of(key)) * factor;
        // A step consumes the module; clones share their tensors.
        if self.pass.stages().are_the_head() {
            let head = self.model.head.clone();
            self.model.head = self.optimizer.step_child(HEAD, head, grads, rate);
        } else {
            self.model = self.optimizer.step(self.model.clone(), grads, rate);
        }
        if let Some(replicas) = &mut self.replicas {
            replicas.load(&self.model, &self.pass);
        }
        self.progress.step += 1;
        if let Some(ema) = &mut self.ema {
            ema.update(&self.model, self.progress.step);
        }
    }

    /// Metrics over the validation part, of predictions as they are made of any
    /// image; `None` when interrupted.
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
        let model = match source {
            // The backbone has done its part.
            Source::Features(_) => InferenceModel::unfolded(&model),
            Source::Images(_) => model.for_inference(self.config.train.precision),
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

/// The share of its optimiser step's images that a batch holds.
fn share_of_step(accumulate: usize, sampler: &BatchSampler, batch: &Batch) -> f64 {
    if accumulate == 1 {
        return 1.0;
    }
    let size = sampler.batch_size();
    let first = batch.number / accumulate * accumulate * size;
    let last = (first + accumulate * size).min(sampler.samples_per_epoch());
    batch.len() as f64 / (last - first) as f64
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
