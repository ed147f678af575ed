//! Orientation in PNG and WebP; `jpeg.rs` has that of JPEG.

use std::io::Cursor;

use crate::support::metadata::{
    EXIF_PREFIX, exif, extended_webp, itxt, raw_profile, with_chunk, xmp, ztxt,
};
use image::{DynamicImage, ImageFormat};
use psp_data::{DecodeLimits, RgbImage, decode_bytes};

/// Three by two pixels, each of its own colour.
fn picture() -> RgbImage {
    RgbImage::from_fn(3, 2, |x, y| image::Rgb([x as u8 * 50, y as u8 * 90, 7]))
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    DynamicImage::ImageRgb8(picture())
        .write_to(&mut Cursor::new(&mut bytes), format)
        .unwrap();
    bytes
}

fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    decode_bytes(bytes, "picture", &DecodeLimits::default()).map_err(|e| e.to_string())
}

/// Where the pixel at (x, y) of a picture of 3x2 stands when it is stored with
/// an orientation (EXIF 2.3, figure 10).
fn stored_at(orientation: u8, x: u32, y: u32) -> (u32, u32) {
    match orientation {
        2 => (2 - x, y),
        3 => (2 - x, 1 - y),
        4 => (x, 1 - y),
        5 => (y, x),
        6 => (y, 1 - x),
        7 => (2 - y, 1 - x),
        8 => (2 - y, x),
        _ => (x, y),
    }
}

#[track_caller]
fn assert_turned(bytes: &[u8], orientation: u8) {
    let image = decode(bytes).unwrap();
    let (stored, aside) = (picture(), (5..=8).contains(&orientation));
    assert_eq!(image.dimensions(), if aside { (2, 3) } else { (3, 2) });
    for (x, y, pixel) in image.enumerate_pixels() {
        let (from_x, from_y) = stored_at(orientation, x, y);
        assert_eq!(
            pixel,
            stored.get_pixel(from_x, from_y),
            "orientation {orientation}"
        );
    }
}

#[test]
fn a_png_is_turned_by_exif_before_or_after_its_pixels() {
    let png = encoded(ImageFormat::Png);
    for orientation in 0..=9_u8 {
        for late in [false, true] {
            let block = exif(orientation.is_multiple_of(2), 3, orientation);
            assert_turned(&with_chunk(&png, b"eXIf", &block, late), orientation);
            let prefixed = [EXIF_PREFIX, &block].concat();
            assert_turned(&with_chunk(&png, b"eXIf", &prefixed, late), orientation);
        }
    }
}

#[test]
fn a_png_is_turned_by_a_raw_profile_and_by_xmp() {
    let png = encoded(ImageFormat::Png);
    let keyword = b"Raw profile type exif";
    let profile = raw_profile(&exif(false, 4, 6));
    for late in [false, true] {
        let text = [keyword, &b"\0"[..], &profile].concat();
        assert_turned(&with_chunk(&png, b"tEXt", &text, late), 6);
        assert_turned(
            &with_chunk(&png, b"zTXt", &ztxt(keyword, &profile), late),
            6,
        );
        assert_turned(
            &with_chunk(&png, b"iTXt", &itxt(keyword, &profile), late),
            6,
        );
        for attribute in [false, true] {
            let packet = itxt(b"XML:com.adobe.xmp", &xmp(attribute, 8));
            assert_turned(&with_chunk(&png, b"iTXt", &packet, late), 8);
        }
    }
}

#[test]
fn an_exif_chunk_goes_before_a_raw_profile_and_exif_before_xmp() {
    let mut png = encoded(ImageFormat::Png);
    png = with_chunk(
        &png,
        b"iTXt",
        &itxt(b"XML:com.adobe.xmp", &xmp(true, 8)),
        false,
    );
    let profile = ztxt(b"Raw profile type exif", &raw_profile(&exif(true, 3, 3)));
    png = with_chunk(&png, b"zTXt", &profile, false);
    assert_turned(&png, 3);
    png = with_chunk(&png, b"eXIf", &exif(true, 3, 6), true);
    assert_turned(&png, 6);
}

#[test]
fn a_webp_is_turned_by_exif_with_or_without_its_prefix_and_by_xmp() {
    let webp = encoded(ImageFormat::WebP);
    for orientation in 0..=9_u8 {
        let block = exif(false, 3, orientation);
        let prefixed = [EXIF_PREFIX, &block].concat();
        for exif in [block, prefixed] {
            assert_turned(&extended_webp(&webp, Some(&exif), None), orientation);
            let other = xmp(true, 3);
            assert_turned(
                &extended_webp(&webp, Some(&exif), Some(&other)),
                orientation,
            );
        }
        let packet = xmp(false, orientation);
        assert_turned(&extended_webp(&webp, None, Some(&packet)), orientation);
    }
}

#[test]
fn a_png_or_webp_with_a_broken_exif_block_is_refused() {
    let png = with_chunk(&encoded(ImageFormat::Png), b"eXIf", b"nonsense", false);
    assert!(decode(&png).unwrap_err().contains("EXIF block is damaged"));
    let webp = extended_webp(&encoded(ImageFormat::WebP), Some(b"nonsense"), None);
    assert!(decode(&webp).unwrap_err().contains("EXIF block is damaged"));
}
