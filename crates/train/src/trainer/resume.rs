//! Continuing a run.

use psp_models::{Regressor, StateDict};
use psp_schema::{Ending, RunResult, remove, write_atomic};

use super::setup::{Setup, open_devices};
use super::{Control, Outcome, Trainer, features};
use crate::checkpoint::Progress;
use crate::config::{Change, RunConfig};
use crate::error::TrainError;
use crate::events::Event;
use crate::inputs::Inputs;
use crate::log::MetricsLog;
use crate::optim::OptimizerState;
use crate::run_dir::{Manifest, Newest, RunDir};
use crate::session::Session;

/// Continues the run in `run` from its newest whole checkpoint.
///
/// On the Flex device the result is bit-identical to that of a run that was
/// never interrupted.
///
/// # Errors
/// As [`start`](super::start); also when data, split, initial weights or a setting
/// that decides the result have changed.
pub fn resume(
    run: &RunDir,
    control: Control<'_>,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, TrainError> {
    resume_with(run, run.read_config()?, control, observe)
}

/// The same with `config`, which becomes the run's own. It may differ from what the
/// run began with in what does not decide the result, such as devices, threads and
/// where the data lies, and in `train.epochs` and `train.patience`: a run that has
/// ended is then trained on. Its schedule is that of the new number of epochs, on
/// which it takes the place that it would have come to by now.
///
/// # Errors
/// As [`resume`]; [`TrainError::Fixed`] names the first setting that must not differ,
/// [`TrainError::TooShort`] and [`TrainError::StopsAtOnce`] a length that is none.
pub fn resume_with(
    run: &RunDir,
    mut config: RunConfig,
    control: Control<'_>,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, TrainError> {
    let stored = run.read_config()?;
    let ended = run.read_result().ok();
    config.make_absolute()?;
    let mut manifest = run.read_manifest()?;
    let changes = match &manifest.config {
        Some(then) => run.changes(&manifest, then, &config)?,
        None => run.changes(&manifest, &stored.to_table()?, &config)?,
    };
    if let Some(result) = &ended
        && changes.is_empty()
        && !is_cut_short(result, &config)
    {
        if !run.split().exists() {
            return Err(TrainError::missing(run.split()));
        }
        run.check_split(&manifest)?;
        if let Some(fault) = run.fault_of_best()? {
            let _lock = control.lock(run)?;
            let epoch = result.best_epoch;
            if !put_back_best(run, epoch, &fault, observe)? {
                // Without any other there is nothing to train on from.
                run.read_last()?;
                return Err(run.lost_best(fault, epoch));
            }
        }
        return Ok(Outcome::Ended(result.clone()));
    }
    // Where it is placed for this time only is not kept.
    let kept = config.clone();
    let config = config.on(control.machine)?;
    let lock = control.lock(run)?;
    run.remove_leftovers();
    let devices = open_devices(&config)?;
    let own = Session::new();
    let session = control.session.unwrap_or(&own);
    let inputs = Inputs::of_run_within(&config, run, session)?;
    check_inputs(run, &manifest, &inputs)?;
    if let Some(added) = inputs.added() {
        observe(Event::Warning {
            text: &added.to_string(),
        });
    }
    // Opening may have taken longer than a claim lasts.
    control.check(run)?;
    run.complete_write()?;
    // Before another checkpoint is in memory.
    let fault = run.fault_of_best()?;
    let Newest {
        mut checkpoint,
        mut damaged,
        faults,
    } = run.read_last()?;
    MetricsLog::check(&run.metrics(), &checkpoint.progress)?;
    checkpoint.model_config.output.range = config.range_of(&checkpoint.model_config.output);
    let goes_on = check_length(run, &checkpoint.progress, &changes, ended.as_ref(), &config)?;
    if !changes.is_empty() {
        observe(Event::Changed(&changes));
        manifest.extended |= changes.iter().any(Change::is_of_length);
        adopt(run, &kept, manifest, goes_on)?;
    }
    let ended = ended.filter(|_| !goes_on);
    let epoch = checkpoint.progress.early_stopping.best_epoch;
    if epoch > 0
        && let Some(fault) = fault
        && !put_back_best(run, epoch, &fault, observe)?
    {
        if ended.is_some() {
            return Err(run.lost_best(fault, epoch));
        }
        damaged.push(run.best());
        let text = &format!("{fault}; the best epoch's weights are lost until a better one comes");
        observe(Event::Warning { text });
    }
    if let Some(result) = ended {
        return Ok(Outcome::Ended(result));
    }
    let model = Regressor::from_state(
        &checkpoint.model_config,
        &checkpoint.model,
        &devices.0.clone().autodiff(),
    )?;
    let store = features::open(&config, &model, session, None, observe)?;
    control.check(run)?;
    let setup = Setup {
        run: run.clone(),
        config,
        inputs,
        devices,
        control,
        lock,
    };
    let mut trainer = setup.trainer(model, checkpoint.progress, checkpoint.frozen)?;
    trainer.restore(&checkpoint.optimizer, checkpoint.ema.as_ref());
    if faults.is_empty() && run.last().exists() {
        // It is `last`, and need not be written again.
        trainer.saved_step = Some(trainer.progress.step);
    }
    // No damaged one becomes `previous` in place of a whole one.
    for path in &damaged {
        remove(path)?;
    }
    trainer.run(store, observe, &faults)
}

/// Makes another checkpoint of the best `epoch` the best again; whether there is one.
fn put_back_best(
    run: &RunDir,
    epoch: u64,
    fault: &str,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<bool, TrainError> {
    let is_back = run.restore_best(epoch)?;
    if is_back {
        let text = &format!("{fault}; restored from another checkpoint of its epoch");
        observe(Event::Warning { text });
    }
    Ok(is_back)
}

impl Trainer<'_> {
    /// Takes over an optimiser's state and a moving average.
    fn restore(&mut self, optimizer: &OptimizerState, average: Option<&StateDict>) {
        self.optimizer.restore(optimizer, &self.device);
        if let (Some(ema), Some(average)) = (&mut self.ema, average) {
            ema.restore(average, &self.device);
        }
    }
}

/// Whether the process ended between taking a new length over and training on.
fn is_cut_short(result: &RunResult, config: &RunConfig) -> bool {
    result.ending == Ending::Finished && result.epochs < config.train.epochs
}

fn check_inputs(run: &RunDir, manifest: &Manifest, inputs: &Inputs) -> Result<(), TrainError> {
    run.check_data(manifest, &inputs.dataset)?;
    inputs.check_split(run, manifest)
}

/// Whether there is something to be trained with the length that `config` says.
fn check_length(
    run: &RunDir,
    progress: &Progress,
    changes: &[Change],
    ended: Option<&RunResult>,
    config: &RunConfig,
) -> Result<bool, TrainError> {
    let epochs = config.train.epochs;
    let done = progress.epoch + u64::from(progress.batch > 0);
    if epochs < done {
        return Err(TrainError::TooShort {
            run: run.root().to_owned(),
            epochs,
            done,
        });
    }
    let stops = progress.early_stopping.should_stop(config.train.patience);
    let is_longer = changes.iter().any(Change::is_of_length);
    if ended.is_some() && is_longer && stops && epochs > progress.epoch {
        return Err(TrainError::StopsAtOnce {
            run: run.root().to_owned(),
            without: progress.early_stopping.epochs_without_improvement,
        });
    }
    // Of an ended run that has lost its last checkpoints an earlier one may be left.
    let may_go_on = ended.is_none_or(|result| is_longer || is_cut_short(result, config));
    Ok(may_go_on && epochs > progress.epoch && !stops)
}

/// Makes `config` the run's own. Whatever a process that is killed meanwhile leaves
/// is taken for a change again.
fn adopt(
    run: &RunDir,
    config: &RunConfig,
    mut manifest: Manifest,
    goes_on: bool,
) -> Result<(), TrainError> {
    let text = config.to_toml()?;
    write_atomic(&run.config(), |out| out.write_all(text.as_bytes()))?;
    let result = run.result();
    if goes_on && result.exists() {
        remove(&result)?;
    }
    manifest.config = Some(config.to_table()?);
    run.write_manifest(manifest)
}
