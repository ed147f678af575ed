//! Opening what predicts: an exported model, or a run.

use std::path::Path;

use anyhow::{Result, ensure};
use psp_export::Predictor;
use psp_models::{DeviceSpec, Precision};
use psp_schema::shell_quoted;
use psp_search::StudyDir;
use psp_train::RunDir;

use super::refusals::{check_is_there, unless_lost};

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

/// Says that a run whose model is made use of has not come to its end.
pub(super) fn note_unfinished(run: &RunDir) {
    if run.is_begun() && !run.result().exists() {
        eprintln!(
            "note: {}: the run has not come to its end; this is its best epoch so far",
            run.root().display()
        );
    }
}
