//! What a new study is planned to be, and what it may not begin with.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use psp_data::{LabelNotice, Part, Splits};
use psp_schema::{PrunerName, SamplerName};
use psp_space::{Point, Random, RandomGrid, Sampler};
use psp_train::config::InitialWeights;
use psp_train::{ConfigError, Inputs, Machine, trainer};

use crate::config::{RefitSection, SearchConfig};
use crate::error::SearchError;
use crate::keys::TRAIN_IMAGES;
use crate::plan::Plan;
use crate::weights::{Hashes, Weights};

/// How many points are checked of what later trials may draw.
const CHECKED: usize = 1000;

impl Plan {
    /// The plan that a study of `config` on `inputs` would begin with on `machine`.
    ///
    /// # Errors
    /// As [`Study::begin`](crate::Study::begin).
    pub fn of(
        config: &SearchConfig,
        inputs: &Inputs,
        machine: &Machine,
    ) -> Result<Self, SearchError> {
        let hashes = &mut Hashes::on(machine);
        let plan = Beginning::of(config, inputs, true, hashes)?.plan;
        plan.check_weights(config, machine)?;
        Ok(plan)
    }

    /// Refuses weights that one of the trials, one that may be drawn later, or a refit can't
    /// begin with.
    pub(crate) fn check_weights(
        &self,
        config: &SearchConfig,
        machine: &Machine,
    ) -> Result<(), SearchError> {
        if self.weights.is_empty() {
            return Ok(());
        }
        let mut checked = HashSet::new();
        let planned = self.trials.iter().map(|trial| trial.point.clone());
        for point in planned.chain(drawable(config)?) {
            let runs = [Some(config.trial(&point)?), config.refit(&point)?];
            for run in runs.into_iter().flatten() {
                let model = &run.model;
                let weights = (model.backbone, model.auxiliary, model.weights.clone());
                if checked.insert(weights) {
                    trainer::check_weights(run, machine)?;
                }
            }
        }
        Ok(())
    }
}

/// What a new study is planned to be.
pub(crate) struct Beginning {
    pub(crate) plan: Plan,
    /// The splits of the finalists, where the study asks for folds.
    pub(crate) folds: Vec<Splits>,
    /// That of a refit that trains on validation images, too.
    pub(crate) refit_split: Option<Splits>,
}

impl Beginning {
    /// `is_new`: whether no earlier version may have begun the study.
    pub(crate) fn of(
        config: &SearchConfig,
        inputs: &Inputs,
        is_new: bool,
        hashes: &mut Hashes,
    ) -> Result<Self, SearchError> {
        // What trials are compared by.
        inputs.indices(Part::Valid)?;
        check_train_images(config, inputs.splits.counts()[0])?;
        let (data, split) = (inputs.dataset.fingerprint()?, inputs.splits.fingerprint());
        let weights = Weights::within(config, None, hashes)?;
        let mut plan = Plan::draw(config, data, split, weights, &[])?;
        check_rungs(config)?;
        let mut points: Vec<Point> = plan.trials.iter().map(|one| one.point.clone()).collect();
        if is_new {
            points.extend(drawable(config)?);
        }
        for point in &points {
            if is_new {
                config.check_new(point)?;
            }
            config.check_refit_on_validation(point)?;
        }
        if is_new {
            check_distinct(config, &plan, &points, inputs.splits.counts()[0])?;
        }
        plan.labels_fingerprint = Some(inputs.dataset.labels_fingerprint());
        let beginning = Self::with(plan, config, inputs)?;
        if is_new {
            check_folds(config, &beginning.folds, inputs)?;
        }
        Ok(beginning)
    }

    /// The same with this plan, to which the further splits are added.
    pub(crate) fn with(
        mut plan: Plan,
        config: &SearchConfig,
        inputs: &Inputs,
    ) -> Result<Self, SearchError> {
        let folds = folds(config, inputs)?;
        plan.fold_fingerprints = folds.iter().map(Splits::fingerprint).collect();
        let refit_split = refit_split(config, inputs);
        plan.refit_fingerprint = refit_split.as_ref().map(Splits::fingerprint);
        Ok(Self {
            plan,
            folds,
            refit_split,
        })
    }
}

/// Refuses more training images than there are, of which all would be used: trials that
/// differ in nothing else would be one, and their values untrue.
///
/// # Errors
/// [`SearchError::TrainImages`].
fn check_train_images(config: &SearchConfig, available: usize) -> Result<(), SearchError> {
    let mut dimensions = config.space.dimensions().iter();
    let searched = dimensions.find(|dimension| dimension.key == TRAIN_IMAGES);
    let searched = searched.into_iter().flat_map(|dimension| dimension.grid());
    let refitted = config
        .study
        .refit
        .iter()
        .flat_map(RefitSection::train_images);
    let merged = config.study.refit.as_ref().is_some_and(|refit| refit.valid);
    let too_many = |wanted: &i64| usize::try_from(*wanted).is_ok_and(|wanted| wanted > available);
    let searched = searched.filter_map(|value| value.as_integer());
    let refitted = refitted.filter(|_| !merged);
    match searched.chain(refitted).find(too_many) {
        Some(wanted) => Err(SearchError::TrainImages {
            name: config.name().to_owned(),
            wanted,
            available,
        }),
        None => Ok(()),
    }
}

/// What later trials may draw: all points of a small grid, of others some that are drawn at
/// random.
fn drawable(config: &SearchConfig) -> Result<Vec<Point>, SearchError> {
    let (space, seed) = (&config.space, config.study.seed);
    let mut sampler: Box<dyn Sampler> = match config.study.sampler {
        SamplerName::Grid | SamplerName::RandomGrid => Box::new(RandomGrid::new(space, seed)),
        SamplerName::Random | SamplerName::Tpe => Box::new(Random::new(space, seed)),
    };
    let points = std::iter::from_fn(|| sampler.draw()).take(CHECKED);
    Ok(points.collect::<Result<_, _>>()?)
}

/// Refuses `points`, the first of which are the plan's trials, where two would train the same,
/// since the values in which they differ come to the same.
///
/// # Errors
/// [`SearchError::Same`] with the first such pair.
fn check_distinct(
    config: &SearchConfig,
    plan: &Plan,
    points: &[Point],
    images: usize,
) -> Result<(), SearchError> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let name = |index: usize| match plan.trials.get(index) {
        Some(trial) => format!("trial {}", trial.number),
        None => format!("the point {}", psp_space::point_text(&points[index])),
    };
    for (index, point) in points.iter().enumerate() {
        let mut in_effect = config.trial(point)?.in_effect(images)?;
        // Of weights their content counts, and not where they lie.
        if let Some(hash) = plan.weights.of_run(&in_effect) {
            in_effect.model.weights = InitialWeights::Path(hash.into());
        }
        let first = *seen.entry(in_effect.to_toml()?).or_insert(index);
        // The plan's own points are drawn again among all.
        if points[first] != *point {
            let keys = point.keys().chain(points[first].keys());
            let differing = keys.filter(|key| point.get(*key) != points[first].get(*key));
            let differing: BTreeSet<&str> = differing.map(String::as_str).collect();
            return Err(SearchError::Same {
                name: config.name().to_owned(),
                trials: [name(first), name(index)],
                keys: differing.into_iter().collect::<Vec<_>>().join(", "),
                images,
            });
        }
    }
    Ok(())
}

/// Refuses folds of which one has a single label: its R² would be undefined, or of other
/// targets than that of the other folds, with which it is averaged.
fn check_folds(
    config: &SearchConfig,
    folds: &[Splits],
    inputs: &Inputs,
) -> Result<(), SearchError> {
    for (fold, splits) in folds.iter().enumerate() {
        let valid = splits.indices(Part::Valid);
        let same = inputs.dataset.same_labels(Part::Valid, &valid);
        if let Some(LabelNotice::SameLabel { column, value, .. }) = same.first() {
            let error = ConfigError::Value {
                key: "study.folds",
                value: folds.len().to_string(),
                expected: format!(
                    "column `{column}` is {value} on all {} validation images of fold {fold}, \
                     where its R² is undefined; expected fewer folds, or 0 for the study's own \
                     split",
                    valid.len()
                ),
            };
            return Err(config.with_line(error));
        }
    }
    Ok(())
}

/// The splits of the finalists, where the study asks for folds.
fn folds(config: &SearchConfig, inputs: &Inputs) -> Result<Vec<Splits>, SearchError> {
    let (folds, data) = (config.study.folds, &config.base.data);
    if folds == 0 {
        return Ok(Vec::new());
    }
    let dataset = &inputs.dataset;
    let made = inputs.splits.folds(
        dataset,
        &dataset.copies()?,
        folds,
        data.split_seed,
        data.split_bins,
    );
    made.map_err(|source| SearchError::Folds {
        name: config.name().to_owned(),
        source: Box::new(source),
    })
}

/// Refuses rungs that no trial comes to before its end, where a pruner is to stop some.
fn check_rungs(config: &SearchConfig) -> Result<(), SearchError> {
    let rungs = &config.study.rungs;
    // Where trials are of several lengths, some may be longer.
    let is_searched = config.space.place("train.epochs").is_some();
    let epochs = config.base.train.epochs;
    if config.study.pruner == PrunerName::None
        || rungs.is_empty()
        || is_searched
        || rungs.iter().any(|&rung| rung < epochs)
    {
        return Ok(());
    }
    let error = ConfigError::Value {
        key: "study.rungs",
        value: format!("{rungs:?}"),
        expected: "expected a number of epochs below train.epochs, where the pruner can stop a \
                   trial"
            .to_owned(),
    };
    Err(config.with_line(error))
}

/// The split of a refit that trains on validation images, too.
fn refit_split(config: &SearchConfig, inputs: &Inputs) -> Option<Splits> {
    let refit = config.study.refit.as_ref()?;
    let merged = || inputs.splits.without_validation(&inputs.dataset);
    refit.valid.then(merged)
}
