//! The labels of a run's or study's data.

use psp_data::Part;
use psp_report::input::{Data, PartLabels};
use psp_train::{Inputs, RunConfig};

use crate::error::CollectError;

/// What a report says of the data behind `config`, split as `inputs` has it.
pub(crate) fn data(
    config: &RunConfig,
    inputs: &Inputs,
    fingerprint: String,
    notes: Vec<String>,
) -> Result<Data, CollectError> {
    let samples = inputs.dataset.samples();
    let parts = Part::ALL.map(|part| PartLabels {
        name: part.name().to_owned(),
        labels: inputs
            .splits
            .indices(part)
            .into_iter()
            .map(|index| {
                samples[index]
                    .labels
                    .iter()
                    .map(|l| f64::from(*l))
                    .collect()
            })
            .collect(),
    });
    Ok(Data {
        folder: config.data.dir.display().to_string(),
        fingerprint,
        split_fingerprint: inputs.splits.fingerprint(),
        targets: config.data.targets.clone(),
        label_range: config.data.label_range.map(f64::from),
        training_means: inputs.train_means(),
        parts: parts.into(),
        notes,
    })
}
