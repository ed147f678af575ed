//! Grad-CAM and attention roll-out against what PyTorch computes for
//! torchvision's models: `data/make_reference.py` says how.

use crate::support::{assert_close, device, image, model};
use psp_explain::{Method, attention_rollout, grad_cam};
use psp_models::BackboneKind;
use serde::Deserialize;

/// Share of a map's largest value.
const TOLERANCE: f64 = 1e-3;

#[derive(Deserialize)]
struct Recorded<T> {
    cases: Vec<T>,
}

#[derive(Deserialize)]
struct GradCam {
    model: String,
    size: usize,
    seed: u64,
    running_var_scale: f64,
    height: usize,
    width: usize,
    /// Per target.
    maps: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Rollout {
    size: usize,
    seed: u64,
    height: usize,
    width: usize,
    map: Vec<f64>,
}

/// The recorded cases of one model. On an autodiff device the models are given
/// as training has them.
fn grad_cam_is_pytorchs(kind: BackboneKind, autodiff: bool) {
    let recorded = include_str!("data/grad_cam.json");
    let recorded: Recorded<GradCam> = serde_json::from_str(recorded).unwrap();
    let of_kind = |case: &GradCam| case.model == kind.name();
    let cases: Vec<GradCam> = recorded.cases.into_iter().filter(of_kind).collect();
    assert!(!cases.is_empty());
    for case in cases {
        let device = if autodiff {
            device().autodiff()
        } else {
            device()
        };
        let model = model(kind, case.size, case.running_var_scale, case.seed, &device);
        let maps = grad_cam(&model, image(case.size, case.seed)).unwrap();
        assert_eq!(maps.len(), case.maps.len());
        for (target, (map, expected)) in maps.iter().zip(&case.maps).enumerate() {
            assert_eq!((map.method, map.target), (Method::GradCam, Some(target)));
            assert_eq!((map.width, map.height), (case.width, case.height));
            let what = format!("{kind} {} seed {} target {target}", case.size, case.seed);
            assert_close(&what, &map.values, expected, TOLERANCE);
        }
    }
}

#[test]
fn grad_cam_of_resnet18_is_pytorchs() {
    grad_cam_is_pytorchs(BackboneKind::ResNet18, false);
}

#[test]
fn grad_cam_of_resnet18_on_an_autodiff_device_is_pytorchs_in_evaluation() {
    grad_cam_is_pytorchs(BackboneKind::ResNet18, true);
}

#[test]
fn grad_cam_of_googlenet_is_pytorchs() {
    grad_cam_is_pytorchs(BackboneKind::GoogLeNet, false);
}

#[test]
fn grad_cam_of_inception_v3_is_pytorchs() {
    grad_cam_is_pytorchs(BackboneKind::InceptionV3, false);
}

#[test]
fn grad_cam_of_efficientnet_b0_is_pytorchs() {
    grad_cam_is_pytorchs(BackboneKind::EfficientnetB0, false);
}

#[test]
fn attention_rollout_of_vit_b_16_is_that_of_pytorchs_attention() {
    let recorded = include_str!("data/attention_rollout.json");
    let recorded: Recorded<Rollout> = serde_json::from_str(recorded).unwrap();
    for case in recorded.cases {
        let model = model(BackboneKind::VitB16, case.size, 1.0, case.seed, &device());
        let map = attention_rollout(&model, image(case.size, case.seed)).unwrap();
        assert_eq!((map.method, map.target), (Method::AttentionRollout, None));
        assert_eq!((map.width, map.height), (case.width, case.height));
        let what = format!("vit_b_16 {}", case.size);
        assert_close(&what, &map.values, &case.map, TOLERANCE);
    }
}
