//! How far a run's predictions for its validation images are from their labels.

use std::sync::atomic::AtomicBool;

use psp_data::Part;
use psp_metrics::Residuals;
use psp_train::{Machine, RunDir};

use crate::error::ExportError;
use crate::parts::predict_part;

/// How many residuals of a target are kept: intervals of every level up to 99.9 % are no wider
/// than they need to be by more than a thousandth of the images.
const KEPT: usize = 1000;

/// The residuals of the run's best checkpoint on its validation images, by the predictions
/// that are stored in the run's folder, or else are computed and stored; `None` where the
/// split has no validation part. `observe(done, total)` is told of images that are predicted.
///
/// # Errors
/// As [`predict_part`].
pub fn validation_residuals(
    run: &RunDir,
    machine: &Machine,
    cancelled: &AtomicBool,
    observe: &mut dyn FnMut(usize, usize),
) -> Result<Option<Residuals>, ExportError> {
    let predictions = match predict_part(run, Part::Valid, machine, cancelled, observe) {
        // A folder that can only be read.
        Err(ExportError::Unstored { predictions, .. }) => Some(*predictions),
        other => other?,
    };
    Ok(predictions.map(|predictions| {
        let targets = 0..predictions.targets().len();
        Residuals::new(targets.map(|target| predictions.pairs(target)), KEPT)
    }))
}
