//! Trials of a study, and how it draws and prunes them.

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

impl TrialState {
    /// Whether it has not come to an end.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Begun | Self::Paused)
    }
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

/// How trials are drawn from the space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SamplerName {
    /// Uniformly from the grid, none twice.
    #[default]
    RandomGrid,
    /// The whole grid in order.
    Grid,
    /// Uniformly from the ranges behind the grid.
    Random,
    /// From the same ranges, where earlier trials did well: by a tree-structured
    /// Parzen estimator.
    Tpe,
}

impl fmt::Display for SamplerName {
    /// As the study file has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::RandomGrid => "random-grid",
            Self::Grid => "grid",
            Self::Random => "random",
            Self::Tpe => "tpe",
        })
    }
}

/// How trials that do badly are stopped early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrunerName {
    /// All are trained to their end.
    #[default]
    None,
    /// At each rung those stop that are below the median of all that came there.
    Median,
    /// At each rung one in `reduction` of all that came there goes on.
    Asha,
}

impl fmt::Display for PrunerName {
    /// As the study file has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "none",
            Self::Median => "median",
            Self::Asha => "asha",
        })
    }
}
