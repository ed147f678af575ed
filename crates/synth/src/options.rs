//! What to render.

use serde::{Deserialize, Serialize};

use crate::error::SynthError;

/// How many images of which size, and from which seed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SynthOptions {
    /// Images in the data set, at least 1.
    pub count: usize,
    /// Image `i` depends on this seed, `i` and the size alone.
    pub seed: u64,
    /// Width of the images in pixels, 32 to 4096.
    pub width: u32,
    /// Height of the images in pixels, 32 to 4096.
    pub height: u32,
}

impl SynthOptions {
    /// The smallest width and height.
    pub const MIN_SIDE: u32 = 32;
    /// The largest width and height.
    pub const MAX_SIDE: u32 = 4096;

    /// Checks the ranges.
    ///
    /// # Errors
    ///
    /// [`SynthError::Count`] for no images, [`SynthError::Size`] for a side
    /// outside `MIN_SIDE..=MAX_SIDE`.
    pub fn validate(&self) -> Result<(), SynthError> {
        if self.count == 0 {
            return Err(SynthError::Count);
        }
        let sides = Self::MIN_SIDE..=Self::MAX_SIDE;
        if !sides.contains(&self.width) || !sides.contains(&self.height) {
            return Err(SynthError::Size {
                width: self.width,
                height: self.height,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(count: usize, width: u32, height: u32) -> SynthOptions {
        SynthOptions {
            count,
            seed: 0,
            width,
            height,
        }
    }

    #[test]
    fn no_images_are_refused() {
        let error = options(0, 64, 64).validate().unwrap_err();
        assert!(matches!(error, SynthError::Count));
    }

    #[test]
    fn sides_outside_the_range_are_refused_by_number() {
        let error = options(1, 31, 64).validate().unwrap_err();
        assert!(error.to_string().contains("31x64"), "{error}");
        assert!(options(1, 64, 4097).validate().is_err());
        assert!(options(1, 32, 4096).validate().is_ok());
    }
}
