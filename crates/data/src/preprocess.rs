//! From pixels to a network's input.

use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::resize::Resize;

/// The mean of ImageNet's red, green and blue, in units of 0 to 1.
pub const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];

/// The standard deviation of ImageNet's red, green and blue, in units of 0 to 1.
pub const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

/// How an image becomes a network's input. It travels with the model.
///
/// The JSON form is stable:
///
/// ```json
/// {
///   "resize": { "mode": "squash", "width": 224, "height": 224 },
///   "mean": [0.485, 0.456, 0.406],
///   "std": [0.229, 0.224, 0.225]
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    /// How the input size is reached.
    pub resize: Resize,
    /// Subtracted from red, green, blue after scaling to 0 to 1.
    pub mean: [f32; 3],
    /// Divides red, green, blue after that.
    pub std: [f32; 3],
}

impl Preprocessing {
    /// The whole image at `size`x`size` pixels with ImageNet's mean and
    /// standard deviation, which torchvision's weights expect.
    pub fn imagenet(size: u32) -> Self {
        Self {
            resize: Resize::Squash {
                width: size,
                height: size,
            },
            mean: IMAGENET_MEAN,
            std: IMAGENET_STD,
        }
    }

    /// Refuses values that can't work.
    ///
    /// # Errors
    /// [`DataError::Setting`]: a side of zero or beyond 8192 pixels, a crop
    /// larger than the resized side, a mean that is not finite, a standard
    /// deviation that is not positive and finite.
    pub fn validate(&self) -> Result<(), DataError> {
        self.resize.validate()?;
        if !self.mean.iter().all(|mean| mean.is_finite()) {
            let value = format!("{:?}", self.mean);
            return Err(DataError::setting("mean", value, "three finite numbers"));
        }
        if !self.std.iter().all(|&std| std.is_finite() && std > 0.0) {
            let value = format!("{:?}", self.std);
            return Err(DataError::setting("std", value, "three positive numbers"));
        }
        Ok(())
    }

    /// The network input's (width, height) in pixels.
    pub fn output_size(&self) -> (u32, u32) {
        self.resize.output_size()
    }

    /// The number of values in one input, `3 * height * width`.
    pub fn values_per_image(&self) -> usize {
        let (width, height) = self.output_size();
        3 * width as usize * height as usize
    }

    /// Resizes an image to [`output_size`](Self::output_size); no normalising.
    ///
    /// # Errors
    /// Settings that [`validate`](Self::validate) refuses; an image without
    /// pixels.
    pub fn resize(&self, image: &RgbImage) -> Result<RgbImage, DataError> {
        self.resize.apply(image)
    }

    /// Resizes and normalises an image: `[3, height, width]`.
    ///
    /// # Errors
    /// As [`resize`](Self::resize).
    pub fn apply(&self, image: &RgbImage) -> Result<Vec<f32>, DataError> {
        let resized = self.resize(image)?;
        let mut values = vec![0.0; self.values_per_image()];
        self.normalise_into(resized.as_raw(), &mut values);
        Ok(values)
    }

    /// Computes `(value / 255 - mean) / std` from pixels `rgb`,
    /// `[height, width, 3]`, into `out`, `[3, height, width]`, with the same
    /// `f32` results as torchvision's `ToTensor` and `Normalize`.
    ///
    /// # Panics
    /// When `rgb` and `out` differ in length or the length is no multiple of 3.
    pub fn normalise_into(&self, rgb: &[u8], out: &mut [f32]) {
        assert_eq!(rgb.len(), out.len(), "one output value per input value");
        assert_eq!(rgb.len() % 3, 0, "three values per pixel");
        let [red, green, blue] = self.tables();
        let plane = rgb.len() / 3;
        let (out_red, rest) = out.split_at_mut(plane);
        let (out_green, out_blue) = rest.split_at_mut(plane);
        let (pixels, _) = rgb.as_chunks::<3>();
        for (((pixel, r), g), b) in pixels.iter().zip(out_red).zip(out_green).zip(out_blue) {
            *r = red[usize::from(pixel[0])];
            *g = green[usize::from(pixel[1])];
            *b = blue[usize::from(pixel[2])];
        }
    }

    /// The inverse of [`normalise_into`](Self::normalise_into), for looking at
    /// inputs: `values`, `[3, height, width]`, to pixels, `[height, width, 3]`.
    /// Values beyond 0 to 255 are cut.
    ///
    /// # Panics
    /// When the length of `values` is no multiple of 3.
    pub fn denormalise(&self, values: &[f32]) -> Vec<u8> {
        assert_eq!(values.len() % 3, 0, "three values per pixel");
        let plane = values.len() / 3;
        let mut rgb = vec![0; values.len()];
        for (index, pixel) in rgb.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            for (channel, out) in pixel.iter_mut().enumerate() {
                let value = values[channel * plane + index];
                let grey = (value * self.std[channel] + self.mean[channel]) * 255.0;
                *out = grey.round().clamp(0.0, 255.0) as u8;
            }
        }
        rgb
    }

    /// What each of the 256 values becomes, per channel.
    fn tables(&self) -> [[f32; 256]; 3] {
        std::array::from_fn(|channel| {
            std::array::from_fn(|value| {
                (value as f32 / 255.0 - self.mean[channel]) / self.std[channel]
            })
        })
    }
}
