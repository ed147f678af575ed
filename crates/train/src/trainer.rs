//! The training loop.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Instant;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use psp_data::{Batch, Loader, Part};
use psp_metrics::{RegressionAccumulator, RegressionMetrics};
use psp_models::nn::Noise;
use psp_models::predict::{image_tensor, predict_epoch, to_host};
use psp_models::{Regressor, read_state_dict, state};
use sha2::{Digest, Sha256};

use crate::checkpoint::{Checkpoint, CheckpointError, Progress};
use crate::config::RunConfig;
use crate::early_stopping::EarlyStopping;
use crate::error::TrainError;
use crate::events::Event;
use crate::inputs::{Inputs, decode_threads};
use crate::log::{EpochRecord, MetricsLog, read_metrics};
use crate::optim::{Ema, Grads, Optimizer, Schedule};
use crate::run_dir::{Ending, Manifest, RunDir, RunLock, RunResult, write_json, write_text};

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
    make_absolute(&mut config)?;
    let device = config.train.device.open()?;
    let inputs = Inputs::open(&config)?;
    inputs.indices(Part::Valid)?;
    inputs.training(&config)?;
    check_images(&inputs, &config, observe)?;
    let seed = config.train.seed;
    let training_device = device.clone().autodiff();
    let mut model = Regressor::new(&config.model_config(), seed, &training_device);
    let weights = &config.model.weights;
    let mut weights_sha256 = None;
    if !weights.as_os_str().is_empty() {
        model = model
            .load_backbone(config.model.backbone, &read_state_dict(weights)?)
            .map_err(|source| TrainError::Misfit {
                path: weights.clone(),
                source,
            })?;
        weights_sha256 = Some(sha256_of(weights)?);
    }

    let lock = run.lock()?;
    if run.is_begun() {
        return Err(TrainError::Exists {
            run: run.root().to_owned(),
        });
    }
    run.remove_leftovers();
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
            train_means: inputs.train_means(),
        },
    )?;
    let ema = (config.train.ema_decay > 0.0).then(|| Ema::new(config.train.ema_decay, &model));
    let trainer = Trainer {
        optimizer: Optimizer::new(config.optimizer()),
        progress: Progress {
            epoch: 0,
            batch: 0,
            batches_done: 0,
            step: 0,
            seed,
            train_metrics: RegressionAccumulator::new(inputs.dataset.targets().len()),
            epoch_seconds: 0.0,
            run_seconds: 0.0,
            early_stopping: EarlyStopping::default(),
            metrics_bytes: 0,
        },
        log: open_log(run, 0, &config)?,
        model,
        ema,
        device,
        inputs,
        run: run.clone(),
        _lock: lock,
        cancelled,
        config,
    };
    // The first checkpoint is stored before the configuration that marks the
    // run as begun, so a begun run can always be continued.
    trainer.save()?;
    write_text(&run.config(), trainer.config.to_toml()?.as_bytes())?;
    trainer.run(observe, &[])
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
    let training_device = device.clone().autodiff();
    let model = Regressor::from_state(
        &checkpoint.model_config,
        &checkpoint.model,
        &training_device,
    )?;
    let ema = checkpoint
        .ema
        .as_ref()
        .map(|ema| Ema::new(config.train.ema_decay, &model).restore(ema, &model));
    let trainer = Trainer {
        optimizer: Optimizer::new(config.optimizer()).restore(&checkpoint.optimizer, &device),
        log: open_log(run, checkpoint.progress.metrics_bytes, &config)?,
        progress: checkpoint.progress,
        model,
        ema,
        device,
        inputs,
        run: run.clone(),
        _lock: lock,
        cancelled,
        config,
    };
    trainer.run(observe, &damaged)
}

const BURN_VERSION: &str = "0.22.1";

struct Trainer<'a> {
    config: RunConfig,
    run: RunDir,
    inputs: Inputs,
    /// Without autodiff.
    device: Device,
    model: Regressor,
    ema: Option<Ema>,
    optimizer: Optimizer,
    progress: Progress,
    log: MetricsLog,
    cancelled: &'a AtomicBool,
    _lock: RunLock,
}

impl Trainer<'_> {
    fn run(
        mut self,
        observe: &mut dyn FnMut(Event<'_>),
        damaged: &[CheckpointError],
    ) -> Result<Outcome, TrainError> {
        if let Some(stages) = self.config.trained_stages() {
            self.model = self.model.freeze_except(stages);
        }
        let train = self.inputs.training(&self.config)?;
        let valid = self.inputs.sequential(Part::Valid, &self.config)?;
        let epochs = self.config.train.epochs;
        observe(Event::Started {
            epoch: self.progress.epoch + 1,
            batch: self.progress.batch,
            epochs,
            batches: train.batches_per_epoch(),
            damaged,
        });
        let patience = self.config.train.patience;
        let mut stopped = self.progress.early_stopping.should_stop(patience);
        while self.progress.epoch < epochs && !stopped {
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
        let result = self.result(stopped)?;
        write_json(&self.run.result(), &result)?;
        Ok(Outcome::Ended(result))
    }

    /// Trains what is left of the epoch; false when interrupted.
    fn train_epoch(
        &mut self,
        loader: &Loader,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool, TrainError> {
        let batches = loader.batches_per_epoch();
        let accumulate = self.config.train.accumulate;
        let schedule = self.schedule(batches);
        let before = self.progress.epoch_seconds;
        let begun = Instant::now();
        let mut saved = Instant::now();
        let mut grads = Grads::default();
        let mut seen = 0;
        for batch in loader.epoch(self.progress.epoch, self.progress.batch) {
            let mut batch = batch?;
            seen += batch.len();
            let number = batch.number;
            let share = self.share_of_step(loader, number, batch.len());
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
            if self.cancelled.load(Ordering::Relaxed) {
                return Ok(false);
            }
            let every = self.config.train.checkpoint_seconds;
            if every > 0 && saved.elapsed().as_secs() >= every && done < batches {
                self.save()?;
                saved = Instant::now();
            }
        }
        Ok(true)
    }

    /// The share of its optimiser step's images that a batch holds.
    fn share_of_step(&self, loader: &Loader, number: usize, len: usize) -> f64 {
        let accumulate = self.config.train.accumulate;
        if accumulate == 1 {
            return 1.0;
        }
        let size = self.config.train.batch_size;
        let first = number / accumulate * accumulate * size;
        let last = (first + accumulate * size).min(loader.samples_per_epoch());
        len as f64 / (last - first) as f64
    }

    /// Forward and backward pass of one batch: its MSE, and its gradients
    /// times `share`.
    fn step(&mut self, batch: &mut Batch, share: f64) -> Result<(f64, Grads), TrainError> {
        let device = self.device.clone().autodiff();
        let shape = [batch.len(), batch.target_count];
        let labels = Tensor::<2>::from_data(TensorData::new(batch.targets.clone(), shape), &device);
        let mut noise = Noise::for_step(self.progress.seed, self.progress.batches_done);
        let predictions = self.model.forward(image_tensor(batch, &device), &mut noise);
        let loss = (predictions.clone() - labels).square().mean();
        let mut gradients = Grads::take(&self.model, loss.backward());
        if share != 1.0 {
            gradients = gradients.scale(share);
        }
        let predictions = to_host(predictions.inner())?;
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
    fn diverged(&self, epoch: u64, batch: usize, what: String) -> TrainError {
        let (backbone, head) = self.config.learning_rates();
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
        let (backbone, head) = self.config.learning_rates();
        let rate = |key: &str| match key.starts_with("head.") {
            true => head * factor,
            false => backbone * factor,
        };
        // `step` consumes the module; clones share their tensors.
        self.model = self.optimizer.step(self.model.clone(), grads, rate);
        self.progress.step += 1;
        if let Some(ema) = &mut self.ema {
            ema.update(&self.model, self.progress.step);
        }
    }

    /// Metrics over the validation part; `None` when interrupted.
    fn validate(
        &mut self,
        loader: &Loader,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Option<RegressionMetrics>, TrainError> {
        let begun = Instant::now();
        let mut model = self.model.valid();
        if let Some(ema) = &self.ema {
            model = ema.apply(model);
        }
        let total = loader.samples_per_epoch();
        let mut metrics = RegressionAccumulator::new(self.inputs.dataset.targets().len());
        let mut done = 0;
        let outcome = predict_epoch(&model, loader.epoch(0, 0), &self.device, |batch, values| {
            if self.cancelled.load(Ordering::Relaxed) {
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

    fn finish_epoch(
        &mut self,
        train: &Loader,
        valid: RegressionMetrics,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), TrainError> {
        let config = &self.config.train;
        let schedule = self.schedule(train.batches_per_epoch());
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
            learning_rate: config.learning_rate * schedule.factor(progress.step.saturating_sub(1)),
            train: metrics.finish()?,
            valid,
            best,
            seconds,
            images_per_second: metrics.count() as f64 / seconds,
        };
        progress.metrics_bytes = self.log.append(&record)?;
        self.save()?;
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

    /// Stores a checkpoint as `last`, and as `best` too when it is.
    fn save(&self) -> Result<(), TrainError> {
        let checkpoint = Checkpoint {
            model_config: self.config.model_config(),
            targets: self.config.data.targets.clone(),
            progress: self.progress.clone(),
            model: state::collect(&self.model)?,
            ema: self.ema.as_ref().map(Ema::state).transpose()?,
            optimizer: self.optimizer.state()?,
        };
        match self.run.write_last(&checkpoint) {
            Err(CheckpointError::NonFinite { key }) => {
                let (epoch, batch) = match self.progress.batch {
                    // At an epoch's end the position is the next one's start.
                    0 => {
                        let batches = self.inputs.training(&self.config)?.batches_per_epoch();
                        (self.progress.epoch, batches)
                    }
                    done => (self.progress.epoch + 1, done),
                };
                Err(self.diverged(epoch, batch, format!("`{key}` holds a non-finite value")))
            }
            other => Ok(other?),
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

fn open_log(run: &RunDir, bytes: u64, config: &RunConfig) -> Result<MetricsLog, TrainError> {
    MetricsLog::open(
        &run.metrics(),
        &run.tensorboard(),
        bytes,
        &config.data.targets,
    )
}

/// Decodes every image once, so that a bad one is found now and not in the
/// middle of the run.
fn check_images(
    inputs: &Inputs,
    config: &RunConfig,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<(), TrainError> {
    let threads = decode_threads(config);
    let limits = config.decode_limits();
    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    std::thread::scope(|scope| {
        let checking = scope.spawn(|| {
            // Moved in, so that the channel closes when the check ends.
            let sender = sender;
            inputs
                .dataset
                .check_images(threads, &limits, &|done, total| {
                    let sender = sender.lock().unwrap_or_else(PoisonError::into_inner);
                    // The receiver outlives the check.
                    let _ = sender.send((done, total));
                })
        });
        for (done, total) in receiver {
            observe(Event::Checking { done, total });
        }
        match checking.join() {
            Ok(checked) => Ok(checked?),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Stores paths so that the run can be continued from another folder.
fn make_absolute(config: &mut RunConfig) -> Result<(), TrainError> {
    let data = &mut config.data;
    for path in [
        &mut data.dir,
        &mut data.labels,
        &mut data.images,
        &mut config.model.weights,
    ] {
        if !path.as_os_str().is_empty() {
            *path = std::path::absolute(&*path).map_err(TrainError::io(path))?;
        }
    }
    Ok(())
}

fn sha256_of(path: &Path) -> Result<String, TrainError> {
    let bytes = std::fs::read(path).map_err(TrainError::io(path))?;
    let digest = Sha256::digest(&bytes);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
