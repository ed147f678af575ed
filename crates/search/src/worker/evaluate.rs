//! A finalist on the test split.

use psp_data::Part;
use psp_export::Predictor;
use psp_metrics::RegressionAccumulator;
use psp_models::predict::predict_epoch;
use psp_train::{Inputs, TrainError};

use super::WorkerSettings;
use crate::error::SearchError;
use crate::folder::TrialDir;
use crate::select::TestRecord;

/// Metrics of the folder's best checkpoint over the test part; none where the
/// split has no such part.
pub(super) fn on_test(
    dir: &TrialDir,
    settings: &WorkerSettings,
) -> Result<TestRecord, SearchError> {
    let run = dir.run();
    let mut config = run.read_config()?;
    if settings.threads > 0 {
        config.data.threads = settings.threads;
    }
    let precision = config.train.precision;
    let spec = settings.device.unwrap_or(config.train.device);
    let device = spec.open_for(precision)?;
    let inputs = Inputs::of_run(&config, &run)?;
    if inputs.splits.indices(Part::Test).is_empty() {
        return Ok(TestRecord {
            metrics: None,
            failure: None,
        });
    }
    let loader = inputs.sequential(Part::Test, &config)?;
    let predictor = Predictor::open(run.root(), &device, precision)?;
    let mut accumulator = RegressionAccumulator::new(inputs.dataset.targets().len());
    let epoch = loader.epoch(0, 0);
    predict_epoch(&predictor.model, epoch, &device, |batch, predictions| {
        let wide = |row: &[f32]| row.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>();
        let rows = predictions.chunks(batch.target_count);
        for (prediction, label) in rows.zip(batch.targets.chunks(batch.target_count)) {
            accumulator
                .push(&wide(prediction), &wide(label))
                .map_err(TrainError::from)?;
        }
        Ok::<(), TrainError>(())
    })?;
    let metrics = accumulator.finish().map_err(TrainError::from)?;
    Ok(TestRecord {
        metrics: Some(metrics),
        failure: None,
    })
}
