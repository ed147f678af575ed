//! Whose fault an error is: the trial's, or the machine's, where it may pass.

use std::error::Error;
use std::io::ErrorKind;

use psp_export::ExportError;

use super::SearchError;

impl SearchError {
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
    use std::path::PathBuf;

    use psp_data::DataError;
    use psp_files::WriteError;
    use psp_train::TrainError;

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
