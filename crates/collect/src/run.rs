//! One training.

use std::io::ErrorKind;
use std::sync::atomic::Ordering;

use psp_data::Part;
use psp_export::{ExportError, predict_part};
use psp_report::input::{Epoch, PredictionRow, Predictions, Run};
use psp_schema::{EpochRecord, read_metrics};
use psp_train::{RunDir, TrainError};

use crate::error::CollectError;
use crate::settings::{CollectEvent, Settings};

/// The epochs of a run, none where it has not begun.
pub(crate) fn epochs(run: &RunDir) -> Result<Vec<Epoch>, CollectError> {
    let path = run.metrics();
    if !path.exists() {
        return Ok(Vec::new());
    }
    let epoch = |record: &EpochRecord| Epoch {
        epoch: record.epoch,
        train_mse: record.train.overall.mse,
        valid_mse: record.valid.as_ref().map(|valid| valid.overall.mse),
        valid_r2: record.valid.as_ref().and_then(|valid| valid.overall.r2),
    };
    Ok(read_metrics(&path)?.iter().map(epoch).collect())
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
            settings.warn(&error.to_string());
            failure = Some(error.to_string());
            None
        }
    };
    let parts = match result {
        Some(_) => parts,
        None => &[],
    };
    let mut run = Run {
        folder: settings.link(dir.root()),
        seed: config.train.seed,
        fold: None,
        epochs: epochs(dir)?,
        best_epoch: result.as_ref().map(|result| result.best_epoch),
        seconds: result.as_ref().map(|result| result.seconds),
        device: dir.read_manifest()?.device,
        valid: None,
        test: None,
        failure,
    };
    for &part in parts {
        if settings.cancelled.load(Ordering::Relaxed) {
            return Err(CollectError::Interrupted);
        }
        let (place, cancelled) = (settings.place, settings.cancelled);
        let mut observe = |done, total| {
            let run = dir.root();
            (settings.observe)(CollectEvent::Predicting { run, done, total });
        };
        match predict_part(dir, part, place, cancelled, &mut observe) {
            Err(ExportError::Interrupted) => return Err(CollectError::Interrupted),
            Ok(predictions) => {
                let predictions = predictions.map(|made| plain(&made));
                match part {
                    Part::Valid => run.valid = predictions,
                    Part::Test => run.test = predictions,
                    Part::Train => {}
                }
            }
            Err(error) => {
                let reason = error.to_string();
                settings.leave_out(dir.root(), "predictions are left out", &reason);
                run.failure.get_or_insert(reason);
                if dir.fault_of_model()?.is_some() {
                    break;
                }
            }
        }
    }
    Ok(run)
}

fn plain(predictions: &psp_eval::Predictions) -> Predictions {
    let wide = |scores: &[f32]| scores.iter().copied().map(f64::from).collect();
    let row = |row: &psp_eval::PredictionRow| PredictionRow {
        filename: row.filename.clone(),
        labels: wide(&row.labels),
        predictions: wide(&row.predictions),
    };
    Predictions {
        rows: predictions.rows().iter().map(row).collect(),
    }
}
