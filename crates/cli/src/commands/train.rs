//! `psp train`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Result, anyhow, bail};
use psp_schema::{Ending, RunResult, is_same_place, shell_quoted};
use psp_search::StudyDir;
use psp_train::{Control, EXPERIMENTS, Outcome, RunConfig, RunDir, TrainError, trainer};

use super::config::{on_devices, resolve};
use super::refusals::{
    FROZEN_AND_RANDOM, check_is_there, continuing, lost, resuming, unless_moved,
};
use crate::args::TrainArgs;
use crate::interrupt;
use crate::machine;
use crate::progress::TrainProgress;
use crate::text::{counted, squared};

pub(crate) fn train(args: &TrainArgs) -> Result<ExitCode> {
    let machine = match &args.resume {
        Some(_) => machine::with_devices(&args.devices.device),
        // A new run's are in its configuration.
        None => machine::here(),
    };
    let mut progress = TrainProgress::new();
    let (run, outcome) = match &args.resume {
        Some(run) => {
            check_is_there(run)?;
            if StudyDir::new(run).is_study() {
                let continued = continuing(&StudyDir::new(run));
                bail!(
                    "{}: is a study; continue it with {continued}",
                    run.display()
                );
            }
            let run = RunDir::new(run);
            unless_in_study(&run)?;
            let config = continued(&run, args)?;
            let data = config.data.dir.clone();
            let cancelled = cancellation(args)?;
            let control = Control::new(&machine, &cancelled);
            let resumed =
                trainer::resume_with(&run, config, control, &mut |event| progress.show(event));
            let outcome = resumed.map_err(|error| {
                if let TrainError::Changed { .. } = error {
                    let own = run.read_config().map(|config| config.data.dir);
                    let (run, own) = (run.root().display(), own.unwrap_or_default());
                    return if is_same_place(&data, &own) {
                        anyhow!("{error}; a copy in another folder is named with --data")
                    } else {
                        anyhow!(
                            "{run}: the data in {} are not those that the run began with, which \
                             were in {}",
                            data.display(),
                            own.display()
                        )
                    };
                }
                let again = format!("{} --data DIR", resuming(&run));
                unless_moved(error.into(), &data, "run", &again)
            })?;
            (run, outcome)
        }
        None => {
            let config = resolve(&args.config, &on_devices(&args.devices.device))?;
            if config.data.dir.as_os_str().is_empty() {
                bail!("no data folder: pass --data DIR, or set data.dir in the configuration");
            }
            for (key, why) in config.without_effect()? {
                eprintln!("note: {key} has no effect with {why}");
            }
            if config.freezes_random_weights() {
                eprintln!("warning: {FROZEN_AND_RANDOM}");
            }
            let run = RunDir::new(args.out.clone().unwrap_or_else(|| default_run(args)));
            if StudyDir::new(run.root()).is_study() {
                bail!(
                    "{}: is a study; pass a new or an empty folder to --out",
                    run.root().display()
                );
            }
            let cancelled = cancellation(args)?;
            let control = Control::new(&machine, &cancelled);
            let outcome = trainer::start(&run, config, control, &mut |event| progress.show(event))?;
            (run, outcome)
        }
    };
    drop(progress);
    match outcome {
        Outcome::Interrupted | Outcome::Paused(_) => {
            let why = if interrupt::time_is_up() {
                "time is up and all is saved"
            } else {
                "interrupted and saved"
            };
            let root = shell_quoted(run.root());
            eprintln!("{why}; continue with: psp train --resume {root}");
            Ok(interrupt::exit_code())
        }
        Outcome::Ended(result) => {
            print_result(&run, &result)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Set by a signal or when the time is up. Until it is there, a signal ends psp: whoever
/// waits for a configuration from a pipe has nothing to save.
fn cancellation(args: &TrainArgs) -> Result<Arc<AtomicBool>> {
    let cancelled = interrupt::flag()?;
    interrupt::after(args.max_hours, &cancelled);
    Ok(cancelled)
}

fn print_result(run: &RunDir, result: &RunResult) -> Result<()> {
    let how = match result.ending {
        Ending::Finished => "finished",
        Ending::StoppedEarly => "stopped early",
    };
    let best = match &result.best {
        Some(best) => {
            let r2 = best.overall.r2;
            format!(
                "best is epoch {}: valid MSE {}, R² {}",
                result.best_epoch,
                squared(best.overall.mse),
                r2.map_or_else(|| "undefined".to_owned(), |r2| format!("{r2:.4}")),
            )
        }
        None => "without validation images the last epoch counts as the best".to_owned(),
    };
    println!(
        "{how} after {} in {:.0} s; {best}",
        counted(result.epochs as usize, "epoch"),
        result.seconds
    );
    let part = match run.read_manifest()?.split_counts {
        [_, 0, 0] => " --split train",
        [_, _, 0] => " --split valid",
        _ => "",
    };
    let has_patience = run.read_config()?.train.patience.is_some();
    let fault = run.fault_of_log();
    let run = shell_quoted(run.root());
    println!("evaluate with: psp eval {run}{part}");
    if let Some(fault) = fault {
        eprintln!("note: the run can't be trained longer: {fault}");
        return Ok(());
    }
    let mut longer = format!("psp train --resume {run}");
    if result.ending == Ending::Finished {
        longer += &format!(" --set train.epochs={}", 2 * result.epochs);
    }
    if has_patience {
        // It may have ended with the last epoch.
        longer += " --set train.patience=0";
    }
    println!("train longer with: {longer}");
    Ok(())
}

/// Refuses a run that a study has scored, or is about to: what it chose and reports
/// would be of another model.
fn unless_in_study(run: &RunDir) -> Result<()> {
    let Some(study) = StudyDir::around(run.root()) else {
        return Ok(());
    };
    if run.result().exists()
        && let Some(lost) = lost(run)
    {
        return Err(lost);
    }
    let (command, quoted) = (continuing(&study), shell_quoted(run.root()));
    bail!(
        "{}: is part of a study, which `{command}` continues; to train this model further, copy \
         its folder out of the study and resume the copy, or begin a new run with --set \
         model.weights={quoted}",
        run.root().display()
    )
}

/// The configuration that a run is continued with: its own, with what the command
/// line says otherwise.
fn continued(run: &RunDir, args: &TrainArgs) -> Result<RunConfig> {
    let mut config = run.read_config()?;
    if let Some(dir) = &args.config.data {
        check_is_there(dir)?;
        config.move_data(dir);
    }
    let config = config.with_overrides(&args.config.overrides)?;
    config.validate()?;
    Ok(config)
}

/// `experiments/<config>-<date>-<time>`, in UTC.
fn default_run(args: &TrainArgs) -> PathBuf {
    let name = args
        .config
        .config
        .as_deref()
        .and_then(|path| path.file_stem())
        .map_or_else(
            || "run".to_owned(),
            |stem| stem.to_string_lossy().into_owned(),
        );
    let now = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S");
    PathBuf::from(EXPERIMENTS).join(format!("{name}-{now}"))
}
