//! Why a report's input can't be gathered.

use std::path::PathBuf;

use psp_data::DataError;
use psp_eval::EvalError;
use psp_explain::ExplainError;
use psp_export::ExportError;
use psp_models::DeviceError;
use psp_schema::{Class, Classify, FileError};
use psp_search::SearchError;
use psp_train::{RunDir, TrainError};
use thiserror::Error;

/// Why a report's input can't be gathered.
#[derive(Debug, Error)]
pub enum CollectError {
    /// A study.
    #[error(transparent)]
    Study(#[from] SearchError),
    /// A run.
    #[error(transparent)]
    Run(#[from] TrainError),
    /// A model, or its predictions.
    #[error(transparent)]
    Model(ExportError),
    /// Stored predictions.
    #[error(transparent)]
    Predictions(#[from] EvalError),
    /// Labels or images.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Runs that can't be compared.
    #[error("{} and {}: {what} differ, so that they can't be compared in one report", first.display(), second.display())]
    Incomparable {
        /// A run.
        first: PathBuf,
        /// Another.
        second: PathBuf,
        /// What differs.
        what: &'static str,
    },
    /// A run whose folder, `config.toml` or `run.json` is lost, so that nothing tells what
    /// it is of.
    #[error("{fault}")]
    Lost {
        /// The run.
        run: RunDir,
        /// What is wrong.
        fault: String,
    },
    /// A model that can't be explained.
    #[error(transparent)]
    Explain(ExplainError),
    /// Told to stop.
    #[error("interrupted; what was computed is stored, and the same command continues")]
    Interrupted,
}

impl From<ExportError> for CollectError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Interrupted => Self::Interrupted,
            error => Self::Model(error),
        }
    }
}

impl From<ExplainError> for CollectError {
    fn from(error: ExplainError) -> Self {
        match error {
            ExplainError::Cancelled => Self::Interrupted,
            error => Self::Explain(error),
        }
    }
}

impl Classify for CollectError {
    fn class(&self) -> Class {
        match self {
            Self::Study(error) => error.class(),
            Self::Run(error) => error.class(),
            Self::Model(error) => error.class(),
            Self::File(error) => error.class(),
            other => Class::of_cause(other),
        }
    }
}
