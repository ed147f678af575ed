//! Image files to RGB pixels.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::metadata::Orientation;
use image::{
    DynamicImage, ImageBuffer, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Pixel,
    RgbImage,
};
use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::jpeg::{self, Jpeg};
use crate::{bmp, orientation, webp, whole};

/// To be raised when an image file decodes to other pixels than before, by a
/// change here or in a decoder: what was computed from the old ones and stored
/// (pixels, features) is then left alone and no longer read.
pub const DECODE_VERSION: u32 = 3;

/// How large an image may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DecodeLimits {
    /// The largest width times height, in pixels, by the file's header.
    pub max_pixels: u64,
}

impl Default for DecodeLimits {
    /// 179 megapixels, as many as Pillow opens: above any phone's photo, 537 MB of RGB.
    fn default() -> Self {
        Self {
            max_pixels: 179_000_000,
        }
    }
}

/// Reads and decodes an image file; see [`decode_bytes`].
///
/// # Errors
/// A file that can't be read, and all of [`decode_bytes`]'s.
pub fn decode_file(path: &Path, limits: &DecodeLimits) -> Result<RgbImage, DataError> {
    let bytes = read_image(path)?;
    decode_bytes(&bytes, &path.to_string_lossy(), limits)
}

/// The bytes of an image file.
///
/// # Errors
/// What can't be read, and what is no file: a pipe is waited for and a device may
/// never end.
pub(crate) fn read_image(path: &Path) -> Result<Vec<u8>, DataError> {
    psp_schema::check_is_file(path)?;
    std::fs::read(path).map_err(DataError::io(path, "read this image"))
}

/// Decodes a JPEG, PNG, WebP or BMP, told apart by content, to 8-bit RGB.
///
/// The pixels are those of Pillow's `ImageOps.exif_transpose(im).convert("RGB")`:
/// the orientation that EXIF or XMP tells is applied, alpha is dropped (not
/// blended), palettes and grey are expanded, CMYK and YCCK follow Adobe's
/// inverted convention, embedded colour profiles are ignored, of 16-bit values
/// the high byte is kept, and of an animation the first frame. 16-bit grey is
/// refused, since that conversion makes nearly all of it white, and so are BMPs
/// that decoders understand differently, run-length encoded ones among them.
///
/// `name` stands for the bytes in errors.
///
/// # Errors
/// [`DataError::TooManyPixels`] from the header alone, before any pixel is
/// decoded; [`DataError::UnreadKind`] for such a BMP; [`DataError::Decode`] for
/// anything else that is not a whole image: cut-off and damaged files, and other
/// kinds of image that are not read.
pub fn decode_bytes(
    bytes: &[u8],
    name: &str,
    limits: &DecodeLimits,
) -> Result<RgbImage, DataError> {
    // A decoder's bug must cost one image, not the program: images come from
    // strangers when a model is served.
    catch_unwind(AssertUnwindSafe(|| decode(bytes, name, limits)))
        .unwrap_or_else(|_| Err(refused(name, "the decoder failed inside")))
}

fn decode(bytes: &[u8], name: &str, limits: &DecodeLimits) -> Result<RgbImage, DataError> {
    if bytes.is_empty() {
        return Err(refused(name, "the file is empty"));
    }
    let (image, orientation) = if jpeg::is_jpeg(bytes) {
        decode_jpeg(bytes, name, limits)?
    } else {
        decode_other(bytes, name, limits)?
    };
    let mut upright = DynamicImage::ImageRgb8(image);
    upright.apply_orientation(orientation);
    Ok(upright.into_rgb8())
}

fn decode_jpeg(
    bytes: &[u8],
    name: &str,
    limits: &DecodeLimits,
) -> Result<(RgbImage, Orientation), DataError> {
    let undecodable = |error: jpeg::JpegError| refused(name, error.to_string());
    let jpeg = Jpeg::open(bytes).map_err(undecodable)?;
    let (width, height) = jpeg.dimensions();
    check_size(name, (width, height), limits)?;
    let orientation = orientation::of_jpeg(jpeg.app1());
    let pixels = jpeg.decode().map_err(undecodable)?;
    let image = RgbImage::from_raw(width, height, pixels)
        .ok_or_else(|| refused(name, "its pixels do not fill it"))?;
    Ok((image, orientation))
}

fn decode_other(
    bytes: &[u8],
    name: &str,
    limits: &DecodeLimits,
) -> Result<(RgbImage, Orientation), DataError> {
    let undecodable = |error: ImageError| refused(name, reason_of(&error));
    if bytes.starts_with(b"version https://git-lfs.github.com/spec/") {
        return Err(refused(
            name,
            "it is a pointer of Git LFS in the image's place; `git lfs pull` brings the image",
        ));
    }
    let bytes = &*webp::with_first_frame_unblended(bytes);
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| refused(name, error.to_string()))?;
    let format = reader.format();
    reader.limits(allocation_limits(limits));
    let decoder = reader.into_decoder().map_err(undecodable)?;
    check_size(name, decoder.dimensions(), limits)?;
    whole::check(bytes).map_err(|reason| refused(name, reason))?;
    if format == Some(ImageFormat::Bmp) {
        bmp::check(bytes).map_err(|kind| DataError::UnreadKind {
            file: name.to_owned(),
            kind,
        })?;
    }
    if format == Some(ImageFormat::Png) && is_grey16_png(bytes) {
        return Err(refused(
            name,
            "it is 16-bit grey, of which an 8-bit conversion would be a guess; save it with 8 bits",
        ));
    }
    let orientation = match format {
        Some(ImageFormat::Png) => orientation::of_png(bytes),
        Some(ImageFormat::WebP) => orientation::of_webp(bytes),
        _ => Ok(Orientation::NoTransforms),
    };
    let orientation = orientation.map_err(|reason| refused(name, reason))?;
    let decoded = DynamicImage::from_decoder(decoder).map_err(undecodable)?;
    Ok((into_rgb8(decoded), orientation))
}

/// What a decoder says, with PNG's chunks by their names alone: it debugs them.
fn reason_of(error: &ImageError) -> String {
    let said = error.to_string();
    let parts = said
        .split_once("ChunkType { type: ")
        .and_then(|(before, rest)| {
            let (chunk, after) = rest.split_once(" }")?;
            let (name, _) = chunk.split_once(", critical")?;
            Some((before, name, after))
        });
    match parts {
        Some((before, name, _)) if before.contains("CRC error") => {
            format!("damaged: the checksum of its {name} chunk does not match")
        }
        Some((before, name, after)) => format!("{before}{name}{after}"),
        None => said,
    }
}

/// By the header's depth and colour type: with a `tRNS` chunk the decoder gives
/// such a PNG as grey with alpha.
fn is_grey16_png(bytes: &[u8]) -> bool {
    bytes.get(24..26).is_some_and(|header| header == [16, 0])
}

fn check_size(
    name: &str,
    (width, height): (u32, u32),
    limits: &DecodeLimits,
) -> Result<(), DataError> {
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(DataError::TooManyPixels {
            file: name.to_owned(),
            width,
            height,
            max_pixels: limits.max_pixels,
        });
    }
    if width == 0 || height == 0 {
        return Err(refused(name, format!("it has {width}x{height} pixels")));
    }
    Ok(())
}

/// What the decoder itself may allocate: the widest pixel that any of the
/// formats has, 16-bit RGBA, and some for its own tables.
fn allocation_limits(limits: &DecodeLimits) -> Limits {
    let mut allocation = Limits::no_limits();
    allocation.max_alloc = Some(limits.max_pixels.saturating_mul(8).saturating_add(64 << 20));
    allocation
}

/// Drops alpha and low bytes; `into_rgb8` of the image crate would round
/// 16-bit values instead.
fn into_rgb8(image: DynamicImage) -> RgbImage {
    match image {
        DynamicImage::ImageLumaA16(wide) => high_bytes(&wide, |p| [p.0[0]; 3]),
        DynamicImage::ImageRgb16(wide) => high_bytes(&wide, |p| p.0),
        DynamicImage::ImageRgba16(wide) => high_bytes(&wide, |p| [p.0[0], p.0[1], p.0[2]]),
        narrow => narrow.into_rgb8(),
    }
}

fn high_bytes<P: Pixel<Subpixel = u16>>(
    wide: &ImageBuffer<P, Vec<u16>>,
    rgb: impl Fn(&P) -> [u16; 3],
) -> RgbImage {
    let mut narrow = RgbImage::new(wide.width(), wide.height());
    for (out, pixel) in narrow.pixels_mut().zip(wide.pixels()) {
        out.0 = rgb(pixel).map(|value| (value >> 8) as u8);
    }
    narrow
}

fn refused(name: &str, reason: impl Into<String>) -> DataError {
    DataError::Decode {
        file: name.to_owned(),
        reason: reason.into(),
    }
}
