//! Where photos come from.

use image::RgbImage;

/// Why a photo can't be shown.
pub type PhotoError = Box<dyn std::error::Error + Send + Sync>;

/// Loads the photos that a report shows, several at a time.
pub trait Photos: Sync {
    /// The photo with this name, upright and in full size.
    ///
    /// # Errors
    /// Whatever keeps it from being shown; the report then shows a place without a
    /// photo, and says why.
    fn photo(&self, filename: &str) -> Result<RgbImage, PhotoError>;
}

impl<F: Fn(&str) -> Result<RgbImage, PhotoError> + Sync> Photos for F {
    fn photo(&self, filename: &str) -> Result<RgbImage, PhotoError> {
        self(filename)
    }
}
