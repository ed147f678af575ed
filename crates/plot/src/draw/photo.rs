//! Photos at the size of a page.

use std::fmt::Display;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{RgbImage, imageops};

use super::Rect;
use crate::PlotError;

/// A photo, already made as small as it is drawn: a page of a hundred photos
/// does not need them all in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Photo {
    pub(crate) image: RgbImage,
}

/// The most pixels in each direction that a [`Photo`] keeps.
const MOST: (u32, u32) = (464, 348);

/// Of JPEGs, out of 100: texts stay legible.
const QUALITY: u8 = 92;

impl Photo {
    /// `photo` as large as fits into 464 × 348 pixels, its aspect ratio kept.
    ///
    /// # Errors
    /// [`PlotError::EmptyPhoto`] for one without pixels.
    pub fn new(photo: &RgbImage) -> Result<Self, PlotError> {
        Ok(Self {
            image: thumbnail(photo, MOST.0, MOST.1)?,
        })
    }

    /// The part of the photo whose left, top, width and height are these shares of
    /// its own; at least one pixel.
    pub fn part(&self, shares: [f64; 4]) -> Self {
        Self {
            image: part(&self.image, shares),
        }
    }

    /// The photo as large as fits into `frame`.
    pub(crate) fn fit(&self, frame: Rect) -> Result<RgbImage, PlotError> {
        thumbnail(&self.image, frame.width as u32, frame.height as u32)
    }
}

/// The part of `photo` whose left, top, width and height are these shares of its own; at least
/// one pixel of a photo that has any.
pub fn part(photo: &RgbImage, [left, top, width, height]: [f64; 4]) -> RgbImage {
    let (full_width, full_height) = photo.dimensions();
    let span = |start: f64, length: f64, full: u32| {
        let at = |share: f64| (share.clamp(0.0, 1.0) * f64::from(full)).round() as u32;
        let first = at(start).min(full.saturating_sub(1));
        (first, at(start + length).max(first + 1) - first)
    };
    let (x, width) = span(left, width, full_width);
    let (y, height) = span(top, height, full_height);
    imageops::crop_imm(photo, x, y, width, height).to_image()
}

/// `photo`, made smaller if it is larger than `width` × `height` pixels, without changing its
/// aspect ratio.
///
/// # Errors
/// [`PlotError::EmptyPhoto`] for one without pixels.
pub fn shrunk(photo: &RgbImage, width: u32, height: u32) -> Result<RgbImage, PlotError> {
    let (own_width, own_height) = photo.dimensions();
    if own_width == 0 || own_height == 0 || own_width > width || own_height > height {
        return thumbnail(photo, width, height);
    }
    Ok(photo.clone())
}

/// The bytes of a JPEG file.
///
/// # Errors
/// [`PlotError::Encode`].
pub fn jpeg(picture: &RgbImage) -> Result<Vec<u8>, PlotError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(picture)?;
    Ok(bytes)
}

/// The bytes of a PNG file.
///
/// # Errors
/// [`PlotError::Encode`].
pub fn png(picture: &RgbImage) -> Result<Vec<u8>, PlotError> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(PngEncoder::new(&mut bytes))?;
    Ok(bytes)
}

/// `photo` as large as fits into `width` × `height` pixels without changing its
/// aspect ratio.
fn thumbnail(photo: &RgbImage, width: u32, height: u32) -> Result<RgbImage, PlotError> {
    let (from_width, from_height) = photo.dimensions();
    let ratio = f64::from(width) / f64::from(from_width);
    let ratio = ratio.min(f64::from(height) / f64::from(from_height));
    // A strip of 10000 × 1 pixels still has a row.
    let scaled = |size: u32, most: u32| ((f64::from(size) * ratio).round() as u32).clamp(1, most);
    let size = (scaled(from_width, width), scaled(from_height, height));
    if size == (from_width, from_height) {
        return Ok(photo.clone());
    }
    resized(photo, size)
}

/// `photo` with as many pixels as `size` says, width first.
///
/// # Errors
/// [`PlotError::EmptyPhoto`] for one without pixels.
pub fn resized(photo: &RgbImage, size: (u32, u32)) -> Result<RgbImage, PlotError> {
    let (width, height) = photo.dimensions();
    if width == 0 || height == 0 {
        return Err(PlotError::EmptyPhoto { width, height });
    }
    let mut image = RgbImage::new(size.0, size.1);
    let draw = |why: &dyn Display| PlotError::Draw(why.to_string());
    let source = TypedImageRef::<U8x3>::from_buffer(width, height, photo.as_raw());
    let source = source.map_err(|error| draw(&error))?;
    let target = TypedImage::<U8x3>::from_buffer(size.0, size.1, &mut image);
    let mut target = target.map_err(|error| draw(&error))?;
    let algorithm = ResizeAlg::Convolution(FilterType::CatmullRom);
    let options = ResizeOptions::new().resize_alg(algorithm);
    let resized = Resizer::new().resize_typed(&source, &mut target, &options);
    resized.map_err(|error| draw(&error))?;
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_aspect_ratio_is_kept_whatever_the_shape() {
        let size = |width, height| {
            let small = thumbnail(&RgbImage::new(width, height), 480, 360).unwrap();
            small.dimensions()
        };
        assert_eq!(size(674, 506), (480, 360));
        assert_eq!(size(512, 512), (360, 360));
        assert_eq!(size(100, 400), (90, 360));
        assert_eq!(size(10_000, 1), (480, 1));
        assert_eq!(size(2, 1), (480, 240));
    }

    #[test]
    fn a_part_is_where_its_shares_say_and_never_empty() {
        let photo = RgbImage::from_fn(464, 232, |x, y| image::Rgb([x as u8, y as u8, 0]));
        let photo = Photo::new(&photo).unwrap();
        let part = photo.part([0.25, 0.0, 0.5, 1.0]).image;
        assert_eq!(part.dimensions(), (232, 232));
        assert_eq!(part.get_pixel(0, 7), photo.image.get_pixel(116, 7));
        assert_eq!(photo.part([0.0, 0.0, 1.0, 1.0]), photo);
        assert_eq!(photo.part([1.0, 1.0, 0.0, 0.0]).image.dimensions(), (1, 1));
    }

    #[test]
    fn a_photo_without_pixels_is_refused_with_its_size() {
        let empty = RgbImage::new(0, 9);
        for error in [
            Photo::new(&empty).unwrap_err(),
            resized(&empty, (4, 4)).unwrap_err(),
        ] {
            assert_eq!(error.to_string(), "the photo is 0×9 pixels large");
        }
    }
}
