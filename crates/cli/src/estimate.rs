//! How long a study will take, by a short measurement of each backbone.

use std::collections::BTreeMap;

use anyhow::Result;
use psp_bench::Settings;
use psp_data::Part;
use psp_search::{Plan, Pruner, SearchConfig};
use psp_train::{Inputs, RunConfig};

use crate::text::{counted, duration};

/// What one backbone's images take, in seconds, with all cores.
struct Cost {
    train: f64,
    infer: f64,
}

/// Trials of one backbone.
#[derive(Default)]
struct Group {
    trials: usize,
    seconds: f64,
    /// Their longest, which a finalist may be.
    longest: f64,
    /// The longest that a refit of one of them takes.
    refit: f64,
    /// Images whose features are computed once for all of them.
    features: bool,
}

/// Images used in training and validation.
#[derive(Clone, Copy)]
struct Images {
    train: f64,
    valid: f64,
}

impl Images {
    /// Those of a configuration, of the split's.
    fn of(self, run: &RunConfig) -> Self {
        let train = match run.data.train_images {
            None => self.train,
            Some(most) => self.train.min(most as f64),
        };
        Self { train, ..self }
    }

    /// Seconds that features of a frozen backbone take, once.
    fn features(self, cost: &Cost) -> f64 {
        (self.train + self.valid) * cost.infer
    }

    /// Seconds of one epoch.
    fn epoch(self, cost: &Cost) -> f64 {
        self.train * cost.train + self.valid * cost.infer
    }
}

/// Measures each backbone of the plan and prints what the study of `wanted` trials
/// will take; those that are not drawn yet count as the others do on average.
pub(crate) fn print(
    config: &SearchConfig,
    plan: &Plan,
    wanted: usize,
    inputs: &Inputs,
    workers: usize,
) -> Result<()> {
    let count = |part| inputs.splits.indices(part).len() as f64;
    let images = Images {
        train: count(Part::Train),
        valid: count(Part::Valid),
    };
    let mut costs: BTreeMap<String, Cost> = BTreeMap::new();
    let mut groups: BTreeMap<&'static str, Group> = BTreeMap::new();
    let mut features = 0.0;
    let pruner = Pruner::of(&config.study);
    for trial in &plan.trials {
        let run = config.trial(&trial.point)?;
        let group = groups.entry(run.model.backbone.name()).or_default();
        group.trials += 1;
        if let Some(refit) = config.refit(&trial.point)? {
            let merged = config.study.refit.as_ref().is_some_and(|refit| refit.valid);
            let images = if merged {
                Images {
                    train: images.train + images.valid,
                    valid: 0.0,
                }
            } else {
                images
            };
            let (images, cost) = (images.of(&refit), measured(&mut costs, &refit)?);
            let seconds = if trains_on_features(&refit) {
                images.features(cost)
            } else {
                refit.train.epochs as f64 * images.epoch(cost)
            };
            group.refit = group.refit.max(seconds);
        }
        let cost = measured(&mut costs, &run)?;
        let images = images.of(&run);
        if trains_on_features(&run) {
            // Steps of the head alone take next to nothing beside this.
            if !std::mem::replace(&mut group.features, true) {
                features += images.features(cost);
            }
            continue;
        }
        let seconds = images.epoch(cost);
        group.seconds += epochs(&pruner, run.train.epochs) * seconds;
        group.longest = group.longest.max(run.train.epochs as f64 * seconds);
    }
    let drawn = wanted as f64 / plan.trials.len().max(1) as f64;
    let per_finalist = config.study.seeds as f64 * config.study.folds.max(1) as f64;
    let runs = config.study.finalists as f64 * per_finalist;
    let heading = match config.study.refit {
        Some(_) => "  time, if refitted",
        None => "",
    };
    println!(
        "{:<16} {:>6}  {:>14}  {:>16}{heading}",
        "backbone", "trials", "time, trials", "time, finalists"
    );
    let mut total = features;
    let mut longest = 0.0f64;
    for (backbone, group) in &groups {
        let finals = group.longest * runs.min(group.trials as f64 * per_finalist);
        total += group.seconds * drawn + finals;
        longest = longest.max(group.refit);
        let refit = match config.study.refit {
            Some(_) => format!("  {:>17}", duration(group.refit)),
            None => String::new(),
        };
        println!(
            "{backbone:<16} {:>6.0}  {:>14}  {:>16}{refit}",
            group.trials as f64 * drawn,
            duration(group.seconds * drawn),
            duration(finals)
        );
    }
    total += longest;
    let mut parts = Vec::new();
    if features > 0.0 {
        let features = duration(features);
        parts.push(format!("{features} for features of frozen backbones"));
    }
    if config.study.refit.is_some() {
        parts.push(format!("up to {} for the refit", duration(longest)));
    }
    let parts = if parts.is_empty() {
        String::new()
    } else {
        format!(", of which {}", parts.join(" and "))
    };
    println!(
        "\nabout {} with {} on this machine{parts}; measured with one step of each backbone on \
         all cores",
        duration(total),
        counted(workers, "worker")
    );
    Ok(())
}

/// Whether a run's steps are those of the head alone.
fn trains_on_features(run: &RunConfig) -> bool {
    run.train.cache_features && run.has_constant_features()
}

/// Epochs that a trial does in the mean, as the pruner lets them go on.
fn epochs(pruner: &Pruner, epochs: u64) -> f64 {
    let (mut done, mut share, mut sum) = (0, 1.0, 0.0);
    for rung in pruner.rungs(epochs).into_iter().chain([epochs]) {
        sum += share * (rung - done) as f64;
        done = rung;
        share *= pruner.share();
    }
    sum
}

/// Seconds per image of a configuration's backbone, size, batch and precision.
fn measured<'a>(costs: &'a mut BTreeMap<String, Cost>, run: &RunConfig) -> Result<&'a Cost> {
    let (backbone, size) = (run.model.backbone, run.input_size());
    let batch = run.train.batch_size;
    let key = format!("{backbone} {size} {batch} {}", run.train.precision);
    if !costs.contains_key(&key) {
        eprintln!("measuring {backbone} at {size} pixels, batch {batch}");
        let settings = Settings {
            backbone,
            device: run.train.device,
            precision: run.train.precision,
            batch,
            size,
            warmup: 1,
            runs: 1,
            steps: 1,
        };
        let cost = Cost {
            train: 1.0 / psp_bench::train(&settings)?.images_per_second,
            infer: 1.0 / psp_bench::infer(&settings)?.images_per_second,
        };
        costs.insert(key.clone(), cost);
    }
    // It was put there just now, if it was not there before.
    costs
        .get(&key)
        .ok_or_else(|| anyhow::anyhow!("{key} was not measured"))
}
