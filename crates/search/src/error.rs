//! What can go wrong with a study.

use std::error::Error;
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
use thiserror::Error as ThisError;

/// Why a study can't be made, worked on or read.
#[derive(Debug, ThisError)]
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
    /// A key of the space whose values can't be compared.
    #[error("{place}: {key} can't be searched: {reason}")]
    Unsearchable {
        /// File and line.
        place: String,
        /// The key.
        key: String,
        /// Why not, and what to do.
        reason: &'static str,
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
        what: String,
    },
    /// Another command took the study's beginning over.
    #[error("{}: another command begins this study; try again", study.display())]
    BegunElsewhere {
        /// The study's folder.
        study: PathBuf,
    },
    /// The data are not where they were.
    #[error(
        "{}: the data of this study are no longer in {}; if they have moved: psp search --study {} \
         --data DIR",
        study.display(),
        dir.display(),
        psp_files::shell_quoted(study)
    )]
    DataGone {
        /// The study's folder.
        study: PathBuf,
        /// Where they were.
        dir: PathBuf,
    },
    /// The data, its split or a weights file changed since the study began.
    #[error(
        "{}: {what} changed since the study began (then {then}, now {now}): bring back what it \
         began with, or begin a new study under another name (--study)",
        study.display()
    )]
    Changed {
        /// The study's folder.
        study: PathBuf,
        /// What changed.
        what: String,
        /// Its fingerprint then.
        then: String,
        /// Its fingerprint now.
        now: String,
    },
    /// The data can no longer be used, as they could when the study began.
    #[error(
        "{}: the data changed since the study began: {source}; bring back what it began with, or \
         begin a new study under another name (--study)",
        study.display()
    )]
    Unusable {
        /// The study's folder.
        study: PathBuf,
        /// What is wrong with them.
        source: Box<DataError>,
    },
    /// A task was given back for a fault that is not its own.
    #[error(transparent)]
    GivenBack(Box<Self>),
    /// A study is to begin where something of another lies.
    #[error(
        "{}: no study was begun here, but {} exists, which it would write over; name another \
         folder with --study",
        study.display(), file.display()
    )]
    Occupied {
        /// The study's folder.
        study: PathBuf,
        /// What lies there.
        file: PathBuf,
    },
    /// There is no study.
    #[error("{}: not a study folder (it has no {missing})", path.display())]
    NoStudy {
        /// The folder.
        path: PathBuf,
        /// The first file that a study has and this folder lacks.
        missing: &'static str,
    },
    /// The study's folder was removed while it was worked on.
    #[error(
        "{}: the study is gone: its folder was removed, or its disk is no longer there",
        study.display()
    )]
    Gone {
        /// The study's folder.
        study: PathBuf,
    },
    /// A trial that is to be tried again and has not failed.
    #[error("{}: {reason}", study.display())]
    NotFailed {
        /// The study's folder.
        study: PathBuf,
        /// What was named, and what failed.
        reason: String,
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

    /// Whether the same work may succeed at another time: the fault lies with the
    /// machine and not with study, data or trial.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::GivenBack(error) => {
                !matches!(**error, Self::Changed { .. } | Self::Unusable { .. })
            }
            Self::Data(error) => error.is_passing(),
            Self::Train(error) => error.is_passing(),
            Self::Export(error) => error.is_passing(),
            Self::Lease(_) | Self::BegunElsewhere { .. } => true,
            Self::Write(error) => error.may_pass(),
            Self::Io { source, .. } => is_systems(source) && psp_files::may_pass(source),
            _ => false,
        }
    }

    /// Whether the fault lies with this machine, or what it is given, and not with the
    /// trial, so that every other trial would fail here, too: a full disk, no such
    /// device, no data or weights where they are to be, other data than the study's.
    pub(crate) fn is_of_this_machine(&self) -> bool {
        match self {
            Self::Write(_)
            | Self::Lease(_)
            | Self::Changed { .. }
            | Self::Unusable { .. }
            | Self::DataGone { .. } => true,
            Self::Export(ExportError::Io { .. } | ExportError::Write(_)) => true,
            Self::Train(error) | Self::Export(ExportError::Run(error)) => {
                error.is_of_this_machine() || is_caused_by_system(error)
            }
            other => is_caused_by_system(other),
        }
    }
}

/// Whether the system refused to read or write something.
fn is_caused_by_system(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error
            .downcast_ref::<std::io::Error>()
            .is_some_and(is_systems)
        {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Whether the system said so, and not whoever read the content.
fn is_systems(error: &std::io::Error) -> bool {
    use ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    let is_own = matches!(
        error.kind(),
        InvalidData | InvalidInput | Other | UnexpectedEof
    );
    error.raw_os_error().is_some() || !is_own
}

#[cfg(test)]
mod tests {
    use psp_data::DataError;

    use super::*;

    fn io(code: i32) -> std::io::Error {
        std::io::Error::from_raw_os_error(code)
    }

    fn reading(source: std::io::Error) -> TrainError {
        let path = PathBuf::from("a.jpg");
        TrainError::Data(DataError::Image {
            path: PathBuf::from("labels.csv"),
            row: 2,
            source: Box::new(DataError::Io {
                path,
                action: "read the image",
                source,
            }),
        })
    }

    /// ENOENT, EIO, ENOMEM, EACCES, ENFILE, EMFILE, ENOSPC, EROFS, ESTALE, EDQUOT of
    /// Linux.
    const SYSTEM: [i32; 10] = [2, 5, 12, 13, 23, 24, 28, 30, 116, 122];

    #[test]
    fn what_the_system_refuses_is_no_trials_fault() {
        for code in SYSTEM {
            let path = PathBuf::from("x");
            let read = SearchError::Io {
                path: path.clone(),
                source: io(code),
            };
            let written = SearchError::Train(TrainError::Write(WriteError {
                path,
                step: "write its content",
                source: io(code),
            }));
            for error in [read, written, SearchError::Train(reading(io(code)))] {
                assert!(error.is_of_this_machine(), "{code}: {error}");
                let given_back = SearchError::GivenBack(Box::new(error));
                assert!(given_back.is_passing(), "{code}: {given_back}");
            }
        }
    }

    #[test]
    fn what_an_image_or_a_loss_is_remains_the_trials_fault() {
        let damaged = reading(std::io::Error::new(ErrorKind::InvalidData, "not a JPEG"));
        let undecodable = TrainError::Data(DataError::Decode {
            file: "a.jpg".to_owned(),
            reason: "cut off".to_owned(),
        });
        let diverged = TrainError::Diverged {
            epoch: 1,
            batch: 1,
            what: "loss".to_owned(),
            cause: "learning rate".to_owned(),
        };
        for error in [damaged, undecodable, diverged] {
            let error = SearchError::Train(error);
            assert!(
                !error.is_of_this_machine() && !error.is_passing(),
                "{error}"
            );
        }
    }

    #[test]
    fn a_missing_data_folder_is_the_users_and_where_a_worker_misses_it_the_machines() {
        let gone = || SearchError::DataGone {
            study: PathBuf::from("my study"),
            dir: PathBuf::from("d"),
        };
        assert!(!gone().is_passing());
        assert!(
            gone()
                .to_string()
                .ends_with("--study 'my study' --data DIR")
        );
        assert!(SearchError::GivenBack(Box::new(gone())).is_passing());
        let unread = |code| {
            SearchError::Data(DataError::Io {
                path: PathBuf::from("labels.csv"),
                action: "read it",
                source: io(code),
            })
        };
        // EIO may pass, ENOENT not.
        assert!(unread(5).is_passing() && !unread(2).is_passing());
    }

    #[test]
    fn other_data_are_given_back_and_not_tried_again() {
        let changed = SearchError::GivenBack(Box::new(SearchError::Changed {
            study: PathBuf::from("s"),
            what: "the data".to_owned(),
            then: "a".to_owned(),
            now: "b".to_owned(),
        }));
        assert!(!changed.is_passing());
    }
}
