//! Single runs as a report's input.

use std::path::Path;

use psp_data::Part;
use psp_report::input::{Input, Run, Selection};
use psp_search::choose::{Candidate as Scores, choose, score};
use psp_train::config::DataConfig;
use psp_train::{Inputs, RunConfig, RunDir};

use crate::Collected;
use crate::candidate::candidate;
use crate::error::CollectError;
use crate::run::{check_records, run};
use crate::settings::Settings;

/// Confidence of the bound that runs are ranked by.
const CONFIDENCE: f64 = 0.95;

/// Runs of one configuration and split with several seeds.
struct Group {
    config: RunConfig,
    split: String,
    dirs: Vec<RunDir>,
    /// What tells each from all others.
    names: Vec<String>,
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
    runs.iter().try_for_each(check_records)?;
    check_comparable(runs)?;
    let first = &runs[0];
    let config = first.read_trained_config()?;
    let inputs = Inputs::of_run(&config, first)?;
    if let Some(added) = inputs.added() {
        settings.warn(&added.to_string());
    }
    let mut candidates = Vec::new();
    let mut scores = Vec::new();
    let groups = named(groups(runs, &mut settings)?);
    for group in &groups {
        let mut trained = Vec::new();
        for dir in &group.dirs {
            let mut found = run(dir, &[Part::Valid, Part::Test], &mut settings)?;
            if found.best_epoch.is_none() {
                let reason = "not trained to its end".to_owned();
                found.failure.get_or_insert(reason);
            }
            trained.push(found);
        }
        let (dir, values) = (&group.dirs[0], String::new());
        let candidate = candidate(dir, name(group), None, values, trained, &mut settings)?;
        scores.push(Scores {
            name: candidate.name.clone(),
            scores: candidate.runs.iter().filter_map(best_score).collect(),
            multiply_adds: candidate.cost.multiply_adds,
        });
        candidates.push(candidate);
    }
    let choice = choose(&scores, CONFIDENCE);
    let selection = choice.and_then(|choice| {
        let runs = candidates[choice.candidate].runs.iter().enumerate();
        let best = runs
            .filter_map(|(index, run)| Some((index, best_score(run)?)))
            .max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(Selection {
            candidate: choice.candidate,
            run: best.0,
            finalist: None,
            reason: choice.reason,
            ranking: choice.ranking,
        })
    });
    let shown = selection
        .as_ref()
        .map(|chosen| &groups[chosen.candidate].dirs[chosen.run]);
    let fingerprint = first.read_manifest()?.data_fingerprint;
    let input = Input {
        title: title(&groups),
        candidates,
        selection,
        ..Input::default()
    };
    Collected::of(input, &config, inputs, fingerprint, shown, settings)
}

/// The validation score of the best epoch.
fn best_score(run: &Run) -> Option<f64> {
    run.best()?.valid.as_ref().map(score)
}

/// Same images and labels, validation and test images, and range of labels.
fn check_comparable(runs: &[RunDir]) -> Result<(), CollectError> {
    let seen = |run: &RunDir| -> Result<_, CollectError> {
        let config = run.read_trained_config()?;
        let Inputs {
            splits, dataset, ..
        } = Inputs::of_run(&config, run)?;
        Ok((
            run.read_manifest()?.data_fingerprint,
            [Part::Test, Part::Valid].map(|part| splits.indices(part)),
            dataset.label_range(),
        ))
    };
    let first = &runs[0];
    let (data, [test, valid], label_range) = seen(first)?;
    for other in &runs[1..] {
        let now = seen(other)?;
        let what = if now.0 != data {
            "their data"
        } else if now.1[0] != test {
            "their test images"
        } else if now.1[1] != valid {
            "their validation images"
        } else if now.2 != label_range {
            "their ranges of labels"
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

/// Runs by configuration. Of those that are the same training, seed included, only the
/// first counts: what it did twice says nothing of the spread between seeds.
fn groups(runs: &[RunDir], settings: &mut Settings<'_>) -> Result<Vec<Group>, CollectError> {
    let mut groups: Vec<Group> = Vec::new();
    let mut seeds = Vec::new();
    for run in runs {
        let config = run.read_trained_config()?;
        let split = run.read_manifest()?.split_fingerprint;
        let of_group = |group: &Group| group.split == split && same(&group.config, &config);
        let place = groups.iter().position(of_group).unwrap_or(groups.len());
        let seed = (place, config.train.seed);
        if seeds.contains(&seed) {
            let (path, seed) = (run.root().display(), config.train.seed);
            settings.warn(&format!(
                "{path}: left out, since one before it has its configuration, split and \
                 seed {seed}"
            ));
            continue;
        }
        seeds.push(seed);
        match groups.get_mut(place) {
            Some(group) => group.dirs.push(run.clone()),
            None => groups.push(Group {
                config,
                split,
                dirs: vec![run.clone()],
                names: Vec::new(),
            }),
        }
    }
    Ok(groups)
}

/// Whether two configurations differ in the seed alone, or in how they are run: on
/// which devices, in how much memory, from where, with how many checkpoints.
fn same(one: &RunConfig, other: &RunConfig) -> bool {
    let mut like = other.clone();
    let (train, of_one) = (&mut like.train, &one.train);
    train.seed = of_one.seed;
    train.device = of_one.device;
    train.replicas.clone_from(&of_one.replicas);
    train.checkpoint_seconds = of_one.checkpoint_seconds;
    train.cache_features = of_one.cache_features;
    train.gradient_checkpointing = of_one.gradient_checkpointing;
    like.data = DataConfig {
        train_images: like.data.train_images,
        ..one.data.clone()
    };
    *one == like
}

/// The groups with their runs named by as many of their last folders as tell all of
/// them apart.
fn named(mut groups: Vec<Group>) -> Vec<Group> {
    let dirs = groups.iter().flat_map(|group| &group.dirs);
    let paths: Vec<Vec<String>> = dirs.map(|dir| components(dir.root())).collect();
    let longest = paths.iter().map(Vec::len).max().unwrap_or(0);
    let names = |count: usize| -> Vec<String> {
        let last = |path: &Vec<String>| path[path.len().saturating_sub(count)..].join("/");
        paths.iter().map(last).collect()
    };
    let tells_apart = |count: &usize| {
        let mut names = names(*count);
        names.sort();
        names.windows(2).all(|pair| pair[0] != pair[1])
    };
    // All their folders do: no two are the same run.
    let count = (1..longest).find(tells_apart).unwrap_or(longest);
    let mut names = names(count).into_iter();
    for group in &mut groups {
        group.names = names.by_ref().take(group.dirs.len()).collect();
    }
    groups
}

fn components(path: &Path) -> Vec<String> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let parts = absolute.components();
    parts
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect()
}

fn name(group: &Group) -> String {
    format!(
        "{} ({})",
        group.config.model.backbone,
        group.names.join(", ")
    )
}

fn title(groups: &[Group]) -> String {
    let names: Vec<&str> = groups
        .iter()
        .flat_map(|group| &group.names)
        .map(String::as_str)
        .collect();
    names.join(", ")
}
