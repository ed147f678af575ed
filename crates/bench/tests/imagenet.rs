//! Real weights: ResNet18's features and classes of real photos, and files that
//! are not torchvision's own.

use crate::shared::shared;
use burn::tensor::{Device, Tensor, TensorData};
use psp_data::{DecodeLimits, Preprocessing, decode_file};
use psp_models::nn::Noise;
use psp_models::{BackboneKind, DeviceSpec, ModelConfig, Regressor, StateDict, read_state_dict};
use serde::Deserialize;

#[derive(Deserialize)]
struct Recorded {
    photos: Vec<String>,
    features: Vec<Vec<f64>>,
    top5_index: Vec<Vec<usize>>,
    top5_logit: Vec<Vec<f64>>,
}

fn device() -> Device {
    let device = std::env::var("PSP_TEST_DEVICE").unwrap_or_else(|_| "flex".to_owned());
    device.parse::<DeviceSpec>().unwrap().open().unwrap()
}

fn model(kind: BackboneKind, weights: StateDict) -> Regressor {
    let config = ModelConfig {
        transform_input: kind.spec().transforms_input,
        ..ModelConfig::new(kind, 2)
    };
    Regressor::new(&config, 0, &device())
        .load_backbone(weights)
        .unwrap()
}

fn features(model: &Regressor, images: Tensor<4>) -> Vec<f32> {
    let (features, _) = model.backbone.forward(images, &mut Noise::off());
    features.into_data().try_into_vec().unwrap()
}

/// The recorded photos, which have their size already, `[4, 3, 224, 224]`.
fn photos(names: &[String]) -> Option<Tensor<4>> {
    let mut values = Vec::new();
    for name in names {
        let path = shared(&format!("reference/photos/{name}"))?;
        let photo = decode_file(&path, &DecodeLimits::default()).unwrap();
        values.extend(Preprocessing::imagenet(224).apply(&photo).unwrap());
    }
    let data = TensorData::new(values, [names.len(), 3, 224, 224]);
    Some(Tensor::from_data(data, &device()))
}

fn recorded() -> Option<Recorded> {
    let path = shared("reference/resnet18_imagenet_eval.json")?;
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

#[test]
fn the_real_resnet18_sees_in_photos_what_it_sees_in_pytorch() {
    let (Some(recorded), Some(weights)) = (
        recorded(),
        shared("weights/resnet18_imagenet1k_v1.safetensors"),
    ) else {
        return;
    };
    let Some(images) = photos(&recorded.photos) else {
        return;
    };
    let weights = read_state_dict(&weights).unwrap();
    let (fc, bias) = (weights["fc.weight"].clone(), weights["fc.bias"].clone());
    let features = features(&model(BackboneKind::ResNet18, weights), images);
    for (photo, ours) in features.chunks(512).enumerate() {
        let theirs = &recorded.features[photo];
        let largest = theirs.iter().fold(0.0f64, |a, b| a.max(b.abs()));
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert!((f64::from(*ours) - theirs).abs() < 1e-3 * largest);
        }
        let logit = |class: usize| {
            let row = &fc.data[class * 512..][..512];
            let terms = row.iter().zip(ours);
            let sum: f64 = terms.map(|(w, x)| f64::from(*w) * f64::from(*x)).sum();
            sum + f64::from(bias.data[class])
        };
        let mut classes: Vec<usize> = (0..1000).collect();
        classes.sort_by(|a, b| logit(*b).total_cmp(&logit(*a)));
        assert_eq!(classes[..5], recorded.top5_index[photo]);
        for (class, theirs) in classes.iter().zip(&recorded.top5_logit[photo]) {
            assert!((logit(*class) - theirs).abs() < 1e-2 * theirs.abs());
        }
    }
}

/// The classes that real weights see in photos, of which those that ImageNet has for
/// passenger cars are meant: beach wagon, cab, convertible, jeep, minivan, sports car, and
/// their wheels and grilles.
#[test]
fn the_real_mobilenet_v2_sees_cars_in_photos_of_cars() {
    const CARS: [usize; 8] = [436, 468, 511, 609, 656, 817, 479, 581];
    let (Some(recorded), Some(weights)) = (
        recorded(),
        shared("weights/mobilenet_v2_imagenet1k_v1.safetensors"),
    ) else {
        return;
    };
    let Some(images) = photos(&recorded.photos) else {
        return;
    };
    let weights = read_state_dict(&weights).unwrap();
    let (rows, bias) = (
        weights["classifier.1.weight"].clone(),
        weights["classifier.1.bias"].clone(),
    );
    let features = features(&model(BackboneKind::MobilenetV2, weights), images);
    for ours in features.chunks(1280) {
        let logit = |class: &usize| {
            let row = &rows.data[class * 1280..][..1280];
            let sum: f32 = row.iter().zip(ours).map(|(w, x)| w * x).sum();
            sum + bias.data[*class]
        };
        let best = (0..1000).max_by(|a, b| logit(a).total_cmp(&logit(b)));
        assert!(CARS.contains(&best.unwrap()), "{best:?}");
    }
}

/// Features of real photos by weights that no reference records: they must be
/// finite, not constant, and different for different photos.
fn tells_photos_apart(kind: BackboneKind, file: &str) {
    let (Some(recorded), Some(weights)) = (recorded(), shared(&format!("weights/{file}"))) else {
        return;
    };
    let Some(images) = photos(&recorded.photos) else {
        return;
    };
    let model = model(kind, read_state_dict(&weights).unwrap());
    let features = features(&model, images);
    assert!(features.iter().all(|value| value.is_finite()));
    let photos: Vec<&[f32]> = features.chunks(kind.features()).collect();
    let norm = |values: &[f32]| values.iter().map(|v| v * v).sum::<f32>().sqrt();
    for a in 0..photos.len() {
        for b in 0..a {
            let apart: Vec<f32> = photos[a]
                .iter()
                .zip(photos[b])
                .map(|(a, b)| a - b)
                .collect();
            assert!(norm(&apart) > 0.1 * norm(photos[a]), "{a} and {b}");
        }
    }
}

#[test]
fn the_trunk_of_inception_v3_loads_whole_and_tells_photos_apart() {
    tells_photos_apart(
        BackboneKind::InceptionV3,
        "inception_v3_tf2015_trunk_f16.safetensors",
    );
}

#[test]
fn an_efficientnet_loads_whole_and_tells_photos_apart() {
    tells_photos_apart(
        BackboneKind::EfficientnetB0,
        "efficientnet_b0_finetuned_f32.safetensors",
    );
}
