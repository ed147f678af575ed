//! What can go wrong with stored pixels.

use std::io;
use std::path::PathBuf;

use psp_schema::FileError;

/// What a [`PixelStore`](super::PixelStore) met with, and what it does about it.
/// Work goes on in each case.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PixelWarning {
    /// A file is cut off, changed or of another kind.
    #[error(
        "{path}: not a whole file of stored pixels: {reason}; {}, and its images are decoded again",
        fate(.left)
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
        /// Why it is still there, if it is.
        left: Option<io::Error>,
    },
    /// The operating system refused to read files that are there.
    #[error(
        "{path}: could not read this file of stored pixels ({count} in all): {source}; their \
         images are decoded again; check its permissions or remove it"
    )]
    Unreadable {
        /// The first of the files.
        path: PathBuf,
        /// How many there are.
        count: usize,
        /// The operating system's reason for the first.
        source: io::Error,
    },
    /// The folder can't be used, or no longer.
    #[error(
        "{dir}: could not use this folder of stored pixels: {source}; decoded images are not \
         stored any more; check that it exists and its permissions, or name another folder with \
         data.cache_dir or PSP_CACHE_DIR"
    )]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// Pixels could not be written.
    #[error("{0}; decoded images are not stored any more")]
    Write(#[from] FileError),
    /// The limit is reached.
    #[error(
        "{dir}: the pixels stored here take {used} bytes of at most {max_bytes}, so no more are \
         added and other images are decoded again; raise the limit, or remove the folders of \
         sizes that are no longer used"
    )]
    Full {
        /// The folder of all sizes.
        dir: PathBuf,
        /// Bytes that its files take.
        used: u64,
        /// The limit.
        max_bytes: u64,
    },
}

fn fate(left: &Option<io::Error>) -> String {
    match left {
        Some(error) => format!("it can't be removed ({error}), so remove it"),
        None => "it is put out of use".to_owned(),
    }
}
