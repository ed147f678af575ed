//! The training loop.

mod checkpointing;
mod epoch;
mod features;
mod setup;
mod stages;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use psp_data::Part;
use psp_features::FeatureStore;
use psp_metrics::{RegressionAccumulator, RegressionMetrics};
use psp_models::{HEAD, Regressor, state};

use crate::checkpoint::{Checkpoint, CheckpointError, Frozen, Progress};
use crate::config::RunConfig;
use crate::early_stopping::EarlyStopping;
use crate::error::TrainError;
use crate::events::Event;
use crate::inputs::Inputs;
use crate::log::{EpochRecord, MetricsLog, read_metrics};
use crate::optim::{Ema, Optimizer, Schedule};
use crate::run_dir::{Ending, Manifest, RunDir, RunLock, RunResult, write_json, write_text};
use crate::source::Source;
use setup::{check_images, find_weights, initial_model, make_absolute, open_log};
use stages::Stages;

/// How a call of [`start`] or [`resume`] ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The run is done.
    Ended(RunResult),
    /// The run was interrupted and saved; [`resume`] continues it.
    Interrupted,
}

/// Begins a run in `run` with `config` and trains to its end.
///
/// `cancelled` set to true saves and returns within a step.
///
/// # Errors
/// Bad inputs before anything is computed; [`TrainError::Diverged`] when the
/// loss stops being a number; I/O. Whatever was stored stays.
pub fn start(
    run: &RunDir,
    mut config: RunConfig,
    cancelled: &AtomicBool,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, TrainError> {
    if run.is_begun() {
        return Err(TrainError::Exists {
            run: run.root().to_owned(),
        });
    }
    find_weights(&mut config)?;
    make_absolute(&mut config)?;
    let device = config.train.device.open()?;
    let inputs = Inputs::open(&config)?;
    inputs.indices(Part::Valid)?;
    inputs.training(&config)?;
    let (model, weights_sha256) = initial_model(&config, &device)?;
    let store = features::open(&config, &model, observe)?;
    let unchecked = match &store {
        Some(store) => store.missing(inputs.dataset.contents()?),
        None => (0..inputs.dataset.len()).collect(),
    };
    check_images(&inputs, &unchecked, &config, observe)?;

    let lock = run.lock()?;
    if run.is_begun() {
        return Err(TrainError::Exists {
            run: run.root().to_owned(),
        });
    }
    run.clear()?;
    inputs.splits.write(&run.split(), &inputs.dataset, true)?;
    write_json(
        &run.manifest(),
        &Manifest {
            psp_version: env!("CARGO_PKG_VERSION").to_owned(),
            burn_version: BURN_VERSION.to_owned(),
            device: config.train.device.resolved().to_string(),
            data_fingerprint: inputs.dataset.fingerprint()?,
            split_fingerprint: inputs.splits.fingerprint(),
            split_counts: inputs.splits.counts(),
            weights_sha256,
            feature_key: store.as_ref().map(|store| store.key().hex().to_owned()),
            train_means: inputs.train_means(),
        },
    )?;
    let stages = Stages::of(&config, 0);
    let frozen = match config.trains_everything() {
        true => None,
        false => {
            let tensors = state::collect_where(&model, |key| !stages.train(key))?;
            Some(Frozen::write(&run.checkpoints(), &tensors)?)
        }
    };
    let decay = config.train.ema_decay;
    let ema = (decay > 0.0).then(|| Ema::new(decay, &model, |key| stages.train(key)));
    let mut trainer = Trainer {
        optimizer: Optimizer::new(config.optimizer()),
        progress: Progress {
            epoch: 0,
            batch: 0,
            batches_done: 0,
            step: 0,
            seed: config.train.seed,
            train_metrics: RegressionAccumulator::new(inputs.dataset.targets().len()),
            epoch_seconds: 0.0,
            run_seconds: 0.0,
            early_stopping: EarlyStopping::default(),
            metrics_bytes: 0,
        },
        log: open_log(run, 0, &config)?,
        model: model.train_only(stages.names()),
        stages,
        frozen,
        ema,
        device,
        inputs,
        run: run.clone(),
        saved_at: Instant::now(),
        saved_step: None,
        _lock: lock,
        cancelled,
        config,
    };
    // The first checkpoint is stored before the configuration that marks the
    // run as begun, so a begun run can always be continued.
    trainer.save()?;
    write_text(&run.config(), trainer.config.to_toml()?.as_bytes())?;
    trainer.run(store, observe, &[])
}

/// Continues the run in `run` from its newest whole checkpoint.
///
/// On the Flex device the result is bit-identical to that of a run that was
/// never interrupted.
///
/// # Errors
/// As [`start`]; also when data, split or initial weights have changed.
pub fn resume(
    run: &RunDir,
    cancelled: &AtomicBool,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, TrainError> {
    let config = run.read_config()?;
    if let Ok(result) = run.read_result() {
        return Ok(Outcome::Ended(result));
    }
    let lock = run.lock()?;
    run.remove_leftovers();
    let device = config.train.device.open()?;
    let inputs = Inputs::of_run(&config, run)?;
    let manifest = run.read_manifest()?;
    let changed = |what, then: &str, now: String| {
        if then == now {
            return Ok(());
        }
        Err(TrainError::Changed {
            run: run.root().to_owned(),
            what,
            then: then.to_owned(),
            now,
        })
    };
    changed(
        "the data",
        &manifest.data_fingerprint,
        inputs.dataset.fingerprint()?,
    )?;
    changed(
        "the split",
        &manifest.split_fingerprint,
        inputs.splits.fingerprint(),
    )?;
    run.complete_write()?;
    let (checkpoint, damaged) = run.read_last()?;
    let model = Regressor::from_state(
        &checkpoint.model_config,
        &checkpoint.model,
        &device.clone().autodiff(),
    )?;
    let store = features::open(&config, &model, observe)?;
    let stages = Stages::of(&config, checkpoint.progress.epoch);
    let ema = checkpoint.ema.as_ref().map(|average| {
        let ema = Ema::new(config.train.ema_decay, &model, |_| false);
        let mut ema = ema.restore(average, &model);
        ema.track(&model, |key| stages.train(key));
        ema
    });
    let trainer = Trainer {
        optimizer: Optimizer::new(config.optimizer()).restore(&checkpoint.optimizer, &device),
        log: open_log(run, checkpoint.progress.metrics_bytes, &config)?,
        progress: checkpoint.progress,
        model: model.train_only(stages.names()),
        stages,
        frozen: checkpoint.frozen,
        ema,
        device,
        inputs,
        run: run.clone(),
        saved_at: Instant::now(),
        saved_step: None,
        _lock: lock,
        cancelled,
        config,
    };
    trainer.run(store, observe, &damaged)
}

const BURN_VERSION: &str = "0.22.1";

struct Trainer<'a> {
    config: RunConfig,
    run: RunDir,
    inputs: Inputs,
    /// Without autodiff.
    device: Device,
    model: Regressor,
    /// Those that `model` trains now.
    stages: Stages,
    frozen: Option<Frozen>,
    ema: Option<Ema>,
    optimizer: Optimizer,
    progress: Progress,
    log: MetricsLog,
    /// When a checkpoint was stored last, and after which optimiser step.
    saved_at: Instant,
    saved_step: Option<u64>,
    cancelled: &'a AtomicBool,
    _lock: RunLock,
}

/// Work that is worth a checkpoint at an epoch's end; epochs on stored features
/// take less time than writing one.
const WORTH_SAVING: Duration = Duration::from_secs(1);

impl Trainer<'_> {
    fn run(
        mut self,
        store: Option<FeatureStore>,
        observe: &mut dyn FnMut(Event<'_>),
        damaged: &[CheckpointError],
    ) -> Result<Outcome, TrainError> {
        let store = match store {
            None => None,
            Some(mut store) => {
                if !self.fill(&mut store, observe)? {
                    return Ok(Outcome::Interrupted);
                }
                Some(Arc::new(store))
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
            damaged,
        });
        let patience = self.config.train.patience;
        let mut stopped = self.progress.early_stopping.should_stop(patience);
        while self.progress.epoch < epochs && !stopped {
            self.unfreeze(observe);
            let trained = self.train_epoch(&train, observe)?;
            let validated = match trained {
                true => self.validate(&valid, observe)?,
                false => None,
            };
            let Some(metrics) = validated else {
                self.save()?;
                return Ok(Outcome::Interrupted);
            };
            self.finish_epoch(&train, metrics, observe)?;
            stopped = self.progress.early_stopping.should_stop(patience);
        }
        self.save_unless_saved()?;
        let result = self.result(stopped)?;
        write_json(&self.run.result(), &result)?;
        Ok(Outcome::Ended(result))
    }

    /// Unfreezes the stages whose epoch has come, and says so.
    fn unfreeze(&mut self, observe: &mut dyn FnMut(Event<'_>)) {
        let epoch = self.progress.epoch;
        let stages = Stages::of(&self.config, epoch);
        if stages != self.stages {
            self.model = self.model.clone().train_only(stages.names());
            if let Some(ema) = &mut self.ema {
                ema.track(&self.model, |key| stages.train(key));
            }
            self.stages = stages;
        } else if epoch > 0 || self.frozen.is_none() {
            return;
        }
        observe(Event::Stages {
            epoch: epoch + 1,
            stages: self.stages.names(),
        });
    }

    fn finish_epoch(
        &mut self,
        train: &Source,
        valid: RegressionMetrics,
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
        let best =
            progress
                .early_stopping
                .record(progress.epoch, valid.overall.mse, config.min_delta);
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
        progress.metrics_bytes = self.log.append(&record)?;
        if record.best || self.saved_at.elapsed() >= WORTH_SAVING {
            self.save()?;
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
        match self.saved_step == Some(self.progress.step) {
            true => Ok(()),
            false => self.save(),
        }
    }

    /// Stores a checkpoint as `last`, and as `best` too when it is.
    fn save(&mut self) -> Result<(), TrainError> {
        let checkpoint = Checkpoint {
            model_config: self.config.model_config(),
            targets: self.config.data.targets.clone(),
            progress: self.progress.clone(),
            model: state::collect_where(&self.model, |key| self.stages.train(key))?,
            frozen: self.frozen.clone(),
            ema: self.ema.as_ref().map(Ema::state).transpose()?,
            optimizer: self.optimizer.state()?,
        };
        match self.run.write_last(&checkpoint) {
            Err(CheckpointError::NonFinite { key }) => {
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

    fn result(&self, stopped: bool) -> Result<RunResult, TrainError> {
        let records = read_metrics(&self.run.metrics())?;
        let best_epoch = self.progress.early_stopping.best_epoch;
        let best = records
            .into_iter()
            .find(|record| record.epoch == best_epoch)
            .ok_or_else(|| TrainError::NoCheckpoint {
                run: self.run.root().to_owned(),
                faults: Vec::new(),
            })?;
        Ok(RunResult {
            ending: match stopped {
                true => Ending::StoppedEarly,
                false => Ending::Finished,
            },
            epochs: self.progress.epoch,
            steps: self.progress.step,
            best_epoch,
            best: best.valid,
            seconds: self.progress.run_seconds,
        })
    }
}
