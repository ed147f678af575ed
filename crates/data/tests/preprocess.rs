//! Preprocessing against torchvision 0.24 on Pillow images.

use std::fs;

use crate::support::assert_says;
use crate::support::shared::shared;
use psp_data::{DecodeLimits, Preprocessing, Resize, RgbImage, decode_file};

const CROP: Resize = Resize::ShortestSideCenterCrop {
    resize: 256,
    crop: 224,
};

fn with(resize: Resize) -> Preprocessing {
    Preprocessing {
        resize,
        ..Preprocessing::imagenet(224)
    }
}

/// Compares with the owner's reference images: no value off by more than 1 grey level, and at
/// most 0.3 % off at all.
fn assert_like_torchvision(folder: &str, resize: Resize) {
    let Some(folder) = shared(folder) else {
        return;
    };
    let Some(photos) = shared("data/carparts/imgs") else {
        return;
    };
    let mut compared = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let reference = entry.unwrap().path();
        let photo = photos
            .join(reference.file_stem().unwrap())
            .with_extension("jpg");
        let limits = DecodeLimits::default();
        let expected = decode_file(&reference, &limits).unwrap();
        let found = with(resize)
            .resize(&decode_file(&photo, &limits).unwrap())
            .unwrap();
        assert_eq!(found.dimensions(), expected.dimensions());
        let differences: Vec<u8> = found
            .iter()
            .zip(expected.iter())
            .map(|(a, b)| a.abs_diff(*b))
            .collect();
        let most = differences.iter().max().unwrap();
        let off = differences.iter().filter(|&&d| d > 0).count() as f64 / differences.len() as f64;
        eprintln!("{}: {off:.6} off by up to {most}", reference.display());
        assert!(*most <= 1, "{}: {most}", reference.display());
        assert!(off <= 0.003, "{}: {off} off", reference.display());
        compared += 1;
    }
    assert_eq!(compared, 4);
}

#[test]
fn squashing_matches_torchvision_on_real_photos() {
    assert_like_torchvision(
        "reference/photos",
        Resize::Squash {
            width: 224,
            height: 224,
        },
    );
}

#[test]
fn shortest_side_and_center_crop_match_torchvision_on_real_photos() {
    assert_like_torchvision("reference/preprocess", CROP);
}

/// A picture with detail in both directions.
fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([(x * 7 + y * 3) as u8, (x * y) as u8, (255 - x) as u8])
    })
}

#[test]
fn cropping_the_source_gives_the_pixels_of_resizing_all_and_cropping_then() {
    for (width, height) in [(67, 50), (50, 67), (301, 200), (40, 40), (33, 500)] {
        let (resize, crop) = (32u32, 24u32);
        let image = picture(width, height);
        let direct = with(Resize::ShortestSideCenterCrop { resize, crop })
            .resize(&image)
            .unwrap();
        let short = width.min(height);
        let (full_width, full_height) = (resize * width / short, resize * height / short);
        let full = with(Resize::Squash {
            width: full_width,
            height: full_height,
        })
        .resize(&image)
        .unwrap();
        let offset = |size: u32| (f64::from(size - crop) / 2.0).round_ties_even() as u32;
        let (left, top) = (offset(full_width), offset(full_height));
        for (x, y, pixel) in direct.enumerate_pixels() {
            let expected = full.get_pixel(left + x, top + y);
            let near = pixel
                .0
                .iter()
                .zip(expected.0)
                .all(|(a, b)| a.abs_diff(b) <= 1);
            assert!(
                near,
                "{width}x{height} at ({x}, {y}): {pixel:?} {expected:?}"
            );
        }
    }
}

#[test]
fn an_image_of_the_right_size_stays_as_it_is() {
    let image = picture(224, 224);
    assert_eq!(Preprocessing::imagenet(224).resize(&image).unwrap(), image);
}

#[test]
fn a_strip_of_one_pixel_by_many_is_resized_without_a_giant_intermediate() {
    let strip = picture(1, 60_000);
    assert_eq!(with(CROP).resize(&strip).unwrap().dimensions(), (224, 224));
    assert!(with(CROP).resize(&RgbImage::new(0, 5)).is_err());
}

#[test]
fn normalising_gives_channel_planes_with_torchvisions_values() {
    let preprocessing = Preprocessing::imagenet(2);
    let mut out = [0.0; 6];
    preprocessing.normalise_into(&[0, 128, 255, 255, 0, 64], &mut out);
    // torch: Normalize(mean, std)(ToTensor()(im)).
    let expected = [
        -2.117_904,
        2.248_908_3,
        0.205_182_13,
        -2.035_714_4,
        2.64,
        -0.688_976_05,
    ];
    for (found, expected) in out.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5, "{out:?}");
    }
    let back = preprocessing.denormalise(&out);
    assert_eq!(back, [0, 128, 255, 255, 0, 64]);
}

#[test]
fn the_json_form_is_stable_and_refuses_unknown_fields() {
    let json = r#"{"resize":{"mode":"squash","width":320,"height":240},"mean":[0.5,0.5,0.5],"std":[0.25,0.25,0.25]}"#;
    let squash: Preprocessing = serde_json::from_str(json).unwrap();
    assert_eq!(squash.output_size(), (320, 240));
    assert_eq!(serde_json::to_string(&squash).unwrap(), json);
    let json = r#"{"mode":"shortest_side_center_crop","resize":256,"crop":224}"#;
    assert_eq!(serde_json::from_str::<Resize>(json).unwrap(), CROP);
    assert_eq!(serde_json::to_string(&CROP).unwrap(), json);
    for wrong in [
        r#"{"mode":"squash","width":320,"height":240,"filter":"nearest"}"#,
        r#"{"mode":"stretch","width":320,"height":240}"#,
        r#"{"mode":"squash","width":320}"#,
    ] {
        assert!(serde_json::from_str::<Resize>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn values_that_cannot_work_are_refused_by_name() {
    let refusal = |p: Preprocessing| p.validate().unwrap_err().to_string();
    let good = || Preprocessing::imagenet(224);
    good().validate().unwrap();
    assert_says(&refusal(Preprocessing::imagenet(0)), &["resize", "0x0"]);
    assert_says(
        &refusal(Preprocessing::imagenet(100_000)),
        &["resize", "8192"],
    );
    let crop = Resize::ShortestSideCenterCrop {
        resize: 100,
        crop: 101,
    };
    assert_says(&refusal(with(crop)), &["resize.crop", "101", "100"]);
    assert_says(
        &refusal(Preprocessing {
            std: [0.2, 0.0, 0.2],
            ..good()
        }),
        &["std", "positive"],
    );
    assert_says(
        &refusal(Preprocessing {
            mean: [f32::NAN; 3],
            ..good()
        }),
        &["mean", "finite"],
    );
}
