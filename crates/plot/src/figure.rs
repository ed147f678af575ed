//! A finished figure.

use crate::{
    PlotError,
    draw::{Canvas, png, svg},
};

/// A figure, ready to be drawn as PNG or SVG. Both are one drawing, and the same
/// input gives the same bytes.
#[derive(Debug)]
pub struct Figure {
    pub(crate) canvas: Canvas,
    pub(crate) title: String,
    pub(crate) description: String,
}

impl Figure {
    /// Width and height in pixels. Texts are about twice as large as on a
    /// screen: a figure is meant to be shown at half its size, 760 CSS pixels
    /// wide.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        (self.canvas.width, self.canvas.height)
    }

    /// The title, as it stands above the figure.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The statements below the title, for an `alt` attribute.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The bytes of a PNG file with 8 bits for each of red, green and blue.
    ///
    /// # Errors
    /// [`PlotError::Encode`] or [`PlotError::Draw`].
    pub fn to_png(&self) -> Result<Vec<u8>, PlotError> {
        png::encode(&self.canvas)
    }

    /// The text of an SVG file, which may also stand inside an HTML page: the
    /// background is white whatever the page's is, it carries its title for
    /// screen readers, and photos are embedded. With `max-width: 100%; height:
    /// auto` it is as wide as the page allows.
    ///
    /// # Errors
    /// [`PlotError::Encode`] for a photo, otherwise [`PlotError::Draw`].
    pub fn to_svg(&self) -> Result<String, PlotError> {
        svg::encode(&self.canvas, &self.title, &self.description)
    }
}
