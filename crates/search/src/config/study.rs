//! `[study]`: how a study draws, prunes and compares its trials.

use psp_schema::{PrunerName, SamplerName};
use psp_train::ConfigError;
use serde::{Deserialize, Serialize};

use super::RefitSection;

/// `[study]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StudySection {
    /// Name of the study's folder; empty: the file's.
    pub name: String,
    /// What a reader of the results has to know of the trials, in sentences; shown
    /// beside them.
    pub note: String,
    /// How trials are drawn.
    pub sampler: SamplerName,
    /// Trials to run; 0, with the sampler `grid`: all points.
    pub trials: u64,
    /// Seed of the draw.
    pub seed: u64,
    /// With the sampler `tpe`: trial number *n* is drawn from the results of those
    /// up to *n* − `lag`, whatever else has ended by then, so that a study can be
    /// repeated.
    pub lag: u64,
    /// How trials that do badly are stopped early.
    pub pruner: PrunerName,
    /// Epochs after which trials are compared, rising; empty: the powers of
    /// `reduction` from 1.
    pub rungs: Vec<u64>,
    /// The ratio of the rungs that are not given; with the pruner `asha`, one trial
    /// in so many goes on.
    pub reduction: u64,
    /// With the pruner `median`: trials at a rung before any is stopped there.
    pub startup: u64,
    /// Further tries of a trial that ends for a reason that may pass, or without
    /// any, since its last checkpoint.
    pub retries: u32,
    /// Seconds without a sign of life after which a worker's trial is taken over
    /// by another machine.
    pub lease_seconds: u64,
    /// Best configurations of each backbone that are trained again.
    pub finalists: usize,
    /// Seeds that each of them is trained with; 0: none is trained again, and the
    /// trials themselves are compared.
    pub seeds: u64,
    /// Folds of training and validation images together that finalists are
    /// trained on in turn, each validated on the fold that it was not trained on;
    /// 0: the study's own split.
    pub folds: usize,
    /// Confidence of the bound that finalists are ranked by, one-sided.
    pub confidence: f64,
    /// What the chosen configuration is trained again with; `None`: it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refit: Option<RefitSection>,
}

impl Default for StudySection {
    fn default() -> Self {
        Self {
            name: String::new(),
            note: String::new(),
            sampler: SamplerName::RandomGrid,
            trials: 20,
            seed: 0,
            lag: 8,
            pruner: PrunerName::None,
            rungs: Vec::new(),
            reduction: 3,
            startup: 5,
            retries: 3,
            lease_seconds: 30,
            finalists: 1,
            seeds: 3,
            folds: 0,
            confidence: 0.95,
            refit: None,
        }
    }
}

impl StudySection {
    /// # Errors
    /// The first value that is impossible.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let name = &self.name;
        let is_name = !name.is_empty() && !name.starts_with('.') && name.trim() == name;
        let checks = [
            (
                "study.name",
                format!("{name:?}"),
                is_name && !name.contains(|c: char| c == '/' || c == '\\' || c.is_control()),
                "a folder's name: without slashes and line breaks, and no dot or blank before it",
            ),
            (
                "study.trials",
                self.trials.to_string(),
                self.trials > 0 || self.sampler == SamplerName::Grid,
                "at least 1 (0, for all points, goes with sampler = \"grid\")",
            ),
            (
                "study.lease_seconds",
                self.lease_seconds.to_string(),
                self.lease_seconds >= 1,
                "at least 1",
            ),
            (
                "study.finalists",
                self.finalists.to_string(),
                self.finalists >= 1,
                "at least 1",
            ),
            (
                "study.seeds",
                self.seeds.to_string(),
                self.seeds >= 1 || self.folds == 0,
                "at least 1 with study.folds (0, for the trials themselves, goes without)",
            ),
            (
                "study.lag",
                self.lag.to_string(),
                self.lag >= 1,
                "at least 1: the workers that draw trials at the same time, or a few more",
            ),
            (
                "study.rungs",
                format!("{:?}", self.rungs),
                self.rungs.first().is_none_or(|first| *first >= 1)
                    && self.rungs.is_sorted_by(|a, b| a < b),
                "epochs, 1 or more, each more than the one before",
            ),
            (
                "study.reduction",
                self.reduction.to_string(),
                self.reduction >= 2,
                "at least 2",
            ),
            (
                "study.startup",
                self.startup.to_string(),
                self.startup >= 1,
                "at least 1",
            ),
            (
                "study.folds",
                self.folds.to_string(),
                self.folds != 1,
                "0 (the study's own split), or at least 2",
            ),
            (
                "study.confidence",
                self.confidence.to_string(),
                (0.5..1.0).contains(&self.confidence),
                "0.5 or more, below 1",
            ),
        ];
        match checks.into_iter().find(|(_, _, valid, _)| !valid) {
            None => Ok(()),
            Some((key, value, _, expected)) => Err(ConfigError::Value {
                key,
                value,
                expected: format!("expected {expected}"),
            }),
        }
    }
}
