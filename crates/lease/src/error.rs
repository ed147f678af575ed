//! What can go wrong with claims.

use std::io;
use std::path::{Path, PathBuf};

/// What was wrong, where, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// A setting has a value that can't work.
    #[error("`{name}` is {value}; expected {expected}")]
    Setting {
        /// The field of [`Settings`](crate::Settings).
        name: &'static str,
        /// The refused value.
        value: String,
        /// What would be accepted.
        expected: String,
    },
    /// The operating system refused to read or write something.
    #[error(
        "{path}: could not {action}: {source}; check that the folder can be reached and written to"
    )]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was attempted, as a verb phrase.
        action: &'static str,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The thread that keeps claims alive could not be started.
    #[error(
        "could not start the heartbeat thread: {source}; raise the limit on processes and threads"
    )]
    Thread {
        /// The operating system's reason.
        source: io::Error,
    },
}

impl LeaseError {
    /// For `map_err` on file operations.
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            path: path.to_owned(),
            action,
            source,
        }
    }
}
