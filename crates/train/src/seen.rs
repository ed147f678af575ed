//! Whether a model has seen images that it is measured on.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use psp_data::{Dataset, Part};

use crate::bundle::Training;
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

/// What is to be said of the weights at `path`, of a model that psp has trained, where that
/// may have seen validation or test images of `inputs`: a sentence without its full stop.
///
/// # Errors
/// An image that can't be read.
pub(crate) fn by_weights(path: &Path, inputs: &Inputs) -> Result<Option<String>, TrainError> {
    let run = folder_of(path).parent().map(RunDir::new);
    let seen = match run.filter(|run| run.is_begun() && run.checkpoints() == folder_of(path)) {
        Some(run) => by_run(&run, inputs)?,
        None => match description_of(path)?.and_then(|Description { bundle, .. }| bundle) {
            Some(bundle) => by_bundle(bundle.training, inputs)?,
            None => None,
        },
    };
    Ok(seen.map(|seen| format!("{}: {seen}", path.display())))
}

fn by_bundle(training: Training, inputs: &Inputs) -> Result<Option<String>, TrainError> {
    let told = if training.data_fingerprint != inputs.dataset.fingerprint()? {
        "an exported model does not tell which images it was trained on, so that some of those \
         that it is measured on may be among them"
    } else if training.split_fingerprint != inputs.splits.fingerprint() {
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

fn by_run(run: &RunDir, inputs: &Inputs) -> Result<Option<String>, TrainError> {
    let measured = [Part::Valid, Part::Test].map(|part| inputs.splits.indices(part));
    let measured = measured.concat();
    let data = &inputs.dataset;
    let (fingerprint, split) = (data.fingerprint()?, inputs.splits.fingerprint());
    let manifest = run.read_manifest().ok();
    let is_same = manifest
        .as_ref()
        .is_some_and(|own| own.data_fingerprint == fingerprint && own.split_fingerprint == split);
    let seen = if is_same {
        Some(0)
    } else {
        let config = run.read_trained_config().ok();
        let seen = config.and_then(|config| count(run, &config, data, &measured).ok());
        seen.flatten()
    };
    let before = manifest.and_then(|manifest| manifest.seen);
    Ok(match seen {
        Some(0) => before.map(inherited),
        Some(seen) => Some(format!(
            "it was trained on {seen} of the {} validation and test images of this run, so \
             their scores say little about new images",
            measured.len()
        )),
        None => Some(
            "which images it was trained on can't be told, since its own data, split or records \
             are gone or changed, so that some of those that it is measured on may be among them"
                .to_owned(),
        ),
    })
}
