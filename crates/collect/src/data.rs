//! The labels of a run's or study's data.

use psp_data::Part;
use psp_report::input::{Data, PartLabels};
use psp_train::{Inputs, RunConfig, RunDir};

use crate::error::CollectError;
use crate::settings::Settings;

/// What a report says of the data behind `config`, split as `inputs` has it. Where it
/// is no longer the data of `fingerprint`, which everything was trained on, the report
/// says so. `chosen` is the run that is shown in detail, with whose training images'
/// mean everything is compared, as `psp eval` compares it.
pub(crate) fn data(
    config: &RunConfig,
    inputs: &Inputs,
    fingerprint: String,
    chosen: Option<&RunDir>,
    settings: &mut Settings<'_>,
) -> Result<Data, CollectError> {
    let mut notes = std::mem::take(&mut settings.notes);
    if let Some(note) = changed(inputs, &fingerprint) {
        settings.warn(&note);
        notes.push(note);
    }
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
    let [train, ..] = &parts;
    let (training_means, trained_on) = match chosen {
        Some(run) => {
            let manifest = run.read_manifest()?;
            (manifest.train_means, manifest.split_counts[0])
        }
        None => {
            let count = train.labels.len();
            let sum = |target: usize| train.labels.iter().map(|row| row[target]).sum::<f64>();
            let targets = 0..config.data.targets.len();
            let means = targets.map(|target| sum(target) / count.max(1) as f64);
            (means.collect(), count)
        }
    };
    Ok(Data {
        folder: config.data.dir.display().to_string(),
        fingerprint,
        split_fingerprint: inputs.splits.fingerprint(),
        targets: config.data.targets.clone(),
        label_range: inputs
            .dataset
            .label_range()
            .map(|range| range.map(f64::from)),
        training_means,
        trained_on,
        parts: parts.into(),
        notes,
    })
}

/// What is to be said of data that is not that of `fingerprint`.
fn changed(inputs: &Inputs, fingerprint: &str) -> Option<String> {
    match inputs.dataset.fingerprint() {
        Ok(now) if now == fingerprint => None,
        Ok(now) => Some(format!(
            "The data has changed since the models were trained (fingerprint then \
             {fingerprint}, now {now}): tables of labels and photos show it as it is now, \
             predictions and scores are of what it was."
        )),
        Err(error) => Some(format!(
            "Whether the data is still that of the models could not be told: {error}."
        )),
    }
}
