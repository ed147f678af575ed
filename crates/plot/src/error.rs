//! Everything that can go wrong.

use thiserror::Error;

/// An error of this crate. None depends on the numbers that are drawn.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlotError {
    /// A photo has no pixels.
    #[error("the photo is {width}×{height} pixels large")]
    EmptyPhoto {
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
    },
    /// A figure could not be drawn; a fault of this crate.
    #[error("cannot draw the figure: {0}")]
    Draw(String),
    /// A drawn figure, or a photo within it, could not be compressed.
    #[error("cannot compress the picture")]
    Encode(#[from] image::ImageError),
}
