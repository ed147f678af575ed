//! What can go wrong.

use std::path::PathBuf;

use psp_schema::FileError;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SynthError {
    /// A data set of no images was asked for.
    #[error("count is 0; a data set needs at least 1 image")]
    Count,
    /// A width or height out of range.
    #[error("size is {width}x{height}; width and height must each be 32 to 4096 pixels")]
    Size {
        /// The width that was asked for.
        width: u32,
        /// The height that was asked for.
        height: u32,
    },
    /// The output folder holds something that this run did not write.
    #[error(
        "{}: the folder is not empty and {reason}; choose an empty or new folder, \
         or repeat the parameters that this set was rendered with", path.display()
    )]
    Occupied {
        /// The output folder.
        path: PathBuf,
        /// What was found instead of an interrupted run.
        reason: String,
    },
    /// A file has the name of one to be written, and another content.
    #[error(
        "{}: differs from what these parameters give, and is left as it is; remove it to have \
         it written again, or choose another folder", path.display()
    )]
    Differs {
        /// The file.
        path: PathBuf,
    },
    /// The run was cancelled between two images; it can be continued.
    #[error("cancelled after {done} of {count} images; the same command continues")]
    Cancelled {
        /// Images that are on disk.
        done: usize,
        /// Images of the whole run.
        count: usize,
    },
    /// A file or folder could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// An image could not be encoded.
    #[error("{}: cannot encode the image as JPEG: {source}", path.display())]
    Encode {
        /// Where the image was to be written.
        path: PathBuf,
        /// What the encoder said.
        source: image::ImageError,
    },
}
