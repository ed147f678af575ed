//! `metrics.json`.

use std::path::Path;

use psp_metrics::{MeanBaseline, OverallMetrics, TargetMetrics};
use psp_schema::{FileError, write_atomic};
use serde::{Deserialize, Serialize};

use crate::{EvalError, Predictions};

/// The version of the layout of `metrics.json`. Fields may be added within a
/// version; it is raised when one is removed or changes its meaning. Version 1 was of
/// predictions that were not clipped.
pub const SCHEMA_VERSION: u32 = 2;

/// The metrics of a model over one split, beside those of "predict the training
/// mean" over the same rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Evaluation {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The split's name, such as `test`.
    pub split: String,
    /// The number of images.
    pub count: u64,
    /// One entry per target, in the order of the columns.
    pub targets: Vec<TargetEvaluation>,
    /// The targets taken together.
    pub overall: OverallEvaluation,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TargetEvaluation {
    /// The target's name.
    pub name: String,
    /// The metrics of the model.
    pub model: TargetMetrics,
    /// The metrics of always predicting `training_mean`.
    pub baseline: TargetMetrics,
    /// The mean label of the training set.
    pub training_mean: f64,
}

/// All targets together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OverallEvaluation {
    /// The metrics of the model.
    pub model: OverallMetrics,
    /// The metrics of always predicting the training means.
    pub baseline: OverallMetrics,
}

impl Evaluation {
    /// Evaluates `predictions`, made for the split named `split`, beside
    /// `baseline`, fitted to the labels of the training split.
    ///
    /// # Errors
    /// [`EvalError::Baseline`] if the baseline has other targets;
    /// [`EvalError::Metrics`] for numbers too large to be squared.
    pub fn new(
        split: &str,
        predictions: &Predictions,
        baseline: &MeanBaseline,
    ) -> Result<Self, EvalError> {
        let names = predictions.targets();
        if baseline.means.len() != names.len() {
            return Err(EvalError::Baseline {
                got: baseline.means.len(),
                expected: names.len(),
            });
        }
        let model = predictions.metrics()?;
        let means = baseline.evaluate(predictions.rows().iter().map(|row| row.to_f64().1))?;
        let targets = names
            .iter()
            .zip(model.targets)
            .zip(means.targets.into_iter().zip(&baseline.means))
            .map(
                |((name, model), (baseline, &training_mean))| TargetEvaluation {
                    name: name.clone(),
                    model,
                    baseline,
                    training_mean,
                },
            )
            .collect();
        Ok(Self {
            schema_version: SCHEMA_VERSION,
            split: split.to_owned(),
            count: model.count,
            targets,
            overall: OverallEvaluation {
                model: model.overall,
                baseline: means.overall,
            },
        })
    }

    /// The content of `metrics.json`: indented JSON with a final newline.
    ///
    /// # Errors
    /// [`EvalError::Json`].
    pub fn to_json(&self) -> Result<String, EvalError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Reads what [`Evaluation::to_json`] wrote; unknown fields are ignored.
    ///
    /// # Errors
    /// [`EvalError::SchemaVersion`] for another version's file, otherwise
    /// [`EvalError::Json`].
    pub fn from_json(json: &str) -> Result<Self, EvalError> {
        #[derive(Deserialize)]
        struct Version {
            schema_version: u32,
        }
        // Another version may not have today's fields: look at this one first.
        let Version { schema_version } = serde_json::from_str(json)?;
        if schema_version != SCHEMA_VERSION {
            return Err(EvalError::SchemaVersion {
                found: schema_version,
                supported: SCHEMA_VERSION,
            });
        }
        Ok(serde_json::from_str(json)?)
    }

    /// Writes `metrics.json`, as a whole or not at all.
    ///
    /// # Errors
    /// [`EvalError::File`].
    pub fn write(&self, path: &Path) -> Result<(), EvalError> {
        let json = self.to_json()?;
        Ok(write_atomic(path, |out| out.write_all(json.as_bytes()))?)
    }

    /// Reads `metrics.json`.
    ///
    /// # Errors
    /// [`EvalError::File`], or [`EvalError::InFile`] around what
    /// [`Evaluation::from_json`] refuses.
    pub fn read(path: &Path) -> Result<Self, EvalError> {
        let json = std::fs::read_to_string(path).map_err(FileError::read(path))?;
        Self::from_json(&json).map_err(|source| EvalError::InFile {
            path: path.to_owned(),
            source: Box::new(source),
        })
    }

    /// Refuses predictions of other targets than were evaluated.
    pub(crate) fn check_targets(&self, predictions: &Predictions) -> Result<(), EvalError> {
        let ours: Vec<_> = self.targets.iter().map(|target| &target.name).collect();
        if ours.iter().copied().eq(predictions.targets()) {
            return Ok(());
        }
        Err(EvalError::Targets {
            what: "the evaluation is",
            got: ours.into_iter().cloned().collect(),
            expected: predictions.targets().to_vec(),
        })
    }
}
