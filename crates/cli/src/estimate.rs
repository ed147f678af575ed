//! How long a study will take, by a short measurement of each backbone.

use std::collections::BTreeMap;

use anyhow::Result;
use psp_bench::Settings;
use psp_data::Part;
use psp_search::{Plan, Pruner, SearchConfig};
use psp_train::{Inputs, RunConfig};

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
    /// Images whose features are computed once for all of them.
    features: bool,
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
    let (train, valid) = (count(Part::Train), count(Part::Valid));
    let mut costs: BTreeMap<String, Cost> = BTreeMap::new();
    let mut groups: BTreeMap<&'static str, Group> = BTreeMap::new();
    let mut features = 0.0;
    let pruner = Pruner::of(&config.study);
    for trial in &plan.trials {
        let run = config.trial(&trial.point)?;
        let cost = measured(&mut costs, &run)?;
        let group = groups.entry(run.model.backbone.name()).or_default();
        group.trials += 1;
        if run.train.cache_features && run.has_constant_features() {
            // Steps of the head alone take next to nothing beside this.
            if !std::mem::replace(&mut group.features, true) {
                features += (train + valid) * cost.infer;
            }
            continue;
        }
        let seconds = train * cost.train + valid * cost.infer;
        group.seconds += epochs(&pruner, run.train.epochs) * seconds;
        group.longest = group.longest.max(run.train.epochs as f64 * seconds);
    }
    let drawn = wanted as f64 / plan.trials.len().max(1) as f64;
    let per_finalist = config.study.seeds as f64 * config.study.folds.max(1) as f64;
    let runs = config.study.finalists as f64 * per_finalist;
    println!(
        "{:<16} {:>6}  {:>14}  {:>16}",
        "backbone", "trials", "hours, trials", "hours, finalists"
    );
    let mut total = features;
    for (backbone, group) in &groups {
        let finals = group.longest * runs.min(group.trials as f64 * per_finalist);
        total += group.seconds * drawn + finals;
        println!(
            "{backbone:<16} {:>6.0}  {:>14.2}  {:>16.2}",
            group.trials as f64 * drawn,
            group.seconds * drawn / 3600.0,
            finals / 3600.0
        );
    }
    println!(
        "\nabout {:.2} hours with {workers} workers on this machine, of which {:.2} for features \
         of frozen backbones; measured with one step of each backbone on all cores",
        total / 3600.0,
        features / 3600.0
    );
    Ok(())
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
