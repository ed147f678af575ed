//! Single runs as a report's input.

use burn::tensor::Device;
use psp_data::Part;
use psp_report::input::{Input, Rank, Run, Selection};
use psp_search::choose::{Candidate as Scores, choose};
use psp_train::{Inputs, RunConfig, RunDir};

use crate::Collected;
use crate::backbones::backbones;
use crate::candidate::candidate;
use crate::cost::cost;
use crate::data::data;
use crate::error::CollectError;
use crate::explain::explanations;
use crate::run::run;
use crate::settings::Settings;

/// Confidence of the bound that runs are ranked by.
const CONFIDENCE: f64 = 0.95;

/// Runs of one configuration with several seeds.
struct Group {
    config: RunConfig,
    dirs: Vec<RunDir>,
}

/// Gathers what a report on these runs tells. Those that differ in nothing but their
/// seed count as one candidate.
///
/// # Errors
/// Runs on different data, or a file of them that can't be read.
pub fn collect_runs(
    runs: &[RunDir],
    mut settings: Settings<'_>,
) -> Result<Collected, CollectError> {
    check_comparable(runs)?;
    let first = &runs[0];
    let config = first.read_config()?;
    let inputs = Inputs::of_run(&config, first)?;
    let mut candidates = Vec::new();
    let mut scores = Vec::new();
    let groups = groups(runs)?;
    for group in &groups {
        let mut trained = Vec::new();
        for dir in &group.dirs {
            let parts: &[Part] = match dir.best().exists() {
                true => &[Part::Valid, Part::Test],
                false => &[],
            };
            trained.push(run(dir, parts, &mut settings)?);
        }
        let cost = cost(&group.dirs[0], &group.config, &mut settings)?;
        scores.push(Scores {
            name: name(group),
            scores: trained.iter().filter_map(score).collect(),
            multiply_adds: cost.multiply_adds,
        });
        let values = String::new();
        candidates.push(candidate(
            name(group),
            None,
            values,
            &group.config,
            cost,
            trained,
        ));
    }
    let choice = choose(&scores, CONFIDENCE);
    let selection = choice.and_then(|choice| {
        let runs = candidates[choice.candidate].runs.iter().enumerate();
        let best = runs
            .filter_map(|(index, run)| Some((index, score(run)?)))
            .max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(Selection {
            candidate: choice.candidate,
            run: best.0,
            reason: choice.reason,
            ranking: choice
                .ranking
                .into_iter()
                .map(|ranked| Rank {
                    candidate: ranked.candidate,
                    mean: ranked.mean,
                    deviation: ranked.deviation,
                    lower_bound: ranked.lower_bound,
                    ties: ranked.ties,
                })
                .collect(),
        })
    });
    let explanations = match &selection {
        Some(chosen) if settings.explained > 0 => {
            let dir = &groups[chosen.candidate].dirs[chosen.run];
            explanations(dir, &mut settings)?
        }
        _ => Vec::new(),
    };
    let fingerprint = first.read_manifest()?.data_fingerprint;
    let input = Input {
        title: title(runs),
        study: None,
        data: data(
            &config,
            &inputs,
            fingerprint,
            std::mem::take(&mut settings.notes),
        )?,
        candidates,
        selection,
        backbones: backbones(&Device::default()),
        explanations,
        findings: Vec::new(),
        environment: settings.environment,
    };
    Ok(Collected {
        input,
        images: inputs.dataset.images_dir().to_owned(),
        limits: config.decode_limits(),
    })
}

/// The validation score of the best epoch.
fn score(run: &Run) -> Option<f64> {
    let best = run.best_epoch?;
    let epoch = run.epochs.iter().find(|epoch| epoch.epoch == best)?;
    Some(epoch.valid_r2.unwrap_or(-epoch.valid_mse))
}

/// Same images, labels and test images.
fn check_comparable(runs: &[RunDir]) -> Result<(), CollectError> {
    let test = |run: &RunDir| -> Result<Vec<usize>, CollectError> {
        let inputs = Inputs::of_run(&run.read_config()?, run)?;
        Ok(inputs.splits.indices(Part::Test))
    };
    let first = &runs[0];
    let (data, tested) = (first.read_manifest()?.data_fingerprint, test(first)?);
    for other in &runs[1..] {
        let what = if other.read_manifest()?.data_fingerprint != data {
            "their data"
        } else if test(other)? != tested {
            "their test images"
        } else {
            continue;
        };
        return Err(CollectError::Incomparable {
            first: first.root().to_owned(),
            second: other.root().to_owned(),
            what,
        });
    }
    Ok(())
}

fn groups(runs: &[RunDir]) -> Result<Vec<Group>, CollectError> {
    let mut groups: Vec<Group> = Vec::new();
    for run in runs {
        let config = run.read_config()?;
        match groups.iter_mut().find(|group| same(&group.config, &config)) {
            Some(group) => group.dirs.push(run.clone()),
            None => groups.push(Group {
                config,
                dirs: vec![run.clone()],
            }),
        }
    }
    Ok(groups)
}

/// Whether two configurations differ in the seed alone, or in how they are run.
fn same(one: &RunConfig, other: &RunConfig) -> bool {
    let mut like = other.clone();
    like.train.seed = one.train.seed;
    like.train.device = one.train.device;
    like.data = one.data.clone();
    *one == like
}

fn name(group: &Group) -> String {
    let names: Vec<String> = group.dirs.iter().map(folder_name).collect();
    format!("{} ({})", group.config.model.backbone, names.join(", "))
}

fn title(runs: &[RunDir]) -> String {
    let names: Vec<String> = runs.iter().map(folder_name).collect();
    names.join(", ")
}

fn folder_name(run: &RunDir) -> String {
    let absolute = std::path::absolute(run.root()).unwrap_or_else(|_| run.root().to_owned());
    let name = absolute.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
