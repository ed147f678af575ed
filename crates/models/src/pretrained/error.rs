//! What can go wrong with a fetch.

use std::path::PathBuf;

use psp_schema::FileError;
use thiserror::Error;

/// Why a file could not be fetched. Whatever was stored stays.
#[derive(Debug, Error)]
pub enum FetchError {
    /// A file or folder could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The server can't be reached, or the connection broke too often.
    #[error(
        "{url}: {reason}\n\
         Without a network: download the file elsewhere, put it into {} (its name must stay), \
         or name the folder that holds it with --from or PSP_WEIGHTS_MIRROR, which also take \
         the address of a mirror",
        dir.display()
    )]
    Network {
        /// What was asked for.
        url: String,
        /// What went wrong.
        reason: String,
        /// Where the file belongs.
        dir: PathBuf,
    },
    /// The local folder that was named has no such file.
    #[error(
        "{}: no such file\n\
         Download {url}, put it into {} (its name must stay), and try again",
        path.display(),
        dir.display()
    )]
    Missing {
        /// The file looked for.
        path: PathBuf,
        /// Where it can be had.
        url: String,
        /// Where it belongs.
        dir: PathBuf,
    },
    /// The file is there or was fetched, and is not what it should be.
    #[error(
        "{}: its SHA-256 is {got}, and that of {file} is {want}{hint}",
        path.display()
    )]
    Hash {
        /// The file, or where it came from.
        path: PathBuf,
        /// Its official name.
        file: &'static str,
        /// The hash found.
        got: String,
        /// The official hash.
        want: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// Another process fetches the same file into the same folder.
    #[error("{}: another process is fetching this file", path.display())]
    Busy {
        /// The unfinished file.
        path: PathBuf,
    },
    /// Cancelled; the same call continues.
    #[error("interrupted; the same command continues")]
    Cancelled,
}
