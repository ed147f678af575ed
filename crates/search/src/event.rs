//! What workers report, to show it or to pass it on as a line of JSON.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Something that happened in a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum WorkerEvent {
    /// It took a task.
    Claimed {
        /// Name of the task's folder.
        task: String,
        /// What is done there, for people.
        label: String,
        /// The folder.
        folder: PathBuf,
        /// The claim's number.
        token: u64,
        /// Whether somebody has worked on it before.
        again: bool,
    },
    /// It prepares the task: `done` of `total` images.
    Preparing {
        /// `checking` or `features`.
        what: String,
        /// Images done.
        done: usize,
        /// Images in all.
        total: usize,
    },
    /// It trains.
    Progress {
        /// Epoch, counted from 1.
        epoch: u64,
        /// Epochs in all.
        epochs: u64,
        /// Batches of the epoch done.
        batch: usize,
        /// Batches per epoch.
        batches: usize,
        /// MSE of the last batch.
        loss: f64,
    },
    /// An epoch is done and validated.
    Epoch {
        /// Epoch, counted from 1.
        epoch: u64,
        /// Epochs in all.
        epochs: u64,
        /// Validation MSE; `None` without validation images.
        mse: Option<f64>,
        /// Validation R².
        r2: Option<f64>,
        /// Whether it is the task's best so far.
        best: bool,
    },
    /// The task has its result.
    Ended {
        /// Name of the task's folder.
        task: String,
        /// In words.
        how: String,
        /// The score of its best epoch; `None` of a failure or a test.
        score: Option<f64>,
    },
    /// The task was given back without one.
    Released {
        /// Name of the task's folder.
        task: String,
        /// Why.
        reason: String,
    },
    /// Nothing is left but tasks that others hold.
    Waiting {
        /// How many.
        held: usize,
    },
    /// Something that does not stop the work.
    Warning {
        /// What.
        text: String,
    },
}
