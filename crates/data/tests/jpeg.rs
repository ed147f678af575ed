//! JPEGs of kinds that few encoders write, against what was put into them.

use crate::support::jpeg::{Encoder, Scans};
use crate::support::metadata::{self, EXIF_PREFIX, XMP_PREFIX};
use psp_data::{DecodeLimits, RgbImage, decode_bytes};

fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    decode_bytes(bytes, "generated.jpg", &DecodeLimits::default()).map_err(|e| e.to_string())
}

/// Y, Cb and Cr (or inks) that change slowly, so that subsampling loses little.
fn smooth(component: usize, x: f64, y: f64) -> f64 {
    [
        60.0 + 1.5 * x + 0.5 * y,
        110.0 + 0.3 * x,
        150.0 - 0.3 * y,
        230.0 - 0.5 * x,
    ][component]
}

/// The pixel that [`smooth`] makes at a place, by the colours of JFIF.
fn smooth_pixel(x: f64, y: f64) -> [f64; 3] {
    let [luma, cb, cr] = [0, 1, 2].map(|c| smooth(c, x, y));
    let (cb, cr) = (cb - 128.0, cr - 128.0);
    [
        luma + 1.402 * cr,
        luma - 0.344_136 * cb - 0.714_136 * cr,
        luma + 1.772 * cb,
    ]
}

/// The mean difference from the picture that a function of the place gives.
fn mean_difference(image: &RgbImage, expected: impl Fn(f64, f64) -> [f64; 3]) -> f64 {
    let mut sum = 0.0;
    for (x, y, pixel) in image.enumerate_pixels() {
        for (found, expected) in pixel.0.iter().zip(expected(x.into(), y.into())) {
            sum += (f64::from(*found) - expected.clamp(0.0, 255.0)).abs();
        }
    }
    sum / f64::from(3 * image.width() * image.height())
}

#[test]
fn all_sampling_factors_decode_to_the_picture_in_every_structure_of_scans() {
    let factors = || (1..=4).flat_map(|h| (1..=4).map(move |v| (h, v)));
    let (mut decoded, mut refused) = (0, 0);
    for luma in factors() {
        for chroma in factors() {
            for scans in Scans::ALL {
                let mut encoder = Encoder::new(45, 38, &[luma, chroma, chroma]);
                encoder.scans = scans;
                if !encoder.is_allowed() {
                    continue;
                }
                let what = format!("{luma:?} {chroma:?} {scans:?}");
                match decode(&encoder.encode(smooth)) {
                    Ok(image) => {
                        assert_eq!(image.dimensions(), (45, 38), "{what}");
                        let difference = mean_difference(&image, smooth_pixel);
                        assert!(difference < 2.5, "{what}: {difference}");
                        decoded += 1;
                    }
                    // 3 beside 2 or 4: no decoder in use knows that either.
                    Err(reason) => {
                        let most = (luma.0.max(chroma.0), luma.1.max(chroma.1));
                        let divides = [luma, chroma]
                            .iter()
                            .all(|f| most.0 % f.0 == 0 && most.1 % f.1 == 0);
                        assert!(!divides, "{what}: {reason}");
                        assert!(reason.contains("sampling factors"), "{reason}");
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(decoded > 500 && refused > 250, "{decoded} {refused}");
}

#[test]
fn restart_intervals_change_nothing() {
    for scans in Scans::ALL {
        let mut encoder = Encoder::new(70, 50, &[(2, 2), (1, 1), (1, 1)]);
        encoder.scans = scans;
        let without = decode(&encoder.encode(smooth)).unwrap();
        for restart in [1, 2, 7] {
            encoder.restart = restart;
            let with = decode(&encoder.encode(smooth)).unwrap();
            assert!(with == without, "{scans:?}, every {restart} MCUs");
        }
    }
}

#[test]
fn progressive_scans_give_the_same_pixels_as_sequential_ones() {
    let rough = |c: usize, x: f64, y: f64| 128.0 + 90.0 * (x * 0.9 + y * 0.7 + c as f64).sin();
    let mut encoder = Encoder::new(53, 41, &[(2, 1), (1, 1), (1, 1)]);
    encoder.step = 5;
    let sequential = decode(&encoder.encode(rough)).unwrap();
    for scans in Scans::ALL {
        encoder.scans = scans;
        assert!(
            decode(&encoder.encode(rough)).unwrap() == sequential,
            "{scans:?}"
        );
    }
}

#[test]
fn grey_may_have_any_sampling_factors() {
    for sampling in [(1, 1), (2, 2), (3, 1), (4, 4)] {
        let image = decode(&Encoder::new(30, 21, &[sampling]).encode(smooth)).unwrap();
        let difference = mean_difference(&image, |x, y| [smooth(0, x, y); 3]);
        assert!(difference < 1.0, "{sampling:?}: {difference}");
    }
}

#[test]
fn components_named_rgb_are_not_converted_unless_jfif_says_so() {
    let mut encoder = Encoder::new(20, 20, &[(1, 1); 3]);
    encoder.ids = b"RGB".to_vec();
    let difference = |encoder: &Encoder, rgb: bool| {
        let image = decode(&encoder.encode(smooth)).unwrap();
        mean_difference(&image, |x, y| {
            if rgb {
                [0, 1, 2].map(|c| smooth(c, x, y))
            } else {
                smooth_pixel(x, y)
            }
        })
    };
    assert!(difference(&encoder, true) < 1.0);
    encoder.segments = vec![(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec())];
    assert!(difference(&encoder, false) < 1.0);
}

#[test]
fn an_adobe_segment_that_is_too_short_says_nothing() {
    let mut encoder = Encoder::new(20, 20, &[(1, 1); 3]);
    let mut adobe = b"Adobe\0\x64\0\0\0\0\0".to_vec();
    encoder.segments = vec![(0xEE, adobe.clone())];
    let rgb = decode(&encoder.encode(smooth)).unwrap();
    assert!(mean_difference(&rgb, |x, y| [0, 1, 2].map(|c| smooth(c, x, y))) < 1.0);
    adobe.pop();
    encoder.segments = vec![(0xEE, adobe)];
    let ycbcr = decode(&encoder.encode(smooth)).unwrap();
    assert!(mean_difference(&ycbcr, smooth_pixel) < 1.0);
}

#[test]
fn inks_are_stored_inverted() {
    let image = decode(&Encoder::new(30, 21, &[(1, 1); 4]).encode(smooth)).unwrap();
    let difference = mean_difference(&image, |x, y| {
        [0, 1, 2].map(|c| smooth(c, x, y) * smooth(3, x, y) / 255.0)
    });
    assert!(difference < 1.5, "{difference}");
}

#[test]
fn orientation_is_found_in_every_type_split_over_segments_and_in_xmp() {
    let turned = |segments: Vec<(u8, Vec<u8>)>| {
        let mut encoder = Encoder::new(24, 16, &[(1, 1); 3]);
        encoder.segments = segments;
        let image = decode(&encoder.encode(smooth)).unwrap();
        // Orientation 6 is shown turned to the right: left becomes top.
        if image.dimensions() == (24, 16) {
            return false;
        }
        let difference = mean_difference(&image, |x, y| smooth_pixel(y, 15.0 - x));
        assert!(difference < 1.0, "{difference}");
        true
    };
    let exif = |block: &[u8]| (0xE1, [EXIF_PREFIX, block].concat());
    for kind in [3, 4, 5, 6, 8, 9, 10, 11, 13] {
        for little in [true, false] {
            let block = metadata::exif(little, kind, 6);
            assert!(turned(vec![exif(&block)]), "type {kind}");
            let (one, other) = block.split_at(13);
            assert!(turned(vec![exif(one), exif(other)]), "type {kind}, split");
        }
    }
    for attribute in [true, false] {
        let xmp = (0xE1, [XMP_PREFIX, &metadata::xmp(attribute, 6)].concat());
        assert!(turned(vec![xmp.clone()]));
        assert!(!turned(vec![xmp, exif(&metadata::exif(true, 3, 1))]));
    }
    assert!(!turned(vec![exif(b"no TIFF at all")]));
    assert!(!turned(vec![exif(&metadata::exif(true, 3, 9))]));
}

#[test]
fn a_picture_that_lacks_scans_or_data_is_refused_though_it_ends_properly() {
    for scans in Scans::ALL {
        let mut encoder = Encoder::new(64, 48, &[(2, 2), (1, 1), (1, 1)]);
        encoder.scans = scans;
        let whole = encoder.encode(smooth);
        for cut in (whole.len() / 2..whole.len() - 3).step_by(7) {
            let mut ended = whole[..cut].to_vec();
            ended.extend([0xFF, 0xD9]);
            let reason = decode(&ended).expect_err(&format!("{scans:?} cut at {cut}"));
            assert!(reason.contains("not a readable image"), "{reason}");
        }
    }
}

#[test]
fn another_jpeg_behind_a_cut_is_not_made_part_of_the_picture() {
    let whole = Encoder::new(64, 48, &[(2, 2), (1, 1), (1, 1)]).encode(smooth);
    for cut in [whole.len() / 2, whole.len() * 3 / 4] {
        let joined = [&whole[..cut], &whole[..]].concat();
        assert!(
            decode(&joined)
                .unwrap_err()
                .contains("end before the picture")
        );
    }
}

#[test]
fn padding_before_a_marker_and_bytes_behind_the_end_are_passed_over() {
    let whole = Encoder::new(40, 30, &[(2, 2), (1, 1), (1, 1)]).encode(smooth);
    let image = decode(&whole).unwrap();
    let before_end = whole.len() - 2;
    for padding in [&[0; 200][..], &[0x35, 0x71, 0x02]] {
        let padded = [&whole[..before_end], padding, &[0xFF, 0xD9]].concat();
        assert!(decode(&padded).unwrap() == image);
    }
    assert!(decode(&[&whole[..], b"a trailer of the camera"].concat()).unwrap() == image);
    // More than a few bytes of data that nothing was made of: it was misread.
    let data: Vec<u8> = (1..60).collect();
    let left_over = [&whole[..before_end], &data, &[0xFF, 0xD9]].concat();
    assert!(decode(&left_over).unwrap_err().contains("left over"));
}

#[test]
fn what_is_not_read_is_refused_by_name() {
    let whole = Encoder::new(16, 16, &[(1, 1); 3]).encode(smooth);
    let frame = whole.windows(2).position(|w| w == [0xFF, 0xC1]).unwrap();
    let with = |offset: usize, value: u8| {
        let mut bytes = whole.clone();
        bytes[frame + offset] = value;
        decode(&bytes).unwrap_err()
    };
    for (offset, value, reason) in [
        (1, 0xC3, "lossless"),
        (1, 0xC5, "hierarchical"),
        (4, 12, "12 bits"),
        (6, 0, "no size"),
        (11, 0x51, "sampling factor"),
        (10, 2, "same number"),
    ] {
        let message = with(offset, value);
        assert!(message.contains(reason), "{message}");
    }
}
