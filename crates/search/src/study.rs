//! A study: begun once, opened by any number of processes.

use std::path::Path;
use std::time::Duration;

use psp_train::{Inputs, RunConfig};

use crate::config::{SamplerName, SearchConfig};
use crate::error::SearchError;
use crate::folder::{StudyDir, TrialDir, read_json, write_json};
use crate::plan::{Plan, PlannedTrial};
use crate::pruner::Pruner;

/// A study and its plan.
#[derive(Clone, Debug)]
pub struct Study {
    /// Where it is.
    pub dir: StudyDir,
    /// What it searches.
    pub config: SearchConfig,
    /// Its trials.
    pub plan: Plan,
}

impl Study {
    /// Begins the study in `dir`, or opens the one that is there, with more
    /// trials where `config` asks for more.
    ///
    /// # Errors
    /// Data that can't be used, a point that can't be trained, another study in
    /// the folder, or data that changed since the study began.
    pub fn begin(dir: StudyDir, mut config: SearchConfig) -> Result<Self, SearchError> {
        config.make_absolute()?;
        let known = match dir.is_begun() {
            true => Some(Self::open(dir.clone())?),
            false => None,
        };
        let difference = known.as_ref().map(|known| known.config.difference(&config));
        if let Some(what) = difference.flatten() {
            return Err(SearchError::Differs {
                study: dir.root().to_owned(),
                what,
            });
        }
        let mut inputs = Inputs::open(&config.base)?;
        if known.is_some() {
            inputs.splits = psp_data::Splits::read(&dir.split(), &inputs.dataset)?;
        }
        let data = inputs.dataset.fingerprint()?;
        if let Some(known) = &known {
            // A trial that was begun stays part of the study; 0 means all.
            let trials = &mut config.study.trials;
            if *trials > 0 {
                *trials = (*trials).max(known.wanted() as u64);
            }
        }
        let folds = folds(&config, &inputs)?;
        let mut plan = Plan::draw(&config, data, inputs.splits.fingerprint())?;
        plan.fold_fingerprints = folds.iter().map(psp_data::Splits::fingerprint).collect();
        if let Some(known) = known {
            known.check_unchanged(&plan)?;
            if known.plan == plan && known.config.study == config.study {
                return Ok(known);
            }
        }
        std::fs::create_dir_all(dir.trials()).map_err(SearchError::io(&dir.trials()))?;
        inputs.splits.write(&dir.split(), &inputs.dataset, true)?;
        for (fold, splits) in folds.iter().enumerate() {
            let path = dir.fold(fold);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).map_err(SearchError::io(parent))?;
            }
            splits.write(&path, &inputs.dataset, true)?;
        }
        let text = config.to_toml()?;
        psp_files::write_atomic(&dir.study(), |out| out.write_all(text.as_bytes()))?;
        // Last: a folder with a plan is a study.
        write_json(&dir.plan(), &plan)?;
        Ok(Self { dir, config, plan })
    }

    /// Opens the study in `dir`.
    ///
    /// # Errors
    /// When there is none, or a file of it is damaged.
    pub fn open(dir: StudyDir) -> Result<Self, SearchError> {
        let path = dir.study();
        let plan = read_json(&dir.plan())?.ok_or_else(|| SearchError::NoStudy {
            path: dir.root().to_owned(),
        })?;
        let config = SearchConfig::read(&path, &[])?;
        Ok(Self { dir, config, plan })
    }

    fn check_unchanged(&self, now: &Plan) -> Result<(), SearchError> {
        let pairs = [
            (
                "the data",
                &self.plan.data_fingerprint,
                &now.data_fingerprint,
            ),
            (
                "the split",
                &self.plan.split_fingerprint,
                &now.split_fingerprint,
            ),
        ];
        match pairs.into_iter().find(|(_, then, now)| then != now) {
            None => Ok(()),
            Some((what, then, now)) => Err(SearchError::Changed {
                study: self.dir.root().to_owned(),
                what,
                then: then.clone(),
                now: now.clone(),
            }),
        }
    }

    /// Trials that the study is to have.
    pub fn wanted(&self) -> usize {
        match self.config.study.sampler {
            SamplerName::Tpe => usize::try_from(self.config.study.trials).unwrap_or(usize::MAX),
            _ => self.plan.trials.len(),
        }
    }

    /// Trial number `number`; `None` if it is not known yet, or never will be.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn trial(&self, number: usize) -> Result<Option<PlannedTrial>, SearchError> {
        match self.plan.trials.get(number) {
            Some(trial) => Ok(Some(trial.clone())),
            None if number < self.wanted() => read_json(&self.dir.drawn(number)),
            None => Ok(None),
        }
    }

    /// Every trial that is known so far, in the order of the draw.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn trials(&self) -> Result<Vec<PlannedTrial>, SearchError> {
        let mut trials = self.plan.trials.clone();
        while let Some(trial) = self.trial(trials.len())? {
            trials.push(trial);
        }
        Ok(trials)
    }

    /// How trials that do badly are stopped early.
    pub fn pruner(&self) -> Pruner {
        Pruner::of(&self.config.study)
    }

    /// The configuration that a trial is run with, on the split at `split`.
    ///
    /// # Errors
    /// A plan that does not fit the study file.
    pub(crate) fn trial_config(
        &self,
        trial: &PlannedTrial,
        split: &Path,
    ) -> Result<RunConfig, SearchError> {
        let mut config = self.config.trial(&trial.point)?;
        let split = std::path::absolute(split).map_err(SearchError::io(split))?;
        config.data.split = split.to_string_lossy().into_owned();
        Ok(config)
    }

    /// A trial's folder.
    pub fn folder(&self, trial: &PlannedTrial) -> TrialDir {
        self.dir.trial(trial)
    }

    /// How long a sign of life may be missing.
    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.config.study.lease_seconds)
    }
}

/// The splits of the finalists, where the study asks for folds.
fn folds(config: &SearchConfig, inputs: &Inputs) -> Result<Vec<psp_data::Splits>, SearchError> {
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
    Ok(made?)
}
