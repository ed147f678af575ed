//! What trials and candidates are ranked by.

use serde::{Deserialize, Serialize};

use crate::input::{EpochRecord, Input};

/// The validation score; higher is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Score {
    /// R², averaged over the targets whose labels differ.
    R2,
    /// The negative MSE, where no target's validation labels differ and R² is
    /// therefore undefined.
    NegativeMse,
}

impl Score {
    pub(crate) fn of(input: &Input) -> Self {
        let trials = input.study.iter().flat_map(|study| &study.trials);
        let trials = trials.flat_map(|trial| &trial.epochs);
        let runs = input.candidates.iter().flat_map(|c| &c.runs);
        let mut epochs = trials.chain(runs.flat_map(|run| &run.epochs)).peekable();
        let nothing_known = epochs.peek().is_none();
        let defined = |epoch: &EpochRecord| epoch.valid_r2().is_some();
        if nothing_known || epochs.any(defined) {
            Self::R2
        } else {
            Self::NegativeMse
        }
    }

    /// Its value; `None` where that is undefined.
    pub(crate) fn value(self, r2: Option<f64>, mse: Option<f64>) -> Option<f64> {
        match self {
            Self::R2 => r2,
            Self::NegativeMse => mse.map(|mse| -mse),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::R2 => "R²",
            Self::NegativeMse => "negative MSE",
        }
    }
}
