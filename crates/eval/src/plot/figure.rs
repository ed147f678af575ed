//! A finished figure.

use super::{canvas::Canvas, png, svg};
use crate::EvalError;

/// A figure, ready to be drawn as PNG or SVG.
#[derive(Debug)]
pub struct Figure {
    pub(super) canvas: Canvas,
}

impl Figure {
    /// Width and height in pixels. Texts are about twice as large as on a
    /// screen: a figure is meant to be shown at half its size.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        (self.canvas.width, self.canvas.height)
    }

    /// The bytes of a PNG file with 8 bits for each of red, green and blue.
    ///
    /// # Errors
    /// [`EvalError::Png`] or [`EvalError::Draw`].
    pub fn to_png(&self) -> Result<Vec<u8>, EvalError> {
        png::encode(&self.canvas)
    }

    /// The text of an SVG file.
    ///
    /// # Errors
    /// [`EvalError::PhotosInSvg`] for a figure with photos, otherwise
    /// [`EvalError::Draw`].
    pub fn to_svg(&self) -> Result<String, EvalError> {
        svg::encode(&self.canvas)
    }
}
