//! Which images of other data a run was trained on.

use std::collections::HashSet;
use std::path::Path;

use psp_data::{Dataset, Part};
use psp_train::{Inputs, RunConfig, RunDir, TrainError};

/// How many of the images `indices` of `dataset` have the content of an image that the
/// run with this configuration was trained on; `None` where its own data is gone or
/// changed, so that it can't be told.
///
/// Of the run's images only those are read whose length another one has.
///
/// # Errors
/// [`TrainError::Changed`] where the run's split is not what it was.
pub(super) fn count(
    run: &RunDir,
    config: &RunConfig,
    dataset: &Dataset,
    indices: &[usize],
) -> Result<Option<usize>, TrainError> {
    let own = match Inputs::of_run(config, run) {
        Ok(own) => own,
        Err(error @ TrainError::Changed { .. }) => return Err(error),
        Err(_) => return Ok(None),
    };
    if own.dataset.fingerprint()? != run.read_manifest()?.data_fingerprint {
        return Ok(None);
    }
    let trained = own.indices(Part::Train).unwrap_or_default();
    let asked: Vec<&Path> = indices.iter().map(|&i| dataset.image_path(i)).collect();
    let lengths: HashSet<u64> = asked.iter().filter_map(|path| length(path)).collect();
    let contents: HashSet<String> = trained
        .iter()
        .map(|&index| own.dataset.image_path(index))
        .filter(|path| length(path).is_some_and(|length| lengths.contains(&length)))
        .filter_map(content)
        .collect();
    if contents.is_empty() {
        return Ok(Some(0));
    }
    let seen = |path: &&&Path| content(path).is_some_and(|content| contents.contains(&content));
    Ok(Some(asked.iter().filter(seen).count()))
}

fn length(path: &Path) -> Option<u64> {
    Some(path.metadata().ok()?.len())
}

/// The SHA-256 of a file that can be read.
fn content(path: &Path) -> Option<String> {
    psp_weights::hash_of(path).ok()
}
