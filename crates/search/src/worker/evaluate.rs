//! A finalist on the test split.

use std::sync::atomic::AtomicBool;

use psp_data::Part;
use psp_export::{ExportError, predict_part};

use super::WorkerSettings;
use crate::error::SearchError;
use crate::event::WorkerEvent;
use crate::folder::TrialDir;
use crate::select::TestRecord;

/// Metrics of the folder's best checkpoint over the test part; none where the split
/// has no such part. What it predicts for the test and validation parts is stored in
/// the folder, for reports. `None` when `cancelled`.
pub(super) fn on_test(
    dir: &TrialDir,
    settings: &WorkerSettings,
    cancelled: &AtomicBool,
    observe: &mut dyn FnMut(WorkerEvent),
) -> Result<Option<TestRecord>, SearchError> {
    let run = dir.run();
    let machine = &settings.machine;
    let mut show = |done, total| {
        observe(WorkerEvent::Preparing {
            what: "predicting".to_owned(),
            done,
            total,
        });
    };
    let predicted = predict_part(&run, Part::Valid, machine, cancelled, &mut show)
        .and_then(|_| predict_part(&run, Part::Test, machine, cancelled, &mut show));
    let test = match predicted {
        Err(ExportError::Interrupted) => return Ok(None),
        other => other?,
    };
    Ok(Some(TestRecord {
        metrics: test
            .map(|test| test.metrics())
            .transpose()
            .map_err(ExportError::from)?,
        failure: None,
    }))
}
