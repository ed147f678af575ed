//! Bringing an image to a network's input size, as Pillow and torchvision do.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::error::DataError;

/// To be raised when resizing gives other pixels than before: stored pixels of the old number
/// are then left alone, and new runs compute features anew.
pub const RESIZE_VERSION: u32 = 2;

/// How an image is brought to the input size. The filter is always bilinear
/// with antialiasing: Pillow's, and torchvision's on Pillow images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Resize {
    /// The whole image at the given size, whatever its shape
    /// (`torchvision.transforms.Resize((height, width))`).
    Squash {
        /// Width of the result in pixels.
        width: u32,
        /// Height of the result in pixels.
        height: u32,
    },
    /// The shorter side at `resize` pixels, then a square of `crop` pixels
    /// from the middle (`Resize(resize)`, `CenterCrop(crop)`).
    ShortestSideCenterCrop {
        /// The shorter side before the crop, in pixels.
        resize: u32,
        /// Width and height of the result in pixels; at most `resize`.
        crop: u32,
    },
}

/// The largest side that makes sense as a network's input, in pixels.
const MAX_SIDE: u32 = 8192;

/// The largest image that resizing makes on the way, in pixels.
const MAX_PIXELS_BETWEEN: u64 = 400_000_000;

impl Resize {
    /// The result's (width, height) in pixels.
    pub fn output_size(&self) -> (u32, u32) {
        match *self {
            Self::Squash { width, height } => (width, height),
            Self::ShortestSideCenterCrop { crop, .. } => (crop, crop),
        }
    }

    /// Refuses sizes that can't work.
    pub(crate) fn validate(&self) -> Result<(), DataError> {
        let (width, height) = self.output_size();
        if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
            return Err(DataError::setting(
                "resize",
                format!("{width}x{height} pixels"),
                format!("sides from 1 to {MAX_SIDE} pixels"),
            ));
        }
        match *self {
            Self::ShortestSideCenterCrop { resize, crop } if crop > resize => {
                Err(DataError::setting(
                    "resize.crop",
                    format!("{crop} pixels"),
                    format!("at most `resize.resize`, {resize} pixels"),
                ))
            }
            Self::ShortestSideCenterCrop { resize, .. } if resize > MAX_SIDE => {
                Err(DataError::setting(
                    "resize.resize",
                    format!("{resize} pixels"),
                    format!("at most {MAX_SIDE} pixels"),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Resizes `image`; the result has [`output_size`](Self::output_size).
    pub(crate) fn apply(&self, image: &RgbImage) -> Result<RgbImage, DataError> {
        self.validate()?;
        let (width, height) = image.dimensions();
        let failed = |reason| DataError::Resize {
            width,
            height,
            reason,
        };
        if width == 0 || height == 0 {
            return Err(failed("it has no pixels".to_owned()));
        }
        let (out_width, out_height) = self.output_size();
        if u64::from(out_width) * u64::from(height) > MAX_PIXELS_BETWEEN {
            return Err(failed(format!(
                "its {height} rows of {out_width} pixels, which resizing begins with, take too \
                 much memory"
            )));
        }
        let [left, top, crop_width, crop_height] = self.source_box(width, height);
        // Rows before columns, as Pillow does: what is between them is rounded, too.
        let rows = [left, 0.0, crop_width, f64::from(height)];
        let narrow = resized(image, rows, [out_width, height]).map_err(&failed)?;
        let columns = [0.0, top, f64::from(out_width), crop_height];
        resized(&narrow, columns, [out_width, out_height]).map_err(&failed)
    }

    /// The part of a `width`x`height` image that fills the result: left, top,
    /// width and height in source pixels.
    ///
    /// Cropping the source instead of the resized image gives the same pixels: the filter
    /// reads beyond the box.
    pub fn source_box(&self, width: u32, height: u32) -> [f64; 4] {
        let (full_width, full_height) = (f64::from(width), f64::from(height));
        let Self::ShortestSideCenterCrop { resize, crop } = *self else {
            return [0.0, 0.0, full_width, full_height];
        };
        let (resized_width, resized_height) = shortest_side_to(resize, width, height);
        let horizontal = full_width / resized_width as f64;
        let vertical = full_height / resized_height as f64;
        let left = center_offset(resized_width, crop) as f64 * horizontal;
        let top = center_offset(resized_height, crop) as f64 * vertical;
        // Rounding must not put the box a hair outside the image.
        [
            left,
            top,
            (f64::from(crop) * horizontal).min(full_width - left),
            (f64::from(crop) * vertical).min(full_height - top),
        ]
    }
}

/// A part of an image (left, top, width and height) at another size (width and height).
fn resized(
    image: &RgbImage,
    [left, top, width, height]: [f64; 4],
    [out_width, out_height]: [u32; 2],
) -> Result<RgbImage, String> {
    // `resize_typed` and not `resize`, which compiles every kernel for all of the
    // crate's thirteen types of pixels.
    let source = TypedImageRef::<U8x3>::from_buffer(image.width(), image.height(), image.as_raw())
        .map_err(|error| error.to_string())?;
    let mut target = RgbImage::new(out_width, out_height);
    let mut pixels = TypedImage::<U8x3>::from_buffer(out_width, out_height, &mut target)
        .map_err(|error| error.to_string())?;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
        .crop(left, top, width, height);
    Resizer::new()
        .resize_typed(&source, &mut pixels, &options)
        .map_err(|error| error.to_string())?;
    Ok(target)
}

/// torchvision's `Resize(int)`: the longer side is truncated, not rounded.
fn shortest_side_to(side: u32, width: u32, height: u32) -> (u64, u64) {
    let long = |long: u32, short: u32| u64::from(side) * u64::from(long) / u64::from(short);
    if width <= height {
        (u64::from(side), long(height, width))
    } else {
        (long(width, height), u64::from(side))
    }
}

/// torchvision's `CenterCrop`: `int(round((size - crop) / 2.0))`, where
/// Python's `round` takes a half to the even neighbour.
fn center_offset(size: u64, crop: u32) -> u64 {
    let spare = size.saturating_sub(u64::from(crop));
    let half = spare / 2;
    half + u64::from(spare % 2 == 1 && half % 2 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_side_is_truncated_as_in_torchvision() {
        // torchvision: Resize(256) of 674x506 is 340x256 (256 * 674 / 506 = 340.99).
        assert_eq!(shortest_side_to(256, 674, 506), (340, 256));
        assert_eq!(shortest_side_to(256, 506, 674), (256, 340));
        assert_eq!(shortest_side_to(256, 512, 512), (256, 256));
    }

    #[test]
    fn half_pixel_offsets_round_to_even_as_in_python() {
        // Python: round(0.5) = 0, round(1.5) = 2, round(2.5) = 2, round(3.5) = 4.
        let offsets: Vec<u64> = [1, 3, 5, 7, 8]
            .map(|spare| center_offset(10 + spare, 10))
            .to_vec();
        assert_eq!(offsets, [0, 2, 2, 4, 4]);
    }
}
