//! One training.

use std::io::ErrorKind;
use std::sync::atomic::Ordering;

use psp_data::Part;
use psp_export::{ExportError, predict_part};
use psp_report::input::Run;
use psp_schema::{EpochRecord, read_metrics};
use psp_train::{RunDir, TrainError};

use crate::error::CollectError;
use crate::settings::{CollectEvent, Settings};

/// The epochs of a run, none where it has not begun.
pub(crate) fn epochs(run: &RunDir) -> Result<Vec<EpochRecord>, CollectError> {
    let path = run.metrics();
    if !path.exists() {
        return Ok(Vec::new());
    }
    Ok(read_metrics(&path)?)
}

/// Refuses a run that nothing tells any more what it is of.
pub(crate) fn check_records(run: &RunDir) -> Result<(), CollectError> {
    match run.fault_of_records()? {
        Some(fault) => Err(CollectError::Lost {
            run: run.clone(),
            fault,
        }),
        None => Ok(()),
    }
}

/// A training with what its best checkpoint predicts for `parts`, if it was trained to
/// its end: what it would predict before is not what it is. A prediction that can't be
/// had is told of in the run itself.
pub(crate) fn run(
    dir: &RunDir,
    parts: &[Part],
    settings: &mut Settings<'_>,
) -> Result<Run, CollectError> {
    check_records(dir)?;
    let config = dir.read_trained_config()?;
    let mut failure = None;
    let result = match dir.read_result() {
        Ok(result) => Some(result),
        Err(TrainError::File(error)) if error.source.kind() == ErrorKind::NotFound => None,
        Err(error) => {
            let reason = error.to_string();
            settings.leave_out(dir.root(), "predictions are left out", &reason);
            failure = Some(reason);
            None
        }
    };
    let parts = match result {
        Some(_) => parts,
        None => &[],
    };
    let manifest = dir.read_manifest()?;
    let mut run = Run {
        folder: settings.link(dir.root()),
        seed: config.train.seed,
        fold: None,
        epochs: epochs(dir)?,
        best_epoch: result.as_ref().map(|result| result.best_epoch),
        seconds: result.as_ref().map(|result| result.seconds),
        device: manifest.device,
        valid: None,
        test: None,
        failure,
        seen: manifest.seen,
    };
    for &part in parts {
        if settings.cancelled.load(Ordering::Relaxed) {
            return Err(CollectError::Interrupted);
        }
        let (machine, cancelled) = (&settings.machine, settings.cancelled);
        let mut observe = |done, total| {
            let run = dir.root();
            (settings.observe)(CollectEvent::Predicting {
                run,
                part,
                done,
                total,
            });
        };
        let predicted = match predict_part(dir, part, machine, cancelled, &mut observe) {
            // Those of a run that can only be read are told of all the same.
            Err(ExportError::Unstored {
                predictions,
                source,
            }) => {
                settings.warn(&format!("predictions are not stored: {source}"));
                Ok(Some(*predictions))
            }
            predicted => predicted,
        };
        match predicted {
            Err(ExportError::Interrupted) => return Err(CollectError::Interrupted),
            Ok(predictions) => match part {
                Part::Valid => run.valid = predictions,
                Part::Test => run.test = predictions,
                Part::Train => {}
            },
            Err(error) => {
                let reason = error.to_string();
                // What is wrong with one part's may be so with the other's.
                if run.failure.as_ref() != Some(&reason) {
                    settings.leave_out(dir.root(), "predictions are left out", &reason);
                }
                run.failure.get_or_insert(reason);
                if dir.fault_of_model()?.is_some() {
                    break;
                }
            }
        }
    }
    Ok(run)
}
