//! Errors of weights files.

use std::path::PathBuf;

use psp_schema::FileError;
use thiserror::Error;

/// Why a weights file can't be read.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// The file can't be opened or read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is neither a valid safetensors file nor a PyTorch checkpoint.
    #[error("{}: not a readable weights file: {reason}", path.display())]
    Format {
        /// The weights file that was read.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor has an element type that weights don't have.
    #[error(
        "{}: tensor `{key}` has element type {dtype}; expected F16, BF16, F32 or F64",
        path.display()
    )]
    Dtype {
        /// The weights file that was read.
        path: PathBuf,
        /// The tensor's key.
        key: String,
        /// Its element type.
        dtype: String,
    },
    /// A tensor holds a NaN or an infinity.
    #[error("{}: tensor `{key}` holds a non-finite value at element {index}", path.display())]
    NonFinite {
        /// The weights file that was read.
        path: PathBuf,
        /// The tensor's key.
        key: String,
        /// Row-major index of the first such element.
        index: usize,
    },
}
