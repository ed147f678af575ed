//! A study: begun once, opened by any number of processes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use psp_schema::{FileError, SamplerName};
use psp_space::Seen;
use psp_train::RunConfig;
use psp_train::config::SplitSource;

use crate::config::SearchConfig;
use crate::error::SearchError;
use crate::folder::{StudyDir, TrialDir};
use crate::plan::{Plan, PlannedTrial};
use crate::pruner::Pruner;
use crate::records::read_json;

/// A study and its plan.
#[derive(Clone, Debug)]
pub struct Study {
    /// Where it is.
    pub dir: StudyDir,
    /// What it searches.
    pub config: SearchConfig,
    /// Its trials.
    pub plan: Plan,
    /// The most trials that the space has points for, where trials are drawn from
    /// results.
    most: usize,
    local: Vec<String>,
}

impl Study {
    /// Opens the study in `dir`.
    ///
    /// # Errors
    /// When there is none, or a file of it is damaged.
    pub fn open(dir: StudyDir) -> Result<Self, SearchError> {
        let path = dir.study();
        let Some(plan): Option<Plan> = read_json(&dir.plan())? else {
            return Err(if dir.has_lost_plan() {
                SearchError::LostPlan { study: dir }
            } else {
                SearchError::NoStudy {
                    missing: if path.exists() {
                        "plan.json"
                    } else {
                        "study.toml"
                    },
                    path: dir.root().to_owned(),
                }
            });
        };
        if dir.has_lost_study_file() {
            return Err(SearchError::LostStudyFile { study: dir });
        }
        let config = SearchConfig::read_stored(&path).map_err(|error| match error {
            SearchError::File(_) => error,
            other => SearchError::DamagedStudyFile {
                study: dir.clone(),
                source: Box::new(other),
            },
        })?;
        if let Some(then) = plan.study_as_written(&dir)?
            && let Some(what) = then.difference(&config)?
        {
            return Err(SearchError::Edited { file: path, what });
        }
        let is_searched = |key: &String| config.space.dimensions().iter().any(|of| of.key == *key);
        let mut keys = plan.trials.iter().flat_map(|trial| trial.point.keys());
        if let Some(key) = keys.find(|key| !is_searched(key)) {
            return Err(SearchError::Edited {
                file: path,
                what: format!("the key `{key}` of its trials"),
            });
        }
        Self::new(dir, config, plan)
    }

    pub(crate) fn new(
        dir: StudyDir,
        config: SearchConfig,
        plan: Plan,
    ) -> Result<Self, SearchError> {
        let mut study = Self {
            dir,
            config,
            plan,
            most: usize::MAX,
            local: Vec::new(),
        };
        if study.config.study.sampler == SamplerName::Tpe
            && let Some(points) = study.config.space.drawable_points()
        {
            // An earlier psp drew some points more than once.
            let trials = study.trials()?;
            let distinct: Seen = trials.iter().map(|trial| &trial.point).collect();
            let repeated = trials.len() - distinct.len();
            let points = usize::try_from(points).unwrap_or(usize::MAX);
            study.most = points.saturating_add(repeated);
        }
        Ok(study)
    }

    /// What the study searched when its file was last written; as the file says now where an
    /// earlier version wrote it.
    ///
    /// # Errors
    /// A damaged plan.
    pub fn config_as_written(&self) -> Result<SearchConfig, SearchError> {
        let then = self.plan.study_as_written(&self.dir)?;
        Ok(then.unwrap_or_else(|| self.config.clone()))
    }

    /// Whether the study is still in its folder.
    ///
    /// # Errors
    /// [`SearchError::Gone`] when it is not, or a folder that can't be read.
    pub fn check_is_there(&self) -> Result<(), SearchError> {
        let plan = self.dir.plan();
        if plan.try_exists().map_err(FileError::read(&plan))? {
            Ok(())
        } else {
            Err(SearchError::Gone {
                study: self.dir.root().to_owned(),
            })
        }
    }

    /// This study, in which trials are computed as these `section.key=value` overrides
    /// say: where data lie, the device and such; they have no say in the results.
    #[must_use]
    pub fn with_local(self, overrides: Vec<String>) -> Self {
        Self {
            local: overrides,
            ..self
        }
    }

    /// These overrides.
    pub fn local(&self) -> &[String] {
        &self.local
    }

    /// What all trials share, with these overrides.
    pub(crate) fn base(&self) -> Result<RunConfig, SearchError> {
        Ok(self.config.base.with_overrides(&self.local)?)
    }

    /// Trials that the study is to have.
    pub fn wanted(&self) -> usize {
        match self.config.study.sampler {
            SamplerName::Tpe => {
                let trials = usize::try_from(self.config.study.trials).unwrap_or(usize::MAX);
                trials.min(self.most)
            }
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

    /// Keys that were set for all trials and have no effect in any that is known, each
    /// with the reasons.
    ///
    /// # Errors
    /// A trial whose file can't be read.
    pub fn without_effect(&self) -> Result<Vec<(&'static str, String)>, SearchError> {
        let mut reasons: BTreeMap<&'static str, BTreeMap<String, usize>> = BTreeMap::new();
        let trials = self.trials()?;
        for trial in &trials {
            for (key, reason) in self.config.trial(&trial.point)?.without_effect()? {
                *reasons.entry(key).or_default().entry(reason).or_default() += 1;
            }
        }
        let in_all = reasons
            .into_iter()
            .filter(|(_, reasons)| reasons.values().sum::<usize>() == trials.len());
        let told = in_all.map(|(key, reasons)| {
            let reasons: Vec<String> = reasons.into_keys().collect();
            (key, reasons.join(" or "))
        });
        Ok(told.collect())
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
        let config = self.config.trial(&trial.point)?;
        let mut config = config.with_overrides(&self.local)?;
        config.data.split = split_at(split)?;
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

/// A split file as configurations hold it, by its absolute path.
pub(crate) fn split_at(path: &Path) -> Result<SplitSource, SearchError> {
    let path = std::path::absolute(path).map_err(FileError::read(path))?;
    Ok(SplitSource::File(path))
}
