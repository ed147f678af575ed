//! Opening what predicts: an exported model, or a run.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::ensure;
use psp_export::{ExportError, Predictor, validation_residuals};
use psp_metrics::Residuals;
use psp_models::{DeviceSpec, Precision};
use psp_schema::{read_metrics, shell_quoted};
use psp_search::StudyDir;
use psp_train::{Machine, RunDir};

use super::refusals::{check_is_there, resuming, unless_lost};
use crate::progress;

/// Opens an exported model or a run on a device; by the CPU engine on so many threads where
/// they are given.
///
/// # Errors
/// What can't be read; of a study, how to get a model of it.
pub(super) fn open_model(
    model: &Path,
    device: DeviceSpec,
    precision: Precision,
    engine_threads: Option<usize>,
) -> anyhow::Result<Predictor> {
    check_is_there(model)?;
    let quoted = shell_quoted(model);
    ensure!(
        !StudyDir::new(model).is_study(),
        "{}: a study, not a model; `psp export {quoted} --out MODEL` makes one of the chosen run, \
         which `psp study best {quoted}` names",
        model.display()
    );
    let device = device.open_for(precision)?;
    let opened = match engine_threads {
        Some(threads) => Predictor::open_on_cpu(model, &device, threads),
        None => Predictor::open(model, &device, precision),
    };
    opened.map_err(|error| unless_lost(error.into(), &RunDir::new(model)))
}

/// How far a run's predictions for its validation images are from their labels, as stored or
/// computed now; `None` where it has no such images.
pub(super) fn residuals(run: &RunDir, machine: &Machine) -> Result<Option<Residuals>, ExportError> {
    let bar = progress::bar(0, "valid");
    let observe = &mut |done, total| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    };
    let residuals = validation_residuals(run, machine, &AtomicBool::new(false), observe);
    bar.finish_and_clear();
    residuals
}

/// Warns of a model that has learned nothing of the images, by the indices of its targets whose
/// predictions never change.
pub(super) fn warn_of_constants(targets: &[String], constant: &[usize]) {
    for index in constant {
        let target = &targets[*index];
        eprintln!(
            "warning: {target}: the predictions are the same for every image, whatever it shows"
        );
    }
}

/// Says that a run whose model is made use of has not come to its end.
pub(super) fn note_unfinished(run: &RunDir) {
    if !run.is_begun() || run.result().exists() {
        return;
    }
    let root = run.root().display();
    let done = read_metrics(&run.metrics()).map_or(0, |epochs| epochs.len() as u64);
    match run.read_config() {
        Ok(config) if done >= config.train.epochs => {
            let again = if StudyDir::around(run.root()).is_none() {
                format!("; {} writes it again", resuming(run))
            } else {
                String::new()
            };
            let result = run.result();
            eprintln!(
                "note: {}: missing, though all epochs are done{again}",
                result.display()
            );
        }
        _ => eprintln!(
            "note: {root}: the run has not come to its end; this is its best epoch so far"
        ),
    }
}
