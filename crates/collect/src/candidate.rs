//! What a configuration is called and how it was trained, in words.

use psp_report::input::Cost;
use psp_report::input::{Candidate, Run};
use psp_train::RunConfig;

/// A candidate of this configuration, called `name`.
pub(crate) fn candidate(
    name: String,
    trial: Option<usize>,
    values: String,
    config: &RunConfig,
    cost: Cost,
    runs: Vec<Run>,
) -> Candidate {
    let weights = &config.model.weights;
    let weights = match weights.file_name() {
        None => "from scratch".to_owned(),
        Some(file) => file.to_string_lossy().into_owned(),
    };
    Candidate {
        name,
        backbone: config.model.backbone.name().to_owned(),
        trial,
        weights,
        trained: config.model.unfreeze.join(", "),
        values,
        cost,
        runs,
    }
}
