//! The training loop.

mod begin;
mod checkpointing;
mod control;
mod epoch;
mod features;
mod micro_batch;
mod replicas;
mod resume;
mod setup;
mod stages;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::features::FeatureStore;
use burn::tensor::Device;
use psp_metrics::{RegressionAccumulator, RegressionMetrics};
use psp_models::{HEAD, ModelConfig, Regressor, state};
use psp_schema::{Ending, EpochRecord, RunResult, read_metrics, write_json};
use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, CheckpointError, Frozen, Progress};
use crate::error::TrainError;
use crate::events::{Event, Preparation};
use crate::inputs::Inputs;
use crate::log::MetricsLog;
use crate::machine::ResolvedRun;
use crate::optim::{Ema, Optimizer, Schedule};
use crate::run_dir::{RunDir, RunLock};
use crate::source::Source;
use micro_batch::Pass;
use replicas::Replicas;
use stages::Stages;

pub use begin::start;
pub use control::Control;
pub use resume::{resume, resume_with};
pub use setup::{check_devices, check_weights};

/// How a call of [`start`] or [`resume`] ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The run is done.
    Ended(RunResult),
    /// The run was interrupted and saved; [`resume`] continues it.
    Interrupted,
    /// The run has come to the epoch that [`Control::until`] names and is saved;
    /// [`resume`] continues it.
    Paused(IntermediateResult),
}

/// How far a run has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntermediateResult {
    /// Epochs done.
    pub epochs: u64,
    /// The epoch of the best checkpoint, counted from 1.
    pub best_epoch: u64,
    /// Its validation metrics; `None` without validation images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<RegressionMetrics>,
    /// Seconds of training and validation, over all resumptions.
    pub seconds: f64,
}

struct Trainer<'a> {
    config: ResolvedRun,
    run: RunDir,
    inputs: Inputs,
    /// Without autodiff.
    device: Device,
    model: Regressor,
    /// With the stages that `model` trains now.
    pass: Pass,
    /// Devices that compute batches, too, without autodiff.
    further: Vec<Device>,
    /// What they compute with, while they do.
    replicas: Option<Replicas>,
    frozen: Option<Frozen>,
    ema: Option<Ema>,
    optimizer: Optimizer,
    progress: Progress,
    log: MetricsLog,
    /// When a checkpoint was stored last, and after which optimiser step.
    saved_at: Instant,
    saved_step: Option<u64>,
    /// The best epoch's checkpoint, where it is not stored yet.
    unsaved_best: Option<Checkpoint>,
    control: Control<'a>,
    _lock: Option<RunLock>,
}

/// Work that is worth a checkpoint at an epoch's end; epochs on stored features
/// take less time than writing one.
const WORTH_SAVING: Duration = Duration::from_millis(250);

impl Trainer<'_> {
    fn run(
        mut self,
        store: Option<FeatureStore>,
        observe: &mut dyn FnMut(Event<'_>),
        damaged: &[CheckpointError],
    ) -> Result<Outcome, TrainError> {
        let batches = self.inputs.training(&self.config)?;
        let batches = batches.sampler().batches_per_epoch();
        observe(Event::Prepared(Preparation {
            run: self.run.root(),
            config: &self.config,
            counts: self.inputs.counts(),
            split_source: &self.inputs.split_source,
            stages: self.pass.stages().names(),
            steps: batches.div_ceil(self.config.train.accumulate),
            range: self.model.output.range,
        }));
        let store = match store {
            None => None,
            Some(mut store) => {
                if !self.fill(&mut store, observe)? {
                    return Ok(Outcome::Interrupted);
                }
                let store = Arc::new(store);
                if let Some(session) = self.control.session {
                    session.keep_features(&store);
                }
                Some(store)
            }
        };
        let train = Source::training(&self.inputs, &self.config, store.as_ref())?;
        let valid = Source::validation(&self.inputs, &self.config, store.as_ref())?;
        let epochs = self.config.train.epochs;
        observe(Event::Started {
            epoch: self.progress.epoch + 1,
            batch: self.progress.batch,
            epochs,
            batches: train.sampler().batches_per_epoch(),
            devices: match train {
                Source::Images(_) => 1 + self.further.len(),
                Source::Features(_) => 1,
            },
            damaged,
        });
        let patience = self.config.train.patience;
        let mut stopped = self.progress.early_stopping.should_stop(patience);
        while self.progress.epoch < epochs && !stopped {
            if self.control.pauses_after(self.progress.epoch) {
                self.save_unless_saved()?;
                return Ok(Outcome::Paused(self.intermediate_result()?));
            }
            self.unfreeze(observe);
            self.replicate(&train)?;
            let trained = match self.train_epoch(&train, observe) {
                Err(error @ TrainError::Diverged { .. }) => {
                    self.save_best_before()?;
                    return Err(error);
                }
                other => other?,
            };
            let validated = match (trained, &valid) {
                (false, _) => None,
                (true, None) => Some(None),
                (true, Some(valid)) => self.validate(valid, observe)?.map(Some),
            };
            let Some(metrics) = validated else {
                self.save()?;
                return Ok(Outcome::Interrupted);
            };
            self.finish_epoch(&train, metrics, observe)?;
            stopped = self.progress.early_stopping.should_stop(patience);
            let is_last = stopped || self.progress.epoch == epochs;
            if self.control.is_cancelled() && !is_last {
                self.save_unless_saved()?;
                return Ok(Outcome::Interrupted);
            }
        }
        self.save_unless_saved()?;
        let result = self.result(stopped)?;
        // It was lost before the run was continued, and no later epoch was better.
        if !self.run.best().exists()
            && let Some(fault) = self.run.fault_of_best()?
        {
            return Err(self.run.lost_best(fault, result.best_epoch));
        }
        self.control.check(&self.run)?;
        write_json(&self.run.result(), &result)?;
        Ok(Outcome::Ended(result))
    }

    /// Unfreezes the stages whose epoch has come, and says so.
    fn unfreeze(&mut self, observe: &mut dyn FnMut(Event<'_>)) {
        let epoch = self.progress.epoch;
        let stages = Stages::of(&self.config, epoch);
        if stages != *self.pass.stages() {
            self.model = self.model.clone().train_only(stages.names());
            if let Some(ema) = &mut self.ema {
                ema.track(&self.model, |key| stages.train(key));
            }
            self.pass = Pass::new(&self.config, &stages);
            self.replicas = None;
        } else if epoch > 0 || self.frozen.is_none() {
            return;
        }
        observe(Event::Stages {
            epoch: epoch + 1,
            stages: self.pass.stages().names(),
        });
    }

    /// Copies the model to the further devices, unless they have it or the batches
    /// are features, which are over before they are sent anywhere.
    fn replicate(&mut self, train: &Source) -> Result<(), TrainError> {
        let is_worth_it = matches!(train, Source::Images(_)) && !self.further.is_empty();
        if is_worth_it && self.replicas.is_none() {
            self.replicas = Some(Replicas::new(
                &self.model,
                &self.model_config(),
                &self.pass,
                &self.device,
                &self.further,
            )?);
        }
        Ok(())
    }

    fn finish_epoch(
        &mut self,
        train: &Source,
        valid: Option<RegressionMetrics>,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), TrainError> {
        let config = &self.config.train;
        let schedule = self.schedule(train.sampler().batches_per_epoch());
        let progress = &mut self.progress;
        progress.epoch += 1;
        progress.batch = 0;
        let targets = self.inputs.dataset.targets().len();
        let metrics = std::mem::replace(
            &mut progress.train_metrics,
            RegressionAccumulator::new(targets),
        );
        let seconds = std::mem::take(&mut progress.epoch_seconds);
        progress.run_seconds += seconds;
        let stopping = &mut progress.early_stopping;
        let best = match &valid {
            Some(valid) => {
                let of_targets = valid.targets.iter().map(|target| target.mse);
                let mse = self.model.output.standardised_mse(of_targets);
                stopping.record(progress.epoch, mse, config.min_delta)
            }
            None => {
                stopping.record_unvalidated(progress.epoch);
                true
            }
        };
        let record = EpochRecord {
            epoch: progress.epoch,
            step: progress.step,
            learning_rate: self.config.learning_rate(HEAD)
                * schedule.factor(progress.step.saturating_sub(1)),
            train: metrics.finish()?,
            valid,
            best,
            seconds,
            images_per_second: metrics.count() as f64 / seconds,
        };
        self.control.check(&self.run)?;
        progress.metrics_bytes = self.log.append(&record)?;
        // On images an epoch is worth keeping whenever it is the best; a run that is
        // killed again and again then comes further each time.
        let is_precious = record.best && matches!(train, Source::Images(_));
        if is_precious || self.saved_at.elapsed() >= WORTH_SAVING {
            self.save()?;
        } else if record.best {
            self.unsaved_best = Some(self.checkpoint()?);
        }
        observe(Event::Epoch(&record));
        Ok(())
    }

    fn schedule(&self, batches: usize) -> Schedule {
        let steps = batches.div_ceil(self.config.train.accumulate) as u64;
        let warmup = (self.config.train.warmup_epochs * steps as f64).round() as u64;
        Schedule::new(
            self.config.train.schedule,
            warmup,
            steps * self.config.train.epochs,
        )
    }

    fn save_unless_saved(&mut self) -> Result<(), TrainError> {
        if self.saved_step == Some(self.progress.step) {
            Ok(())
        } else {
            self.save()
        }
    }

    /// The structure of the model that is trained.
    fn model_config(&self) -> ModelConfig {
        ModelConfig {
            output: self.model.output.clone(),
            ..self.config.model_config()
        }
    }

    fn checkpoint(&self) -> Result<Checkpoint, TrainError> {
        Ok(Checkpoint {
            model_config: self.model_config(),
            targets: self.config.data.targets.clone(),
            progress: self.progress.clone(),
            model: state::collect_where(&self.model, |key| self.pass.stages().train(key))?,
            frozen: self.frozen.clone(),
            ema: self.ema.as_ref().map(Ema::state).transpose()?,
            optimizer: self.optimizer.state()?,
        })
    }

    /// Stores a checkpoint as `last`, and as `best` too when it is; with it the
    /// best one before, if that is not stored yet.
    fn save(&mut self) -> Result<(), TrainError> {
        let checkpoint = self.checkpoint()?;
        let best = self.unsaved_best.take();
        let best = best.filter(|_| !checkpoint.progress.is_best());
        self.log.sync()?;
        self.control.check(&self.run)?;
        match self.run.write_last(&checkpoint, best.as_ref()) {
            Err(CheckpointError::NonFinite { key }) => {
                self.unsaved_best = best;
                self.save_best_before()?;
                let (epoch, batch) = match self.progress.batch {
                    // At an epoch's end the position is the next one's start.
                    0 => {
                        let loader = self.inputs.training(&self.config)?;
                        (self.progress.epoch, loader.sampler().batches_per_epoch())
                    }
                    done => (self.progress.epoch + 1, done),
                };
                Err(self.diverged(epoch, batch, format!("`{key}` holds a non-finite value")))
            }
            other => {
                self.saved_at = Instant::now();
                self.saved_step = Some(self.progress.step);
                Ok(other?)
            }
        }
    }

    /// Stores the best epoch's checkpoint as the last, where it is not stored yet: what
    /// came after it is worth nothing.
    fn save_best_before(&mut self) -> Result<(), TrainError> {
        let Some(best) = self.unsaved_best.take() else {
            return Ok(());
        };
        self.log.sync()?;
        self.control.check(&self.run)?;
        Ok(self.run.write_last(&best, None)?)
    }

    fn result(&self, stopped: bool) -> Result<RunResult, TrainError> {
        let interim = self.intermediate_result()?;
        Ok(RunResult {
            ending: if stopped && interim.epochs < self.config.train.epochs {
                Ending::StoppedEarly
            } else {
                Ending::Finished
            },
            epochs: interim.epochs,
            steps: self.progress.step,
            best_epoch: interim.best_epoch,
            best: interim.best,
            seconds: interim.seconds,
        })
    }

    fn intermediate_result(&self) -> Result<IntermediateResult, TrainError> {
        let path = self.run.metrics();
        let best_epoch = self.progress.early_stopping.best_epoch;
        let best = read_metrics(&path)?
            .into_iter()
            .find(|record| record.epoch == best_epoch)
            .ok_or_else(|| TrainError::Damaged {
                path,
                reason: format!(
                    "epoch {best_epoch}, the best, is missing; restore it, or begin a new run with \
                     another --out"
                ),
            })?;
        Ok(IntermediateResult {
            epochs: self.progress.epoch,
            best_epoch,
            best: best.valid,
            seconds: self.progress.run_seconds,
        })
    }
}
