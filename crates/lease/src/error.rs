//! What can go wrong with claims.

use std::io;
use std::path::Path;

use psp_schema::{Access, FileError};

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
    /// A file or folder could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
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
    pub(crate) fn io(path: &Path, access: Access) -> impl FnOnce(io::Error) -> Self {
        let wrap = FileError::at(path, access);
        move |source| wrap(source).into()
    }
}
