//! What predicting with a model costs: counted, and measured once.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use psp_models::{Regressor, multiply_adds_of, state, summary};
use psp_report::input::{Cost, MeasuredCost};
use psp_schema::{FileError, read_if_there, write_json};
use psp_train::{RunConfig, RunDir};
use serde::{Deserialize, Serialize};

use crate::error::CollectError;
use crate::settings::{CollectEvent, Settings};

/// Where a run's measured cost is stored.
pub fn path(run: &RunDir) -> PathBuf {
    run.root().join("cost.json")
}

/// What is stored of a measurement.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// The processor that it was made on, as the system names it.
    hardware: String,
    #[serde(flatten)]
    cost: MeasuredCost,
}

/// The cost of the run's model. What was measured of it on this machine and device is
/// read from the run's folder, or else measured and, where possible, stored there; where
/// nothing is to be measured, it is what was measured anywhere.
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
    let stored = read(&path)?;
    let Some(measure) = &mut settings.measure else {
        return Ok(stored.map(|stored| stored.cost));
    };
    let hardware = &settings.environment.hardware;
    let device = settings.machine.device_of(config);
    if let Some(stored) = stored
        && stored.hardware == *hardware
        && stored.cost.device == device.to_string()
    {
        return Ok(Some(stored.cost));
    }
    (settings.observe)(CollectEvent::Measuring {
        backbone: config.model.backbone.name(),
    });
    let cost = match measure(config, device) {
        Err(reason) => {
            let model = config.model.backbone;
            settings.warn(&format!(
                "what {model} costs could not be measured: {reason}"
            ));
            return Ok(None);
        }
        Ok(cost) => cost,
    };
    let hardware = settings.environment.hardware.clone();
    let stored = Stored { hardware, cost };
    // It is told of all the same, where the run can only be read.
    if let Err(error) = write_json(&path, &stored) {
        settings.warn(&error.to_string());
    }
    Ok(Some(stored.cost))
}

fn read(path: &Path) -> Result<Option<Stored>, CollectError> {
    let text = read_if_there(path)?;
    let stored = text.map(|text| serde_json::from_slice(&text).map_err(std::io::Error::from));
    Ok(stored.transpose().map_err(FileError::read(path))?)
}
