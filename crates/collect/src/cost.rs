//! What predicting with a model costs: counted, and measured once.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use psp_files::write_atomic;
use psp_models::{Regressor, multiply_adds_of, state, summary};
use psp_report::input::{Cost, MeasuredCost};
use psp_train::{RunConfig, RunDir};

use crate::error::CollectError;
use crate::settings::{CollectEvent, Settings};

/// Where a run's measured cost is stored.
pub fn path(run: &RunDir) -> PathBuf {
    run.root().join("cost.json")
}

/// The cost of the run's model. What was measured of it is read from the run's
/// folder, or else measured and stored there.
pub(crate) fn cost(
    run: &RunDir,
    config: &RunConfig,
    settings: &mut Settings<'_>,
) -> Result<Cost, CollectError> {
    let device = Device::default();
    let model = config.model_config();
    let shapes = state::shapes(&Regressor::zeros(&model, &device));
    Ok(Cost {
        parameters: summary::parameters(&shapes) as u64,
        mib: summary::mib(&shapes),
        multiply_adds: multiply_adds_of(&model, &device),
        input_size: model.input_size,
        measured: measured(run, config, settings)?,
    })
}

fn measured(
    run: &RunDir,
    config: &RunConfig,
    settings: &mut Settings<'_>,
) -> Result<Option<MeasuredCost>, CollectError> {
    let path = path(run);
    if let Some(stored) = read(&path)? {
        return Ok(Some(stored));
    }
    let Some(measure) = &mut settings.measure else {
        return Ok(None);
    };
    (settings.observe)(CollectEvent::Measuring {
        backbone: config.model.backbone.name(),
    });
    let cost = match measure(config) {
        Err(reason) => {
            let model = config.model.backbone;
            settings.warn(&format!(
                "what {model} costs could not be measured: {reason}"
            ));
            return Ok(None);
        }
        Ok(cost) => cost,
    };
    let text = serde_json::to_vec_pretty(&cost).map_err(CollectError::read(&path))?;
    write_atomic(&path, |out| out.write_all(&text))?;
    Ok(Some(cost))
}

fn read(path: &Path) -> Result<Option<MeasuredCost>, CollectError> {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CollectError::read(path)(error)),
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(CollectError::read(path)),
    }
}
