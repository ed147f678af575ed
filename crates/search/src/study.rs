//! A study: begun once, opened by any number of processes.

use std::time::Duration;

use psp_train::{Inputs, RunConfig};

use crate::config::SearchConfig;
use crate::error::SearchError;
use crate::folder::{Record, StudyDir, TrialDir, read_json, write_json};
use crate::plan::{Plan, PlannedTrial};

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
                *trials = (*trials).max(known.plan.trials.len() as u64);
            }
        }
        let plan = Plan::draw(&config, data, inputs.splits.fingerprint())?;
        if let Some(known) = known {
            known.check_unchanged(&plan)?;
            if known.plan == plan && known.config.study == config.study {
                return Ok(known);
            }
        }
        std::fs::create_dir_all(dir.trials()).map_err(SearchError::io(&dir.trials()))?;
        inputs.splits.write(&dir.split(), &inputs.dataset, true)?;
        let text = config.to_toml()?;
        psp_data::write_atomic(&dir.study(), |out| out.write_all(text.as_bytes()))?;
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

    /// The configuration that a trial is run with.
    ///
    /// # Errors
    /// A plan that does not fit the study file.
    pub fn trial_config(&self, trial: &PlannedTrial) -> Result<RunConfig, SearchError> {
        let mut config = self.config.trial(&trial.point)?;
        let split = self.dir.split();
        let split = std::path::absolute(&split).map_err(SearchError::io(&split))?;
        config.data.split = split.to_string_lossy().into_owned();
        Ok(config)
    }

    /// A trial's folder.
    pub fn folder(&self, trial: &PlannedTrial) -> TrialDir {
        self.dir.trial(trial)
    }

    /// How each trial of the plan ended, in its order; `None` where it has not.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn outcomes(&self) -> Result<Vec<Option<Record>>, SearchError> {
        let outcome = |trial| self.folder(trial).read_outcome();
        self.plan.trials.iter().map(outcome).collect()
    }

    /// How long a sign of life may be missing.
    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.config.study.lease_seconds)
    }
}
