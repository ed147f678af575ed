//! What a run has on disk of its training: `metrics.jsonl` and `result.json`.

use std::io;
use std::path::Path;

use psp_metrics::RegressionMetrics;
use serde::{Deserialize, Serialize};

use crate::FileError;

/// One epoch's line in `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: u64,
    /// Optimiser steps done.
    pub step: u64,
    /// Learning rate of the head at the epoch's last step.
    pub learning_rate: f64,
    /// Over the epoch's training batches, while the weights changed; predictions are
    /// not clipped.
    pub train: RegressionMetrics,
    /// Over the validation part, at the epoch's end; `None` where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<RegressionMetrics>,
    /// Whether this is the best validation MSE so far, each target's divided by the
    /// variance of its training labels.
    pub best: bool,
    /// Seconds of training and validation.
    pub seconds: f64,
    /// Training images per second of the whole epoch, validation included.
    pub images_per_second: f64,
}

impl EpochRecord {
    /// Training MSE over all targets.
    pub fn train_mse(&self) -> f64 {
        self.train.overall.mse
    }

    /// Validation MSE over all targets; `None` without validation images.
    pub fn valid_mse(&self) -> Option<f64> {
        Some(self.valid.as_ref()?.overall.mse)
    }

    /// Validation R² over all targets; `None` without validation images, and where
    /// no target's labels differ.
    pub fn valid_r2(&self) -> Option<f64> {
        self.valid.as_ref()?.overall.r2
    }
}

/// Reads a run's `metrics.jsonl`.
///
/// # Errors
/// When the file can't be read or a line is not an epoch's record; names the
/// line.
pub fn read_metrics(path: &Path) -> Result<Vec<EpochRecord>, FileError> {
    let read = FileError::read(path);
    let text = std::fs::read_to_string(path).map_err(&read)?;
    let records = text.lines().enumerate().map(|(index, line)| {
        serde_json::from_str(line).map_err(|error| {
            // Of a single line serde_json says that it is the first.
            let error = error.to_string();
            let problem = error.split(" at line 1").next().unwrap_or_default();
            let reason = format!("line {}: {problem}", index + 1);
            read(io::Error::new(io::ErrorKind::InvalidData, reason))
        })
    });
    records.collect()
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// All epochs were done.
    Finished,
    /// Early stopping ended it.
    StoppedEarly,
}

/// How a run ended, as its `result.json` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// How the run ended.
    pub ending: Ending,
    /// Epochs trained in all, over all resumptions.
    pub epochs: u64,
    /// Optimiser steps done.
    pub steps: u64,
    /// The epoch of the best checkpoint, counted from 1.
    pub best_epoch: u64,
    /// Its validation metrics; `None` of a run without validation images, whose last
    /// epoch counts as the best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<RegressionMetrics>,
    /// Seconds of training and validation, over all resumptions.
    pub seconds: f64,
}
