//! What a configuration is called and how it was trained, in words.

use psp_report::input::{Candidate, Run};
use psp_train::RunDir;
use psp_train::config::InitialWeights;

use crate::cost::cost;
use crate::error::CollectError;
use crate::settings::Settings;

/// A candidate called `name`, with the configuration and the cost of the run in `dir`.
pub(crate) fn candidate(
    dir: &RunDir,
    name: String,
    trial: Option<usize>,
    values: String,
    runs: Vec<Run>,
    settings: &mut Settings<'_>,
) -> Result<Candidate, CollectError> {
    let config = dir.read_trained_config()?;
    let weights = match &config.model.weights {
        InitialWeights::Path(path) => path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into(),
        InitialWeights::ImageNet => config.model.weights.to_string(),
        InitialWeights::Scratch => "from scratch".to_owned(),
    };
    Ok(Candidate {
        name,
        backbone: config.model.backbone.name().to_owned(),
        trial,
        weights,
        trained: config.model.unfreeze.join(", "),
        values,
        cost: cost(dir, &config, settings)?,
        runs,
    })
}
