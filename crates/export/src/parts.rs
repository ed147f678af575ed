//! What a run's best checkpoint predicts for the parts of its data, stored in the
//! run's folder.
//!
//! ```text
//! predictions/test.csv    the predictions beside the labels
//! predictions/test.json   which checkpoint made them, of which images
//! ```

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use psp_data::Part;
use psp_eval::Predictions;
use psp_models::Output;
use psp_schema::{create_folder, hash_of, read_if_there, remove, write_json};
use psp_train::features::{FeatureKey, FeatureLoader, FeatureStore};
use psp_train::{Checkpoint, Inputs, Machine, ResolvedRun, RunDir, TrainError};
use serde::{Deserialize, Serialize};

use crate::error::ExportError;
use crate::predictor::Predictor;

/// What stored predictions are of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Origin {
    /// The checkpoint's own SHA-256.
    checkpoint: String,
    /// SHA-256 over targets, file names, labels and images.
    data_fingerprint: String,
    /// SHA-256 over which image is in which part.
    split_fingerprint: String,
    /// Whether the predictions are clipped to the range of the labels, as older
    /// versions stored them not to be.
    #[serde(default)]
    clipped: bool,
    /// SHA-256 of the file of predictions; empty where an older version wrote it.
    #[serde(default)]
    sha256: String,
}

impl Origin {
    fn of(run: &RunDir) -> Result<Self, ExportError> {
        ExportError::unless_trained(run)?;
        let manifest = run.read_manifest()?;
        Ok(Self {
            checkpoint: Checkpoint::digest_of(&run.best())?,
            data_fingerprint: manifest.data_fingerprint,
            split_fingerprint: manifest.split_fingerprint,
            clipped: true,
            sha256: String::new(),
        })
    }
}

/// The stored predictions of the run's best checkpoint for a part; `None` where
/// there are none, they are of another checkpoint, or their file is not as it was written.
///
/// # Errors
/// A run or a stored file that can't be read.
pub fn stored_predictions(run: &RunDir, part: Part) -> Result<Option<Predictions>, ExportError> {
    let [csv, json] = paths(run, part);
    let known = read_if_there(&json)?;
    let known = known.and_then(|text| serde_json::from_slice::<Origin>(&text).ok());
    let Some(mut known) = known else {
        return Ok(None);
    };
    let now = Origin::of(run)?;
    let clipped = std::mem::replace(&mut known.clipped, now.clipped);
    let sha256 = std::mem::take(&mut known.sha256);
    if known != now || !csv.exists() {
        return Ok(None);
    }
    if !sha256.is_empty() && sha256 != hash_of(&csv)? {
        return Ok(None);
    }
    let Ok(predictions) = Predictions::read_csv(&csv) else {
        return Ok(None);
    };
    if clipped {
        return Ok(Some(predictions));
    }
    Ok(Some(
        match run.read_trained_config()?.range_of(&Output::default()) {
            Some(range) => predictions.clipped(range),
            None => predictions,
        },
    ))
}

/// What the run's best checkpoint predicts for a part, as stored, or else computed
/// and stored; `None` where the split has no such part. A device that doesn't know the
/// run's precision computes in fp32. `observe(done, total)` is told of images that are
/// predicted; `cancelled` set to true ends it after a batch.
///
/// # Errors
/// A run without a checkpoint, data that has changed since it was trained, an image
/// that can't be read, [`ExportError::Unstored`], or [`ExportError::Interrupted`].
pub fn predict_part(
    run: &RunDir,
    part: Part,
    machine: &Machine,
    cancelled: &AtomicBool,
    observe: &mut dyn FnMut(usize, usize),
) -> Result<Option<Predictions>, ExportError> {
    if let Some(predictions) = stored_predictions(run, part)? {
        return Ok(Some(predictions));
    }
    let origin = Origin::of(run)?;
    let config = run.read_trained_config()?;
    let trained_on = config.train.device.resolved();
    let config = config.on(machine).map_err(TrainError::from)?;
    let inputs = Inputs::of_run(&config, run)?;
    if inputs.splits.indices(part).is_empty() {
        return Ok(None);
    }
    run.check_data(&run.read_manifest()?, &inputs.dataset)?;
    let precision = config.train.precision.on(config.device);
    let device = config
        .device
        .open_for(precision)
        .map_err(TrainError::from)?;
    let predictor = Predictor::open(run.root(), &device, precision)?;
    let loader = inputs.sequential(part, &config)?;
    let features = if config.device == trained_on {
        stored_features(run, part, &config, &inputs, &predictor)?
    } else {
        None
    };
    let observe = &mut |done, total| {
        observe(done, total);
        if cancelled.load(Ordering::Relaxed) {
            Err(ExportError::Interrupted)
        } else {
            Ok(())
        }
    };
    let batches: Box<dyn Iterator<Item = _>> = match &features {
        Some(features) => Box::new(features.epoch(0, 0).map(Ok)),
        None => Box::new(loader.epoch(0, 0)),
    };
    let total = loader.sampler().samples_per_epoch();
    let predictions = predictor.predict_batches(&inputs.dataset, batches, total, observe)?;
    match store(run, part, origin, &predictions) {
        Ok(()) => Ok(Some(predictions)),
        Err(source) => Err(ExportError::Unstored {
            predictions: Box::new(predictions),
            source: Box::new(source),
        }),
    }
}

/// The features that the run was trained on, of a part; `None` where it was trained on
/// images, or some of them are not stored any more.
fn stored_features(
    run: &RunDir,
    part: Part,
    config: &ResolvedRun,
    inputs: &Inputs,
    predictor: &Predictor,
) -> Result<Option<FeatureLoader>, ExportError> {
    let Some(hex) = run.read_manifest()?.feature_key else {
        return Ok(None);
    };
    let Some(dir) = &config.cache_dir else {
        return Ok(None);
    };
    let key = FeatureKey::stated(&hex, predictor.config.backbone.features());
    let Some(store) = FeatureStore::open_existing(dir, key)? else {
        return Ok(None);
    };
    let indices = inputs.indices(part)?;
    let contents = inputs.dataset.contents()?;
    if !indices
        .iter()
        .all(|&index| store.get(&contents[index]).is_some())
    {
        return Ok(None);
    }
    let sampler = inputs.sequential(part, config)?.sampler().clone();
    let dataset = Arc::clone(&inputs.dataset);
    let loader = FeatureLoader::new(Arc::new(store), dataset, indices, sampler)?;
    Ok(Some(loader))
}

/// The origin comes last: predictions without one count as none.
fn store(
    run: &RunDir,
    part: Part,
    mut origin: Origin,
    predictions: &Predictions,
) -> Result<(), ExportError> {
    let [csv, json] = paths(run, part);
    if let Some(dir) = csv.parent() {
        create_folder(dir)?;
    }
    remove(&json)?;
    predictions.write_csv(&csv)?;
    origin.sha256 = hash_of(&csv)?;
    Ok(write_json(&json, &origin)?)
}

fn paths(run: &RunDir, part: Part) -> [PathBuf; 2] {
    let dir = run.root().join("predictions");
    ["csv", "json"].map(|end| dir.join(format!("{part}.{end}")))
}
