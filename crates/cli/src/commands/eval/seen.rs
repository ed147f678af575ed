//! Which images of other data a run was trained on.

use std::collections::HashSet;

use psp_data::{Dataset, Part};
use psp_train::{Inputs, RunConfig, RunDir, TrainError};

/// How many of the images `indices` of `dataset` have the content of an image that the
/// run with this configuration was trained on; `None` where its own data is gone or
/// changed, so that it can't be told.
///
/// # Errors
/// [`TrainError::Changed`] where the run's split is not what it was, or an image that can't
/// be read.
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
    let contents = own.dataset.contents()?;
    let trained = own.indices(Part::Train).unwrap_or_default();
    let trained: HashSet<_> = trained.iter().map(|&index| contents[index]).collect();
    let contents = dataset.contents()?;
    let seen = |index: &&usize| trained.contains(&contents[**index]);
    Ok(Some(indices.iter().filter(seen).count()))
}
