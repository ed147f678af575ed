//! What is checked and opened before the first step.

use std::time::Instant;

use burn::tensor::Device;
use psp_models::{DeviceSpec, HEAD, ModelConfig, Precision, Regressor, StateError};

use super::micro_batch::Pass;
use super::stages::Stages;
use super::{Control, Trainer};
use crate::checkpoint::{Frozen, Progress};
use crate::config::{InitialWeights, RunConfig};
use crate::error::TrainError;
use crate::events::Event;
use crate::initial_weights;
use crate::inputs::Inputs;
use crate::log::MetricsLog;
use crate::machine::{Machine, ResolvedRun};
use crate::optim::{Ema, Optimizer};
use crate::run_dir::{RunDir, RunLock};
use crate::session::{BackboneIdentity, Origin, Session};

/// What a run is trained with, apart from its model.
pub(super) struct Setup<'a> {
    pub(super) run: RunDir,
    pub(super) config: ResolvedRun,
    pub(super) inputs: Inputs,
    /// The run's device and its replicas', without autodiff.
    pub(super) devices: (Device, Vec<Device>),
    pub(super) control: Control<'a>,
    pub(super) lock: Option<RunLock>,
}

impl<'a> Setup<'a> {
    /// The trainer of `model`, which has come to `progress`, with a new optimiser and
    /// a moving average that begins with the weights as they are.
    pub(super) fn trainer(
        self,
        model: Regressor,
        progress: Progress,
        frozen: Option<Frozen>,
    ) -> Result<Trainer<'a>, TrainError> {
        let Self {
            run,
            config,
            inputs,
            devices: (device, further),
            control,
            lock,
        } = self;
        let stages = Stages::of(&config, progress.epoch);
        let decay = config.train.ema_decay;
        let log = MetricsLog::open(
            &run.metrics(),
            &run.tensorboard(),
            progress.metrics_bytes,
            &config.data.targets,
        )?;
        Ok(Trainer {
            ema: decay.map(|decay| Ema::new(decay, &model, |key| stages.train(key))),
            model: model.train_only(stages.names()),
            pass: Pass::new(&config, &stages),
            optimizer: Optimizer::new(config.optimizer()),
            log,
            progress,
            frozen,
            replicas: None,
            saved_at: Instant::now(),
            saved_step: None,
            unsaved_best: None,
            run,
            config,
            inputs,
            device,
            further,
            control,
            _lock: lock,
        })
    }
}

/// Refuses devices that nothing can be trained on here in this precision.
///
/// # Errors
/// A device that was not compiled in, that this machine lacks, or that does not compute in
/// the precision.
pub fn check_devices(devices: &[DeviceSpec], precision: Precision) -> Result<(), TrainError> {
    for device in devices {
        device.resolved().open_for(precision)?;
    }
    Ok(())
}

/// The run's device and its replicas', without autodiff.
pub(super) fn open_devices(config: &ResolvedRun) -> Result<(Device, Vec<Device>), TrainError> {
    let train = &config.train;
    let open = |device: DeviceSpec| device.open_for(train.precision);
    let further = train.replicas.iter().map(|&device| open(device));
    Ok((open(config.device)?, further.collect::<Result<_, _>>()?))
}

/// The model of this structure with its initial weights, on `device` with autodiff, and the
/// SHA-256 of the weights file if there is one. A frozen backbone is kept in
/// `session` under `identity`, and taken from there.
pub(super) fn initial_model(
    config: &RunConfig,
    model_config: &ModelConfig,
    device: &Device,
    (session, identity): (&Session, Option<&BackboneIdentity>),
    machine: &Machine,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<(Regressor, Option<String>), TrainError> {
    let device = device.clone().autodiff();
    let kept = identity.and_then(|identity| session.backbone(identity));
    let (model, origin) = match kept {
        Some((backbone, origin)) => {
            let seed = config.train.seed;
            let model = Regressor::with_backbone(backbone, model_config, seed, &device);
            (model, origin)
        }
        None => {
            let (model, origin) = new_model(config, model_config, &device, machine)?;
            if let Some(identity) = identity {
                session.keep_backbone(identity.clone(), &model.backbone, origin.as_ref());
            }
            (model, origin)
        }
    };
    let (model, sha256, has_trained_head) = match origin {
        None => (model, None, false),
        Some(mut origin) => {
            let (model, is_taken) = match origin.head {
                Some(head) => {
                    let given = head.put_into(model, model_config, &config.data.targets);
                    let (model, note, is_taken) = given.map_err(misfit(config))?;
                    origin.notes.push(note);
                    (model, is_taken)
                }
                None => (model, false),
            };
            observe(Event::Weights(&origin.notes));
            (model, Some(origin.sha256), is_taken)
        }
    };
    if !has_trained_head && !config.ever_trained_stages().contains(&HEAD) {
        let text = "the head is frozen and its weights are random; add \"head\" to model.unfreeze";
        observe(Event::Warning { text });
    }
    Ok((model, sha256))
}

/// Checks that a run of `config` can begin with its weights, on the CPU.
///
/// # Errors
/// A weights file that is missing, damaged or of another backbone.
pub fn check_weights(mut config: RunConfig, machine: &Machine) -> Result<(), TrainError> {
    initial_weights::locate(&mut config, machine)?;
    let mut devices = [DeviceSpec::Flex, DeviceSpec::LibTorch].into_iter();
    // Where there is none, the run itself tells.
    if config.model.weights != InitialWeights::Scratch
        && let Some(cpu) = devices.find_map(|device| device.open().ok())
    {
        new_model(&config, &config.model_config(), &cpu, machine)?;
    }
    Ok(())
}

/// The same with a head that is drawn, and what else the weights file holds.
fn new_model(
    config: &RunConfig,
    model_config: &ModelConfig,
    device: &Device,
    machine: &Machine,
) -> Result<(Regressor, Option<Origin>), TrainError> {
    let seed = config.train.seed;
    let path = match &config.model.weights {
        InitialWeights::Scratch => return Ok((Regressor::new(model_config, seed, device), None)),
        InitialWeights::ImageNet => &initial_weights::official(config.model.backbone, machine)?,
        InitialWeights::Path(path) => path,
    };
    let sha256 = initial_weights::verified_hash(path, config.model.backbone, machine)?;
    let (file, head) = initial_weights::read(path)?;
    let recognised = Regressor::zeros(model_config, device).recognise(file, None)?;
    let origin = Origin {
        sha256,
        notes: recognised.notes(),
        head,
    };
    let model = Regressor::pretrained(model_config, seed, recognised.state, device);
    Ok((model.map_err(misfit(config))?, Some(origin)))
}

fn misfit(config: &RunConfig) -> impl FnOnce(StateError) -> TrainError + use<'_> {
    move |source| TrainError::Misfit {
        path: config.model.weights.clone().into(),
        backbone: config.model.backbone,
        source,
    }
}
