//! `psp train`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use psp_train::{Control, Ending, Outcome, RunDir, trainer};

use super::{quoted, resolve};
use crate::args::TrainArgs;
use crate::interrupt;
use crate::progress::TrainProgress;

pub(crate) fn train(args: &TrainArgs) -> Result<ExitCode> {
    let cancelled = interrupt::flag()?;
    interrupt::after(args.max_hours, &cancelled);
    let control = Control::new(&cancelled);
    let mut progress = TrainProgress::new();
    let (run, outcome) = match &args.resume {
        Some(run) => {
            let run = RunDir::new(run);
            let control = control.placed(&args.config.device, 0);
            let outcome = trainer::resume(&run, control, &mut |event| progress.show(event))?;
            (run, outcome)
        }
        None => {
            let config = resolve(&args.config, &[])?;
            if config.data.dir.as_os_str().is_empty() {
                bail!("no data folder: pass --data DIR, or set data.dir in the configuration");
            }
            let run = RunDir::new(args.out.clone().unwrap_or_else(|| default_run(args)));
            println!("run {}", run.root().display());
            let outcome = trainer::start(&run, config, control, &mut |event| progress.show(event))?;
            (run, outcome)
        }
    };
    drop(progress);
    let root = run.root().display();
    match outcome {
        Outcome::Interrupted | Outcome::Paused(_) => {
            let why = match interrupt::time_is_up() {
                true => "time is up and all is saved",
                false => "interrupted and saved",
            };
            let root = quoted(run.root());
            eprintln!("{why}; continue with: psp train --resume {root}");
            Ok(interrupt::exit_code())
        }
        Outcome::Ended(result) => {
            let how = match result.ending {
                Ending::Finished => "finished",
                Ending::StoppedEarly => "stopped early",
            };
            let best = match &result.best {
                Some(best) => {
                    let r2 = best.overall.r2;
                    format!(
                        "best is epoch {}: valid MSE {:.5}, R² {}",
                        result.best_epoch,
                        best.overall.mse,
                        r2.map_or_else(|| "undefined".to_owned(), |r2| format!("{r2:.4}")),
                    )
                }
                None => "without validation images the last epoch counts as the best".to_owned(),
            };
            println!(
                "{how} after {} epochs in {:.0} s; {best}",
                result.epochs, result.seconds
            );
            println!("evaluate with: psp eval {root}");
            Ok(ExitCode::SUCCESS)
        }
    }
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
    PathBuf::from("experiments").join(format!("{name}-{now}"))
}
