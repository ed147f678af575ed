//! What a new study is planned to be, and what it may not begin with.

use psp_data::{Part, Splits};
use psp_train::Inputs;

use crate::config::{PrunerName, SearchConfig};
use crate::error::SearchError;
use crate::keys;
use crate::plan::Plan;
use crate::weights::{Hashes, Weights};

impl Plan {
    /// The plan that a study of `config` on `inputs` would begin with.
    ///
    /// # Errors
    /// As [`Study::begin`](crate::Study::begin).
    pub fn of(config: &SearchConfig, inputs: &Inputs) -> Result<Self, SearchError> {
        Beginning::of(config, inputs, true, &mut Hashes::default()).map(|beginning| beginning.plan)
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
        keys::check_train_images(config, inputs.splits.counts()[0])?;
        let (data, split) = (inputs.dataset.fingerprint()?, inputs.splits.fingerprint());
        let weights = Weights::within(config, None, hashes)?;
        let mut plan = Plan::draw(config, data, split, weights, &[])?;
        check_rungs(config)?;
        for trial in &plan.trials {
            if is_new {
                config.check_new(&trial.point)?;
            }
            config.check_refit_on_validation(&trial.point)?;
        }
        if is_new {
            keys::check_distinct(config, &plan.trials, inputs.splits.counts()[0])?;
        }
        plan.labels_fingerprint = Some(inputs.dataset.labels_fingerprint());
        Self::with(plan, config, inputs)
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
    Err(SearchError::Setting {
        name: config.name().to_owned(),
        key: "study.rungs",
        value: format!("{rungs:?}"),
        expected: "a number of epochs below train.epochs, where the pruner can stop a trial",
    })
}

/// The split of a refit that trains on validation images, too.
fn refit_split(config: &SearchConfig, inputs: &Inputs) -> Option<Splits> {
    let refit = config.study.refit.as_ref()?;
    let merged = || inputs.splits.without_validation(&inputs.dataset);
    refit.valid.then(merged)
}
