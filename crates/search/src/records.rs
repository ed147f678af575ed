//! What is written down of tasks, and how JSON is read and written.

use std::fmt::Display;
use std::path::Path;

use psp_schema::{RunResult, read_if_there, shell_quoted};
use psp_train::{IntermediateResult, TrainError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::SearchError;
use crate::folder::TrialDir;

/// `outcome.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// How the trial ended.
    #[serde(flatten)]
    pub outcome: TrialOutcome,
    /// Claims on it, the last included.
    pub attempts: u64,
    /// Who ended it.
    pub worker: String,
    /// When, in UTC.
    pub ended: String,
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum TrialOutcome {
    /// Trained to its end.
    Finished {
        /// Validation metrics of its best epoch, epochs, seconds.
        result: RunResult,
    },
    /// Given up.
    Failed {
        /// Why.
        reason: String,
    },
}

impl TrialOutcome {
    /// The result of a trial that was trained to its end.
    pub fn result(&self) -> Option<&RunResult> {
        match self {
            Self::Finished { result } => Some(result),
            Self::Failed { .. } => None,
        }
    }
}

/// `rung.N.json`: how a trial stood after so many epochs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RungRecord {
    /// Epochs, and the metrics of the best one so far.
    #[serde(flatten)]
    pub interim: IntermediateResult,
    /// Who brought it there.
    pub worker: String,
    /// When, in UTC.
    pub ended: String,
}

/// `attempt.N.json`: a try that ended badly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedAttempt {
    /// Why.
    pub reason: String,
    /// Whether another try may end better.
    pub may_pass: bool,
    /// Whether it says nothing about the trial, and is no try of it: the machine had
    /// too little memory, or somebody killed the worker.
    #[serde(default)]
    pub of_machine: bool,
}

impl TrialDir {
    /// How the trial ended; `None` while it has not.
    ///
    /// # Errors
    /// A file that can't be read or is damaged.
    pub fn read_outcome(&self) -> Result<Option<Record>, SearchError> {
        read_json(&self.outcome())
    }
}

/// Reads a JSON file; `None` when there is none.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, SearchError> {
    let Some(text) = read_if_there(path)? else {
        return Ok(None);
    };
    let value = serde_json::from_slice(&text).map_err(|error| damaged(path, &error))?;
    Ok(Some(value))
}

/// That the study's file at `path` is damaged, with the way out of it.
pub(crate) fn damaged(path: &Path, problem: &impl Display) -> TrainError {
    let study = path.parent().unwrap_or(Path::new(""));
    let way_out = if is_made_again(path) {
        "remove it, and the next `psp search` makes it again".to_owned()
    } else if path.ends_with("plan.json") {
        format!(
            "bring it back from a copy, or move it away and have it drawn again: psp search \
             --config {} --study {}",
            shell_quoted(&study.join("study.toml")),
            shell_quoted(study)
        )
    } else {
        "bring it back from a copy, or begin another study (--study)".to_owned()
    };
    TrainError::Damaged {
        path: path.to_owned(),
        reason: format!("this file is damaged ({problem}); {way_out}"),
    }
}

/// Whether a search without this file writes it anew: of what was trained to its end
/// the other files tell as much.
fn is_made_again(path: &Path) -> bool {
    let study = ["finalists.json", "refit.json", "selected.json"];
    let task = ["outcome.json", "test.json"];
    path.file_name()
        .is_some_and(|name| study.iter().chain(&task).any(|known| name == *known))
}
