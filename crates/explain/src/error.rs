//! Why a model could not be explained.

use psp_eval::{Method, NotFinite};
use psp_models::BackboneKind;
use thiserror::Error;

/// Why there are no heat maps.
#[derive(Debug, Error)]
pub enum ExplainError {
    /// Not one image of three channels.
    #[error("expected one image [1, 3, height, width], got {got:?}")]
    Shape {
        /// The tensor's shape.
        got: [usize; 4],
    },
    /// An image that the backbone can't take.
    #[error("{backbone} takes an image of {expected} pixels, got {width}x{height}")]
    Size {
        /// The backbone.
        backbone: BackboneKind,
        /// What it takes.
        expected: String,
        /// The image's width in pixels.
        width: usize,
        /// The image's height in pixels.
        height: usize,
    },
    /// A pixel that is NaN or infinite.
    #[error("value {index} of the image is {value}: expected finite numbers")]
    Pixel {
        /// Its place in `[1, 3, height, width]`, row-major.
        index: usize,
        /// The value.
        value: f32,
    },
    /// The method needs what the backbone does not have.
    #[error(
        "{method} does not explain {backbone}: expected {}",
        if *method == Method::AttentionRollout { "vit_b_16" } else { "a convolutional backbone" }
    )]
    Misfit {
        /// The method.
        method: Method,
        /// The backbone.
        backbone: BackboneKind,
    },
    /// A setting that can't work.
    #[error("`{name}` is {value}: expected {expected}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: usize,
        /// What would work.
        expected: String,
    },
    /// A map with a value that is NaN or infinite, as from weights that are.
    #[error(transparent)]
    NotFinite(#[from] NotFinite),
    /// The device failed to give a result back.
    #[error("a map could not be read from the device: {0}")]
    Device(String),
    /// It was cancelled.
    #[error("explaining was cancelled")]
    Cancelled,
}
