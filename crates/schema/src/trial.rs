//! Trials of a study.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrialState {
    /// Nobody has begun it.
    Waiting,
    /// A worker trains it, or did and vanished.
    Begun,
    /// A worker gave it back, with what was trained stored.
    Paused,
    /// Stopped at a rung, since others were better there; may yet go on.
    Pruned,
    /// Trained to its end.
    Finished,
    /// Given up after its last try.
    Failed,
}

impl fmt::Display for TrialState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Waiting => "waiting",
            Self::Begun => "begun",
            Self::Paused => "paused",
            Self::Pruned => "pruned",
            Self::Finished => "finished",
            Self::Failed => "failed",
        })
    }
}
