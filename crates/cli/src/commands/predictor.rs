//! Opening what predicts: an exported model, or a run.

use std::path::Path;

use anyhow::{Result, ensure};
use psp_export::Predictor;
use psp_models::{DeviceSpec, Precision};
use psp_schema::{read_metrics, shell_quoted};
use psp_search::StudyDir;
use psp_train::RunDir;

use super::refusals::{check_is_there, resuming, unless_lost};

/// Opens an exported model or a run on a device.
///
/// # Errors
/// What can't be read; of a study, how to get a model of it.
pub(super) fn open_model(
    model: &Path,
    device: DeviceSpec,
    precision: Precision,
) -> Result<Predictor> {
    check_is_there(model)?;
    let quoted = shell_quoted(model);
    ensure!(
        !StudyDir::new(model).is_study(),
        "{}: a study, not a model; `psp export {quoted} --out MODEL` makes one of the chosen run, \
         which `psp study best {quoted}` names",
        model.display()
    );
    Predictor::open(model, &device.open_for(precision)?, precision)
        .map_err(|error| unless_lost(error.into(), &RunDir::new(model)))
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
