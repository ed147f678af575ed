//! Why features can't be had.

use std::path::PathBuf;

use psp_data::DataError;
use psp_models::predict::PredictError;
use psp_schema::{Class, Classify, FileError};
use thiserror::Error;

/// Why features can't be computed, stored or read.
#[derive(Debug, Error)]
pub enum FeatureError {
    /// An image can't be loaded.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The device failed.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// A file or folder of the store can't be read or written.
    #[error(
        "{}: could not {}: {}; name another folder with data.cache_dir or \
         PSP_CACHE_DIR",
        .0.path.display(), .0.access, .0.source
    )]
    File(#[from] FileError),
    /// There is no folder to store features in.
    #[error("this user has no cache folder; name one with data.cache_dir or PSP_CACHE_DIR")]
    NoFolder,
    /// The backbone makes no usable features of an image.
    #[error(
        "{}: the backbone's feature {feature} of this image is {value}; \
         its weights or the normalisation do not suit the image",
        path.display()
    )]
    NonFinite {
        /// The image.
        path: PathBuf,
        /// Index of the feature.
        feature: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// An image has no features in the store.
    #[error("{}: no features of this image are stored; it has changed, or the store has", path.display())]
    Missing {
        /// The image.
        path: PathBuf,
    },
}

impl Classify for FeatureError {
    fn class(&self) -> Class {
        match self {
            // What was just written and can't be opened is no fault of what was computed.
            Self::File(error) if error.class() == Class::Input => Class::Passing,
            Self::File(error) => error.class(),
            other => Class::of_cause(other),
        }
    }
}
