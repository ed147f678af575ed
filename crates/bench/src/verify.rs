//! Verification of a backbone against what torchvision computes for it.
//!
//! [`record`] computes what a reference file holds, [`compare`] says how far
//! two of them are apart, [`verify`] does one after the other.

use std::path::PathBuf;

use burn::tensor::Device;
use psp_models::BackboneKind;
use psp_schema::FileError;
use thiserror::Error;

mod compare;
pub mod formula;
mod part;
mod record;
mod reference;
mod settings;

pub use compare::{Report, compare};
pub use part::Part;
pub use record::record;
pub use reference::{AdamWNumbers, EvalNumbers, F32Error, RecordedBy, Reference, TrainNumbers};
pub use settings::{AdamWSettings, Settings};

/// Why a verification can't be done.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// The reference isn't of the expected form.
    #[error("{}: not a reference file: {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// The reference is of a backbone that isn't implemented.
    #[error("{0}")]
    Backbone(String),
    /// The backbone can't take an input of this size.
    #[error(
        "{backbone} takes no input of {size} pixels: expected at least {}{}",
        backbone.smallest_input(false),
        multiple(*backbone)
    )]
    Size {
        /// The backbone.
        backbone: BackboneKind,
        /// Side of the input in pixels.
        size: u32,
    },
    /// The batch has no images.
    #[error("a batch needs at least one image")]
    EmptyBatch,
    /// A computed tensor could not be read back.
    #[error("a result could not be read from the device: {0}")]
    Device(String),
    /// Numbers that a reference file can't hold.
    #[error("{}: not written, since `{numbers}` holds a NaN or an infinity", path.display())]
    NotFinite {
        /// The file that was to be written.
        path: PathBuf,
        /// Their name in the file.
        numbers: &'static str,
    },
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

fn multiple(backbone: BackboneKind) -> String {
    match backbone.spec().input_multiple {
        1 => String::new(),
        side => format!(", a multiple of {side}"),
    }
}

/// Computes everything that `reference` records on `device` and compares.
///
/// # Errors
/// As [`Settings::of`] and [`record`]; a number out of tolerance is not an
/// error but a part that doesn't pass.
pub fn verify(reference: &Reference, device: &Device) -> Result<Report, VerifyError> {
    let recorded = record(&Settings::of(reference)?, device)?;
    Ok(compare(reference, &recorded))
}
