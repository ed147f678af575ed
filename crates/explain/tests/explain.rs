//! All maps of a backbone at once, what is refused, and stopping.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::{assert_close, device, image, model, tensor};
use burn::tensor::Tensor;
use psp_explain::{
    ExplainError, HeatMap, Method, Occlusion, attention_rollout, explain, fitting, grad_cam,
    occlusion,
};
use psp_models::{BackboneKind, Precision, Regressor, state};

const SETTINGS: Occlusion = Occlusion {
    patches_per_side: 3,
    batch_size: 4,
};

fn explained(model: &Regressor, image: Tensor<4>) -> Result<Vec<HeatMap>, ExplainError> {
    let running = AtomicBool::new(false);
    explain(model, image, &SETTINGS, &running, &mut |_, _| {})
}

fn size(kind: BackboneKind) -> usize {
    match kind {
        BackboneKind::InceptionV3 => 96,
        _ => 64,
    }
}

/// Weights of seed 5.
fn of(kind: BackboneKind) -> Regressor {
    model(kind, size(kind), 0.7, 5, &device())
}

#[test]
fn every_backbone_has_the_maps_that_fit_it_and_each_is_that_of_its_own_function() {
    for &kind in BackboneKind::ALL {
        let (model, image) = (of(kind), image(size(kind), 5));
        let mut expected = match kind {
            BackboneKind::VitB16 => vec![attention_rollout(&model, image.clone()).unwrap()],
            _ => grad_cam(&model, image.clone()).unwrap(),
        };
        let running = AtomicBool::new(false);
        let occluded = occlusion(&model, image.clone(), &SETTINGS, &running, &mut |_, _| {});
        expected.extend(occluded.unwrap());
        assert_eq!(explained(&model, image).unwrap(), expected, "{kind}");

        let mut methods: Vec<Method> = expected.iter().map(|map| map.method).collect();
        methods.dedup();
        assert_eq!(methods, fitting(kind));
        for map in &expected {
            assert_eq!(map.values.len(), map.width * map.height);
        }
    }
}

#[test]
fn a_model_with_folded_norms_has_the_same_maps() {
    for kind in [BackboneKind::ResNet18, BackboneKind::EfficientnetB0] {
        let (model, image) = (of(kind), image(size(kind), 5));
        let folded = model.for_inference(Precision::Fp32);
        let maps = explained(&model, image.clone()).unwrap();
        let folded = explained(folded.regressor(), image).unwrap();
        for (folded, map) in folded.iter().zip(maps) {
            let expected: Vec<f64> = map.values.iter().copied().map(f64::from).collect();
            let what = format!("{kind} {}", map.method);
            assert_close(&what, &folded.values, &expected, 1e-3);
        }
    }
}

#[test]
fn a_model_on_an_autodiff_device_has_the_same_maps_and_keeps_its_statistics() {
    let kind = BackboneKind::ResNet18;
    let training = model(kind, 64, 0.7, 5, &device().autodiff());
    let before = state::collect(&training).unwrap();
    let maps = explained(&training, image(64, 5)).unwrap();
    assert_eq!(maps, explained(&of(kind), image(64, 5)).unwrap());
    assert_eq!(state::collect(&training).unwrap(), before);
}

#[test]
fn progress_counts_the_images_up_to_their_number() {
    let kind = BackboneKind::VitB16;
    let (model, running) = (of(kind), AtomicBool::new(false));
    let mut seen = Vec::new();
    let observe = &mut |done, total| seen.push((done, total));
    explain(&model, image(64, 5), &SETTINGS, &running, observe).unwrap();
    assert_eq!(seen, [(1, 11), (5, 11), (9, 11), (11, 11)]);
}

#[test]
fn cancelling_stops_before_the_next_batch() {
    let model = of(BackboneKind::ResNet18);
    for last in [0, 1, 5] {
        let cancelled = AtomicBool::new(last == 0);
        let mut done = 0;
        let observe = &mut |now, _| {
            done = now;
            cancelled.store(now >= last, Ordering::Relaxed);
        };
        let result = explain(&model, image(64, 5), &SETTINGS, &cancelled, observe);
        assert!(matches!(result, Err(ExplainError::Cancelled)));
        assert_eq!(done, last);
    }
}

#[track_caller]
fn assert_refused(result: Result<impl std::fmt::Debug, ExplainError>, expected: &str) {
    assert_eq!(result.unwrap_err().to_string(), expected);
}

#[test]
fn images_that_a_model_cannot_take_are_refused_with_what_it_takes() {
    let model = of(BackboneKind::ResNet18);
    let two = Tensor::zeros([2, 3, 64, 64], &device());
    assert_refused(
        explained(&model, two),
        "expected one image [1, 3, height, width], got [2, 3, 64, 64]",
    );
    assert_refused(
        explained(&model, Tensor::zeros([1, 3, 64, 31], &device())),
        "resnet18 takes an image of at least 32x32 pixels, got 31x64",
    );
    assert_refused(
        explained(&of(BackboneKind::VitB16), image(80, 5)),
        "vit_b_16 takes an image of 64x64 pixels, got 80x80",
    );
    let mut values = vec![0.0; 3 * 64 * 64];
    values[70] = f32::NAN;
    assert_refused(
        explained(&model, tensor(values, 64)),
        "value 70 of the image is NaN: expected finite numbers",
    );
}

#[test]
fn methods_that_do_not_fit_a_backbone_are_refused_with_those_that_they_explain() {
    assert_refused(
        grad_cam(&of(BackboneKind::VitB16), image(64, 5)),
        "grad_cam does not explain vit_b_16: expected a convolutional backbone",
    );
    assert_refused(
        attention_rollout(&of(BackboneKind::ResNet18), image(64, 5)),
        "attention_rollout does not explain resnet18: expected vit_b_16",
    );
}

#[test]
fn settings_that_cannot_work_are_refused_before_any_work() {
    let (model, running) = (of(BackboneKind::ResNet18), AtomicBool::new(false));
    let refused = |settings: &Occlusion, expected: &str| {
        let observe = &mut |_, _| panic!("work was done");
        let result = explain(&model, image(64, 5), settings, &running, observe);
        assert_refused(result, expected);
    };
    for patches_per_side in [0, 65, usize::MAX] {
        let settings = Occlusion {
            patches_per_side,
            ..SETTINGS
        };
        let expected = format!(
            "`patches_per_side` is {patches_per_side}: expected 1 to 64, the pixels of the \
             image's shorter side"
        );
        refused(&settings, &expected);
    }
    let settings = Occlusion {
        batch_size: 0,
        ..SETTINGS
    };
    refused(&settings, "`batch_size` is 0: expected at least 1");
}

#[test]
fn weights_that_are_not_finite_are_reported_and_not_drawn() {
    let broken = state::fill(of(BackboneKind::ResNet18), |key, shape| {
        let value = match key {
            "head.2.bias" => f32::NAN,
            _ => 0.0,
        };
        vec![value; shape.iter().product()]
    });
    let running = AtomicBool::new(false);
    let result = occlusion(&broken, image(64, 5), &SETTINGS, &running, &mut |_, _| {});
    assert_refused(
        result,
        "occlusion of target 0 gives NaN: the model's weights or scores are not finite",
    );
}

/// The image is wider than high, and so is the feature map.
#[test]
fn an_image_need_not_be_square_for_a_convolutional_backbone() {
    let values = (0..3 * 64 * 128).map(|i| ((i * 37 % 101) as f32 - 50.0) / 25.0);
    let data = burn::tensor::TensorData::new(values.collect::<Vec<_>>(), [1, 3, 64, 128]);
    let wide = Tensor::from_data(data, &device());
    let maps = explained(&of(BackboneKind::ResNet18), wide).unwrap();
    assert_eq!((maps[0].width, maps[0].height), (4, 2));
    assert_eq!((maps[2].width, maps[2].height), (3, 3));
}
