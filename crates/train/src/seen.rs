//! Whether a model has seen images that it is measured on.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use psp_data::{Dataset, Part};

use crate::bundle::{SAFETENSORS, Training};
use crate::config::RunConfig;
use crate::error::TrainError;
use crate::initial_weights::{Description, description_of, folder_of};
use crate::inputs::Inputs;
use crate::run_dir::RunDir;

/// How many of the images `indices` of `dataset` have the content of an image that the
/// run with this configuration was trained on; `None` where its own data is gone or
/// changed, so that it can't be told.
///
/// # Errors
/// [`TrainError::SplitChanged`], or an image that can't be read.
pub fn count(
    run: &RunDir,
    config: &RunConfig,
    dataset: &Arc<Dataset>,
    indices: &[usize],
) -> Result<Option<usize>, TrainError> {
    let trained_on = run.read_manifest()?.data_fingerprint;
    // Opened once where it is the same.
    let own = if dataset.fingerprint()? == trained_on {
        Inputs::of_run_on(Arc::clone(dataset), config, run)
    } else {
        Inputs::of_run(config, run)
    };
    let own = match own {
        Ok(own) => own,
        Err(error @ TrainError::SplitChanged { .. }) => return Err(error),
        Err(_) => return Ok(None),
    };
    if own.dataset.fingerprint()? != trained_on {
        return Ok(None);
    }
    let contents = own.dataset.contents()?;
    let trained = own.indices(Part::Train).unwrap_or_default();
    let trained: HashSet<_> = trained.iter().map(|&index| contents[index]).collect();
    let contents = dataset.contents()?;
    let seen = |index: &&usize| trained.contains(&contents[**index]);
    Ok(Some(indices.iter().filter(seen).count()))
}

/// Images that a model is measured on.
struct Measured<'a> {
    dataset: &'a Arc<Dataset>,
    indices: Vec<usize>,
    /// The fingerprint of the split that they are of, if of one.
    split: Option<String>,
    /// What they are called.
    name: &'static str,
}

/// What is to be said of the weights at `path`, of a model that psp has trained, where that
/// may have seen validation or test images of `inputs`: a sentence without its full stop.
///
/// # Errors
/// An image that can't be read.
pub(crate) fn by_weights(path: &Path, inputs: &Inputs) -> Result<Option<String>, TrainError> {
    let indices = [Part::Valid, Part::Test].map(|part| inputs.splits.indices(part));
    let measured = Measured {
        dataset: &inputs.dataset,
        indices: indices.concat(),
        split: Some(inputs.splits.fingerprint()),
        name: "validation and test images of this run",
    };
    by_file(path, &measured)
}

/// The same of the weights that a run began with, and the images `indices` of `dataset`.
///
/// # Errors
/// A record of the run or an image that can't be read.
pub fn by_ancestors(
    run: &RunDir,
    dataset: &Arc<Dataset>,
    indices: &[usize],
) -> Result<Option<String>, TrainError> {
    let measured = Measured {
        dataset,
        indices: indices.to_vec(),
        split: None,
        name: "images",
    };
    by_first_weights(run, &measured)
}

fn by_first_weights(run: &RunDir, measured: &Measured) -> Result<Option<String>, TrainError> {
    let (model, manifest) = (run.read_config()?.model, run.read_manifest()?);
    let (Some(path), Some(then)) = (model.weights.path(), manifest.weights_sha256) else {
        return Ok(None);
    };
    if then == model.backbone.pretrained().sha256 {
        return Ok(None);
    }
    if psp_schema::hash_of(path).is_ok_and(|now| now == then) {
        return by_file(path, measured);
    }
    // Of another program's nothing was told.
    let was_told = manifest.seen.is_some();
    let is_psps = was_told || run_of(path).is_some() || path.ends_with(SAFETENSORS);
    Ok(is_psps.then(|| {
        format!(
            "{}: gone or changed since, so that which images it was trained on can't be told",
            path.display()
        )
    }))
}

/// The run whose checkpoint `path` is, by its place.
fn run_of(path: &Path) -> Option<RunDir> {
    let dir = folder_of(path);
    let run = RunDir::new(dir.parent()?);
    (run.checkpoints() == dir).then_some(run)
}

fn by_file(path: &Path, measured: &Measured) -> Result<Option<String>, TrainError> {
    let seen = match run_of(path).filter(RunDir::is_begun) {
        Some(run) => by_run(&run, measured)?,
        None => match description_of(path)? {
            Some(Description {
                bundle: Some(bundle),
                ..
            }) => by_bundle(bundle.training, measured)?,
            Some(Description { bundle: None, .. }) => Some(
                "a checkpoint without its run does not tell which images it was trained on, so \
                 that some of those that it is measured on may be among them"
                    .to_owned(),
            ),
            None => None,
        },
    };
    Ok(seen.map(|seen| format!("{}: {seen}", path.display())))
}

fn by_bundle(training: Training, measured: &Measured) -> Result<Option<String>, TrainError> {
    let told = if training.data_fingerprint != measured.dataset.fingerprint()? {
        "an exported model does not tell which images it was trained on, so that some of those \
         that it is measured on may be among them"
    } else if measured.split.is_none() {
        "it was trained on images of these data, which may be among those that it is measured on"
    } else if measured.split.as_ref() != Some(&training.split_fingerprint) {
        "it was trained on these data with another split, so that some of the images that it is \
         measured on may be among those that it was trained on"
    } else {
        return Ok(training.seen.map(inherited));
    };
    Ok(Some(told.to_owned()))
}

/// What a model's own initial weights had seen, it has.
fn inherited(seen: String) -> String {
    format!("it began with such weights itself: {seen}")
}

fn by_run(run: &RunDir, measured: &Measured) -> Result<Option<String>, TrainError> {
    let Measured {
        dataset, indices, ..
    } = measured;
    let fingerprint = dataset.fingerprint()?;
    let manifest = run.read_manifest().ok();
    let is_same = manifest.as_ref().is_some_and(|own| {
        own.data_fingerprint == fingerprint
            && Some(&own.split_fingerprint) == measured.split.as_ref()
    });
    let seen = if is_same {
        Some(0)
    } else {
        let config = run.read_trained_config().ok();
        let seen = config.and_then(|config| count(run, &config, dataset, indices).ok());
        seen.flatten()
    };
    Ok(match seen {
        Some(0) => match by_first_weights(run, measured) {
            Ok(told) => told.map(inherited),
            // As was found when the run began.
            Err(_) => manifest.and_then(|manifest| manifest.seen).map(inherited),
        },
        Some(seen) => Some(format!(
            "it was trained on {seen} of the {} {}, so their scores say little about new images",
            indices.len(),
            measured.name
        )),
        None => Some(
            "which images it was trained on can't be told, since its own data, split or records \
             are gone or changed, so that some of those that it is measured on may be among them"
                .to_owned(),
        ),
    })
}
