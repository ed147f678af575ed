//! What can go wrong with a study.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use psp_data::DataError;
use psp_eval::EvalError;
use psp_export::ExportError;
use psp_files::WriteError;
use psp_lease::LeaseError;
use psp_models::predict::PredictError;
use psp_models::{BackboneKind, DeviceError};
use psp_space::SpaceError;
use psp_train::{ConfigError, TrainError};
use thiserror::Error;

/// Why a study can't be made, worked on or read.
#[derive(Debug, Error)]
pub enum SearchError {
    /// The configuration that trials share.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The space.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// A point of the space that is no valid configuration.
    #[error(
        "{name}: the point {point} can't be trained: {source}; exclude it, or make the key conditional"
    )]
    Point {
        /// The study file.
        name: String,
        /// The point's values.
        point: String,
        /// What is wrong.
        source: ConfigError,
    },
    /// A point of the space that can't be trained with the values of the refit.
    #[error(
        "{place}: the point {point} can't be refitted: {source}; give the key another value \
         in [study.refit], or one for this backbone in [study.refit.{backbone}]"
    )]
    Refit {
        /// File and line.
        place: String,
        /// The point's values.
        point: String,
        /// Its backbone.
        backbone: BackboneKind,
        /// What is wrong.
        source: Box<ConfigError>,
    },
    /// A key that has no place in `[study.refit]`.
    #[error("{place}: `{key}` in [study.refit]: expected {expected}")]
    RefitKey {
        /// File and line.
        place: String,
        /// The key.
        key: String,
        /// What would be valid.
        expected: String,
    },
    /// A value of `[study]` out of range.
    #[error("{name}: {key} = {value}: expected {expected}")]
    Setting {
        /// The study file.
        name: String,
        /// The key.
        key: &'static str,
        /// What was given.
        value: String,
        /// What would be valid.
        expected: &'static str,
    },
    /// The data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A run.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A claim on a trial.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// A finalist's evaluation.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// A finalist's model.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A forward pass.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder holds another study.
    #[error(
        "{}: this folder holds a study that differs in {what}; name another one with --study, \
         or remove this one with `psp study rm`",
        study.display()
    )]
    Differs {
        /// The study's folder.
        study: PathBuf,
        /// What differs.
        what: &'static str,
    },
    /// The data or its split changed since the study began.
    #[error(
        "{}: {what} changed since the study began (then {then}, now {now}); start a new study",
        study.display()
    )]
    Changed {
        /// The study's folder.
        study: PathBuf,
        /// What changed.
        what: &'static str,
        /// Its fingerprint then.
        then: String,
        /// Its fingerprint now.
        now: String,
    },
    /// There is no study.
    #[error("{}: not a study folder (it has no study.toml)", path.display())]
    NoStudy {
        /// The folder.
        path: PathBuf,
    },
    /// A study that has no model to choose yet.
    #[error("{}: {reason}", study.display())]
    NothingToChoose {
        /// The study's folder.
        study: PathBuf,
        /// What is missing.
        reason: String,
    },
}

impl SearchError {
    /// Wraps an I/O error with its path.
    pub(crate) fn io(path: &Path) -> impl Fn(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            path: path.clone(),
            source,
        }
    }

    /// Whether the same work may succeed at another time.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Train(error) => error.is_passing(),
            Self::Export(error) => error.is_passing(),
            Self::Write(_) | Self::Lease(_) => true,
            Self::Io { source, .. } => !matches!(
                source.kind(),
                ErrorKind::NotFound | ErrorKind::InvalidData | ErrorKind::Other
            ),
            _ => false,
        }
    }

    /// Whether the fault lies with this machine and not with the trial.
    pub(crate) fn is_of_this_machine(&self) -> bool {
        match self {
            Self::Train(error) | Self::Export(ExportError::Run(error)) => {
                error.is_of_this_machine()
            }
            _ => false,
        }
    }
}
