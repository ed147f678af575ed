//! What is checked and opened before the first step.

use std::sync::{Mutex, PoisonError, mpsc};

use burn::tensor::Device;
use psp_models::{DeviceSpec, ModelConfig, Regressor};

use crate::config::RunConfig;
use crate::error::TrainError;
use crate::events::Event;
use crate::initial_weights;
use crate::inputs::{Inputs, decode_threads};
use crate::log::MetricsLog;
use crate::run_dir::RunDir;
use crate::session::{BackboneIdentity, Session};

pub(super) fn open_log(
    run: &RunDir,
    bytes: u64,
    config: &RunConfig,
) -> Result<MetricsLog, TrainError> {
    MetricsLog::open(
        &run.metrics(),
        &run.tensorboard(),
        bytes,
        &config.data.targets,
    )
}

/// The run's device and its replicas', without autodiff.
pub(super) fn open_devices(config: &RunConfig) -> Result<(Device, Vec<Device>), TrainError> {
    let train = &config.train;
    let open = |device: DeviceSpec| device.open_for(train.precision);
    let further = train.replicas.iter().map(|&device| open(device));
    Ok((open(train.device)?, further.collect::<Result<_, _>>()?))
}

/// The model of this structure with its initial weights, on `device` with autodiff, and the
/// SHA-256 of the weights file if there is one. A frozen backbone is kept in
/// `session` under `identity`, and taken from there.
pub(super) fn initial_model(
    config: &RunConfig,
    model_config: &ModelConfig,
    device: &Device,
    session: &Session,
    identity: Option<&BackboneIdentity>,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<(Regressor, Option<String>), TrainError> {
    let device = device.clone().autodiff();
    if let Some(identity) = identity
        && let Some((backbone, sha256)) = session.backbone(identity)
    {
        let seed = config.train.seed;
        let model = Regressor::with_backbone(backbone, model_config, seed, &device);
        return Ok((model, sha256));
    }
    let (model, sha256) = new_model(config, model_config, &device, observe)?;
    if let Some(identity) = identity {
        session.keep_backbone(identity.clone(), &model.backbone, sha256.as_ref());
    }
    Ok((model, sha256))
}

fn new_model(
    config: &RunConfig,
    model_config: &ModelConfig,
    device: &Device,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<(Regressor, Option<String>), TrainError> {
    let seed = config.train.seed;
    let path = &config.model.weights;
    if path.as_os_str().is_empty() {
        return Ok((Regressor::new(model_config, seed, device), None));
    }
    let misfit = |source| TrainError::Misfit {
        path: path.clone(),
        backbone: model_config.backbone,
        source,
    };
    let file = initial_weights::open(path)?;
    let recognised = Regressor::zeros(model_config, device).recognise(file, None)?;
    observe(Event::Weights(&recognised.notes()));
    let weights = recognised.state;
    let model = Regressor::pretrained(model_config, seed, weights, device).map_err(misfit)?;
    let sha256 = psp_weights::hash_of(path).map_err(TrainError::io(path))?;
    Ok((model, Some(sha256)))
}

/// Decodes the images of the samples `indices` once, so that a bad one is found
/// now and not in the middle of the run.
pub(super) fn check_images(
    inputs: &Inputs,
    indices: &[usize],
    config: &RunConfig,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<(), TrainError> {
    let threads = decode_threads(config);
    let limits = config.decode_limits();
    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    std::thread::scope(|scope| {
        let checking = scope.spawn(|| {
            // Moved in, so that the channel closes when the check ends.
            let sender = sender;
            inputs
                .dataset
                .check_images(indices, threads, &limits, &|done, total| {
                    let sender = sender.lock().unwrap_or_else(PoisonError::into_inner);
                    // The receiver outlives the check.
                    let _ = sender.send((done, total));
                })
        });
        for (done, total) in receiver {
            observe(Event::Checking { done, total });
        }
        match checking.join() {
            Ok(checked) => Ok(checked?),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
