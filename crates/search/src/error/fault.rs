//! Whose fault an error is: the trial's, or the machine's, where it may pass.

use psp_export::ExportError;
use psp_schema::{Class, Classify};
use psp_train::TrainError;

use super::SearchError;

impl Classify for SearchError {
    fn class(&self) -> Class {
        match self {
            Self::GivenBack(error) => match **error {
                Self::Changed { .. } | Self::OtherData { .. } | Self::Unusable { .. } => {
                    Class::Machine
                }
                _ => Class::Passing,
            },
            Self::Changed { .. }
            | Self::OtherData { .. }
            | Self::Unusable { .. }
            | Self::DataGone { .. } => Class::Machine,
            Self::Lease(_) | Self::BegunElsewhere { .. } => Class::Passing,
            Self::Data(error) => error.class(),
            Self::Train(error) => error.class(),
            Self::Export(error) => error.class(),
            Self::File(error) => error.class(),
            other => Class::of_cause(other),
        }
    }
}

impl SearchError {
    /// Whether every other trial would fail on this machine, too: a full disk, no such
    /// device, no data or weights where they are to be, other data than the study's.
    pub(crate) fn is_of_this_machine(&self) -> bool {
        let is_taken = matches!(
            self,
            Self::Train(error) | Self::Export(ExportError::Run(error))
                if matches!(error, TrainError::Locked { .. } | TrainError::Fenced { .. })
        );
        self.class() > Class::Input && !is_taken
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::path::{Path, PathBuf};

    use psp_data::DataError;
    use psp_schema::FileError;

    use super::*;

    fn io(code: i32) -> std::io::Error {
        std::io::Error::from_raw_os_error(code)
    }

    fn reading(source: std::io::Error) -> TrainError {
        let path = PathBuf::from("a.jpg");
        TrainError::Data(DataError::Image {
            path: PathBuf::from("labels.csv"),
            row: 2,
            source: Box::new(FileError::read(&path)(source).into()),
        })
    }

    /// ENOENT, EIO, ENOMEM, EACCES, ENFILE, EMFILE, ENOSPC, EROFS, ESTALE, EDQUOT of
    /// Linux.
    const SYSTEM: [i32; 10] = [2, 5, 12, 13, 23, 24, 28, 30, 116, 122];

    #[test]
    fn what_the_system_refuses_is_no_trials_fault() {
        for code in SYSTEM {
            let path = Path::new("x");
            let read = SearchError::from(FileError::read(path)(io(code)));
            let written = FileError::write(path, "write its content")(io(code));
            let written = SearchError::Train(written.into());
            for error in [read, written, SearchError::Train(reading(io(code)))] {
                assert!(error.is_of_this_machine(), "{code}: {error}");
                let given_back = SearchError::GivenBack(Box::new(error));
                assert_eq!(given_back.class(), Class::Passing, "{code}: {given_back}");
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
            assert!(error.class() == Class::Input, "{error}");
        }
    }

    #[test]
    fn a_missing_data_folder_is_the_users_and_where_a_worker_misses_it_the_machines() {
        let gone = || SearchError::DataGone {
            study: PathBuf::from("my study"),
            dir: PathBuf::from("d"),
        };
        assert_eq!(gone().class(), Class::Machine);
        assert!(
            gone()
                .to_string()
                .ends_with("--study 'my study' --data DIR")
        );
        assert_eq!(
            SearchError::GivenBack(Box::new(gone())).class(),
            Class::Passing
        );
        let unread =
            |code| SearchError::Data(FileError::read(Path::new("labels.csv"))(io(code)).into());
        // EIO may pass, ENOENT not.
        assert_eq!(unread(5).class(), Class::Passing);
        assert_eq!(unread(2).class(), Class::Machine);
    }

    #[test]
    fn other_data_are_given_back_and_not_tried_again() {
        let changed = SearchError::GivenBack(Box::new(SearchError::Changed {
            study: PathBuf::from("s"),
            what: "the data".to_owned(),
            then: "a".to_owned(),
            now: "b".to_owned(),
        }));
        assert_ne!(changed.class(), Class::Passing);
    }
}
