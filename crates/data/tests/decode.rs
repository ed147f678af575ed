//! Decoded values against Pillow 13.0's, `ImageOps.exif_transpose(im).convert("RGB")`.
//!
//! The fixtures are 24x16 pictures that Pillow wrote, save for the 16-bit RGB
//! PNGs and changed headers (`bomb.png`, `cmyk_plain.jpg` without its Adobe
//! segment, `ycck_adobe.jpg` with Adobe's transform set to 2).

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::metadata::with_chunk;
use crate::support::{Folder, assert_says};
use psp_data::{DataError, DecodeLimits, RgbImage, decode_bytes, decode_file};

fn fixture(name: &str) -> PathBuf {
    Path::new("tests/fixtures").join(name)
}

fn decode(name: &str) -> RgbImage {
    decode_file(&fixture(name), &DecodeLimits::default()).unwrap()
}

/// File, and Pillow's values at the top left, top right, middle, (w/4, 3*(h/4))
/// and bottom right.
type Recorded = (&'static str, [[u8; 3]; 5]);

#[track_caller]
fn assert_as_recorded(recorded: &[Recorded], (width, height): (u32, u32), tolerance: u8) {
    for &(name, values) in recorded {
        let image = decode(name);
        assert_eq!(image.dimensions(), (width, height), "{name}");
        let places = [
            (0, 0),
            (width - 1, 0),
            (width / 2, height / 2),
            (width / 4, height / 4 * 3),
            (width - 1, height - 1),
        ];
        for ((x, y), expected) in places.into_iter().zip(values) {
            let found = image.get_pixel(x, y).0;
            let near = found
                .iter()
                .zip(expected)
                .all(|(f, e)| f.abs_diff(e) <= tolerance);
            assert!(
                near,
                "{name} at ({x}, {y}): {found:?}, Pillow has {expected:?}"
            );
        }
    }
}

#[test]
fn lossless_formats_decode_to_exactly_pillows_values() {
    #[rustfmt::skip]
    let recorded = [
        ("alpha.png", [[40, 200, 60], [224, 200, 152], [136, 128, 148], [88, 92, 144], [224, 65, 227]]),
        ("bilevel.png", [[255, 255, 255], [255, 255, 255], [255, 255, 255], [255, 255, 255], [0, 0, 0]]),
        ("grey_alpha.png", [[136, 136, 136], [202, 202, 202], [133, 133, 133], [97, 97, 97], [131, 131, 131]]),
        ("lossless.webp", [[40, 200, 60], [224, 200, 152], [136, 128, 148], [88, 92, 144], [224, 65, 227]]),
        ("palette.png", [[56, 182, 78], [200, 191, 145], [148, 142, 147], [100, 106, 143], [200, 74, 210]]),
        ("palette_transparent.png", [[80, 164, 100], [176, 164, 148], [176, 164, 148], [80, 92, 140], [176, 92, 188]]),
        ("plain.bmp", [[40, 200, 60], [224, 200, 152], [136, 128, 148], [88, 92, 144], [224, 65, 227]]),
        ("rgb16.png", [[0, 255, 0], [242, 255, 63], [126, 162, 61], [63, 115, 59], [243, 80, 116]]),
        ("rgba16.png", [[0, 255, 0], [242, 255, 63], [126, 162, 61], [63, 115, 59], [243, 80, 116]]),
    ];
    assert_as_recorded(&recorded, (24, 16), 0);
}

#[test]
fn jpegs_decode_to_exactly_pillows_values() {
    #[rustfmt::skip]
    let recorded = [
        ("baseline.jpg", [[45, 195, 69], [224, 199, 158], [137, 128, 149], [91, 90, 147], [217, 70, 220]]),
        ("progressive.jpg", [[39, 200, 62], [224, 200, 152], [136, 128, 149], [89, 92, 143], [224, 66, 225]]),
        ("grey.jpg", [[136, 136, 136], [202, 202, 202], [133, 133, 133], [97, 97, 97], [131, 131, 131]]),
    ];
    assert_as_recorded(&recorded, (24, 16), 0);
}

#[test]
fn lossy_webp_decodes_to_pillows_values_within_two_grey_levels() {
    #[rustfmt::skip]
    let recorded = [
        ("lossy.webp", [[43, 192, 73], [218, 200, 158], [136, 125, 152], [90, 91, 143], [219, 73, 215]]),
    ];
    assert_as_recorded(&recorded, (24, 16), 2);
}

#[test]
fn cmyk_and_ycck_follow_the_inverted_convention_as_in_pillow() {
    #[rustfmt::skip]
    let recorded = [
        ("cmyk_adobe.jpg", [[254, 55, 195], [35, 40, 75], [108, 93, 79], [150, 121, 82], [24, 94, 13]]),
        ("cmyk_plain.jpg", [[254, 55, 195], [35, 40, 75], [108, 93, 79], [150, 121, 82], [24, 94, 13]]),
        ("ycck_adobe.jpg", [[0, 23, 128], [177, 120, 186], [100, 68, 81], [58, 39, 0], [126, 77, 48]]),
    ];
    assert_as_recorded(&recorded, (24, 16), 0);
}

#[test]
fn exif_orientation_is_applied() {
    #[rustfmt::skip]
    let recorded = [
        ("exif2.jpg", [[224, 200, 152], [39, 200, 62], [129, 128, 144], [173, 92, 185], [39, 66, 135]]),
    ];
    assert_as_recorded(&recorded, (24, 16), 0);
    #[rustfmt::skip]
    let recorded = [
        ("exif6.jpg", [[39, 66, 135], [39, 200, 62], [136, 137, 142], [185, 101, 187], [224, 200, 152]]),
        ("exif8.jpg", [[224, 200, 152], [224, 66, 225], [129, 128, 144], [79, 164, 99], [39, 66, 135]]),
    ];
    assert_as_recorded(&recorded, (16, 24), 0);
}

#[test]
fn sixteen_bit_grey_is_refused_rather_than_guessed() {
    let error = decode_file(&fixture("grey16.png"), &DecodeLimits::default()).unwrap_err();
    assert_says(&error.to_string(), &["grey16.png", "16-bit grey", "8 bits"]);
    let transparent = with_chunk(
        &fs::read(fixture("grey16.png")).unwrap(),
        b"tRNS",
        &[0, 1],
        false,
    );
    let error = decode_bytes(&transparent, "clear.png", &DecodeLimits::default()).unwrap_err();
    assert_says(&error.to_string(), &["clear.png", "16-bit grey"]);
}

#[test]
fn the_format_goes_by_content_whatever_the_name_says() {
    let folder = Folder::new();
    let path = folder.write("photo.jpg", fs::read(fixture("alpha.png")).unwrap());
    let image = decode_file(&path, &DecodeLimits::default()).unwrap();
    assert_eq!(image, decode("alpha.png"));
}

#[test]
fn a_decompression_bomb_is_refused_by_its_header() {
    let error = decode_file(&fixture("bomb.png"), &DecodeLimits::default()).unwrap_err();
    assert!(matches!(
        error,
        DataError::TooManyPixels {
            width: 60000,
            height: 60000,
            ..
        }
    ));
    assert_says(
        &error.to_string(),
        &[
            "bomb.png",
            "60000x60000",
            "179000000",
            "3600 megapixels",
            "`data.max_megapixels`",
            "--max-megapixels",
        ],
    );
    for name in [
        "baseline.jpg",
        "progressive.jpg",
        "plain.bmp",
        "lossy.webp",
        "palette.png",
    ] {
        let limits = |max_pixels| DecodeLimits { max_pixels };
        let error = decode_file(&fixture(name), &limits(24 * 16 - 1)).unwrap_err();
        assert!(
            matches!(error, DataError::TooManyPixels { .. }),
            "{name}: {error}"
        );
        decode_file(&fixture(name), &limits(24 * 16)).unwrap();
    }
}

#[test]
fn a_file_cut_off_anywhere_is_an_error_that_names_it() {
    let entries = fs::read_dir(fixture("")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for name in names.filter(|name| name != "bomb.png" && name != "grey16.png") {
        let name = &*name;
        let bytes = fs::read(fixture(name)).unwrap();
        decode_bytes(&bytes, name, &DecodeLimits::default()).unwrap();
        for length in 0..bytes.len() {
            let result = decode_bytes(&bytes[..length], name, &DecodeLimits::default());
            let error = result
                .expect_err(&format!("{name} cut to {length} bytes"))
                .to_string();
            assert_says(&error, &[name, "not a readable image"]);
        }
    }
}

#[test]
fn a_wrong_checksum_in_a_png_is_told_with_the_name_of_its_chunk() {
    let mut bytes = fs::read(fixture("alpha.png")).unwrap();
    // Behind the signature, the chunk's length and type, and 13 bytes.
    bytes[8 + 8 + 13] ^= 1;
    let error = decode_bytes(&bytes, "photo.png", &DecodeLimits::default()).unwrap_err();
    assert_says(
        &error.to_string(),
        &["photo.png", "the checksum of its IHDR chunk does not match"],
    );
    assert!(!error.to_string().contains("ChunkType"), "{error}");
}

#[test]
fn bytes_that_are_no_image_are_refused() {
    for bytes in [
        &b""[..],
        b"hello, I am not an image at all",
        b"\xff\xd8\xff",
        b"GIF89a......",
    ] {
        let error = decode_bytes(bytes, "upload", &DecodeLimits::default()).unwrap_err();
        assert_says(&error.to_string(), &["upload", "JPEG, PNG, WebP or BMP"]);
    }
}

#[test]
fn damaged_files_never_panic_with_seed_1() {
    // splitmix64, so that the damage is the same on every run.
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) as usize
    };
    let limits = DecodeLimits {
        max_pixels: 100_000,
    };
    for entry in fs::read_dir(fixture("")).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        for _ in 0..200 {
            let mut damaged = bytes.clone();
            for _ in 0..1 + next() % 4 {
                let place = next() % damaged.len();
                damaged[place] = next() as u8;
            }
            let _ = decode_bytes(&damaged, "damaged", &limits);
        }
    }
}
