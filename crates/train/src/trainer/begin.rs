//! Beginning a run.

use psp_data::{DataNotice, Loader};
use psp_models::{ModelConfig, Regressor, state};
use psp_schema::{is_same_place, write_atomic};

use super::setup::{Setup, initial_model, open_devices};
use super::stages::Stages;
use super::{Control, Outcome, features};
use crate::checkpoint::{Frozen, Progress};
use crate::config::RunConfig;
use crate::error::TrainError;
use crate::events::Event;
use crate::initial_weights;
use crate::inputs::Inputs;
use crate::run_dir::{Manifest, RunDir};
use crate::seen;
use crate::session::{BackboneIdentity, Session};

/// Begins a run in `run` with `config` and trains to its end.
///
/// # Errors
/// A folder that holds something else; bad inputs before anything is computed;
/// [`TrainError::Diverged`] when the loss stops being a number; I/O. Whatever was
/// stored stays.
pub fn start(
    run: &RunDir,
    mut config: RunConfig,
    control: Control<'_>,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, TrainError> {
    check_folder(run, &config, &control)?;
    config.validate_new()?;
    initial_weights::locate(&mut config, control.machine)?;
    config.make_absolute()?;
    let config = config.on(control.machine)?;
    let devices = open_devices(&config)?;
    let own = Session::new();
    let session = control.session.unwrap_or(&own);
    let inputs = Inputs::open_within(&config, session)?;
    if !inputs.has_validation() {
        config.validate_unvalidated()?;
    }
    let training = inputs.training(&config)?;
    for notice in inputs
        .notices()?
        .iter()
        .chain(&left_out(&training, &config))
    {
        observe(Event::Data(notice));
    }
    let identity = BackboneIdentity::of(&config);
    let identity = identity.as_ref();
    let model_config = ModelConfig {
        output: inputs.output(),
        ..config.model_config()
    };
    let (model, weights_sha256) = initial_model(
        &config,
        &model_config,
        &devices.0,
        (session, identity),
        control.machine,
        observe,
    )?;
    let seen = match config.model.weights.path() {
        Some(path) => seen::by_weights(path, &inputs)?,
        None => None,
    };
    if let Some(text) = &seen {
        observe(Event::Warning { text });
    }
    let store = features::open(&config, &model, session, identity, observe)?;
    let unchecked = match &store {
        Some(store) => store.missing(inputs.dataset.contents()?),
        None => (0..inputs.dataset.len()).collect(),
    };
    inputs.check_images(&config, unchecked, &mut |done, total| {
        observe(Event::Checking { done, total });
    })?;

    let lock = control.lock(run)?;
    if run.is_begun() {
        return Err(TrainError::Exists {
            run: run.root().to_owned(),
        });
    }
    run.clear()?;
    inputs.splits.write(&run.split(), &inputs.dataset, true)?;
    let mut manifest = Manifest {
        psp_version: env!("CARGO_PKG_VERSION").to_owned(),
        burn_version: BURN_VERSION.to_owned(),
        device: config.device.to_string(),
        replicas: config.train.replicas.clone(),
        data_fingerprint: inputs.dataset.fingerprint()?,
        labels_fingerprint: Some(inputs.dataset.labels_fingerprint()),
        split_fingerprint: inputs.splits.fingerprint(),
        split_sha256: Some(psp_schema::hash_of(&run.split())?),
        split_counts: inputs.counts(),
        weights_sha256,
        seen,
        feature_key: store.as_ref().map(|store| store.key().hex().to_owned()),
        train_means: inputs.train_means(),
        extended: false,
        config: Some(config.to_table()?),
        id: None,
        sha256: None,
    };
    let id = manifest.hash(&run.manifest())?;
    manifest.id = Some(id.clone());
    run.write_manifest(manifest)?;
    let frozen = if config.trains_everything() {
        None
    } else {
        let stages = Stages::of(&config, 0);
        Some(store_frozen(run, &model, &stages, session, identity)?)
    };
    let progress = Progress {
        run: Some(id),
        ..Progress::new(config.train.seed, inputs.dataset.targets().len())
    };
    let setup = Setup {
        run: run.clone(),
        config,
        inputs,
        devices,
        control,
        lock,
    };
    let mut trainer = setup.trainer(model, progress, frozen)?;
    // The first checkpoint is stored before the configuration that marks the
    // run as begun, so a begun run can always be continued.
    trainer.save()?;
    trainer.control.check(run)?;
    let text = trainer.config.to_toml()?;
    write_atomic(&run.config(), |out| out.write_all(text.as_bytes()))?;
    trainer.run(store, observe, &[])
}

/// Whether a run may begin in this folder, which it fills. One that is fenced has files
/// of whoever fences it.
fn check_folder(run: &RunDir, config: &RunConfig, control: &Control<'_>) -> Result<(), TrainError> {
    if is_same_place(run.root(), &config.data.dir) {
        return Err(TrainError::InData {
            run: run.root().to_owned(),
        });
    }
    if run.is_begun() {
        return Err(TrainError::Exists {
            run: run.root().to_owned(),
        });
    }
    if control.is_fenced() {
        return Ok(());
    }
    match run.in_the_way()? {
        None => Ok(()),
        Some(name) => Err(TrainError::Occupied {
            run: run.root().to_owned(),
            name,
        }),
    }
}

/// The training images that no batch of an epoch holds, if there are any.
fn left_out(training: &Loader, config: &RunConfig) -> Option<DataNotice> {
    let sampler = training.sampler();
    let count = sampler.left_out();
    (count > 0).then(|| DataNotice::LeftOutOfEpochs {
        count,
        of: sampler.samples_per_epoch() + count,
        is_configured: config.train.drop_last,
    })
}

/// Stores what is frozen beside the checkpoints: a backbone that an earlier run of
/// this process has stored gets a second name.
fn store_frozen(
    run: &RunDir,
    model: &Regressor,
    stages: &Stages,
    session: &Session,
    identity: Option<&BackboneIdentity>,
) -> Result<Frozen, TrainError> {
    let dir = run.checkpoints();
    if let Some(frozen) = identity.and_then(|identity| session.link_frozen(identity, &dir)) {
        return Ok(frozen);
    }
    let tensors = state::collect_where(model, |key| !stages.train(key))?;
    let frozen = Frozen::write(&dir, &tensors)?;
    if let Some(identity) = identity {
        session.keep_frozen(identity, &dir, &frozen);
    }
    Ok(frozen)
}

const BURN_VERSION: &str = "0.22.1";
