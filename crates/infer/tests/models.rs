//! Whole models.

use burn::tensor::{Device, Tensor, TensorData};
use psp_infer::Engine;
use psp_models::{BackboneKind, ModelConfig, Precision, Regressor};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn images(count: usize, [height, width]: [usize; 2]) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    (0..count * 3 * height * width)
        .map(|_| rng.random_range(-2.0..2.0))
        .collect()
}

fn model(kind: BackboneKind) -> Regressor {
    Regressor::new(&ModelConfig::new(kind, 2), 5, &Device::flex())
}

/// What Burn computes.
fn expected(model: &Regressor, images: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
    let shape = [images.len() / (3 * height * width), 3, height, width];
    let images = TensorData::new(images.to_vec(), shape);
    let images = Tensor::<4>::from_data(images, &Device::flex());
    let scores = model.for_inference(Precision::Fp32).forward(images);
    scores.into_data().iter::<f32>().collect()
}

/// Sizes that are no multiples of anything, but for the ViT, which takes one alone.
fn size(kind: BackboneKind) -> [usize; 2] {
    match kind {
        BackboneKind::VitB16 => [224, 224],
        BackboneKind::InceptionV3 => [107, 131],
        _ => [75, 101],
    }
}

#[test]
fn every_backbone_predicts_what_burn_does() {
    for &kind in BackboneKind::ALL {
        let (model, size) = (model(kind), size(kind));
        let images = images(2, size);
        let engine = Engine::new(&model.graph().unwrap(), size, 2).unwrap();
        let (found, expected) = (engine.predict(&images), expected(&model, &images, size));
        let largest = expected.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        assert_eq!(found.len(), 4, "{kind}");
        for (found, expected) in found.iter().zip(&expected) {
            let difference = (found - expected).abs();
            assert!(difference <= 2e-5 * largest, "{kind}: {found} {expected}");
        }
    }
}

#[test]
fn a_score_is_the_same_to_the_last_bit_whatever_the_threads_and_the_batch() {
    for &kind in BackboneKind::ALL {
        let (graph, size) = (model(kind).graph().unwrap(), size(kind));
        let images = images(7, size);
        let engine = |threads| Engine::new(&graph, size, threads).unwrap();
        let all = engine(1).predict(&images);
        for threads in [2, 5] {
            let engine = engine(threads);
            assert_eq!(engine.predict(&images), all, "{kind}, {threads} threads");
            let of_image = images.len() / 7;
            let one_by_one: Vec<f32> = images
                .chunks(of_image)
                .flat_map(|image| engine.predict(image))
                .collect();
            assert_eq!(one_by_one, all, "{kind}, {threads} threads, one by one");
        }
        assert!(engine(1).predict(&[]).is_empty());
    }
}

#[test]
fn an_engine_serves_several_callers_at_once() {
    let (model, size) = (model(BackboneKind::MobilenetV2), [64, 64]);
    let engine = Engine::new(&model.graph().unwrap(), size, 2).unwrap();
    let images = images(4, size);
    let expected = engine.predict(&images);
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| engine.predict(&images)))
            .collect();
        for caller in callers {
            assert_eq!(caller.join().unwrap(), expected);
        }
    });
}

#[test]
fn images_that_a_model_does_not_take_are_refused() {
    let vit = model(BackboneKind::VitB16).graph().unwrap();
    let error = Engine::new(&vit, [192, 224], 1).unwrap_err().to_string();
    assert!(error.contains("192 × 224"), "{error}");
    let inception = model(BackboneKind::InceptionV3).graph().unwrap();
    assert!(Engine::new(&inception, [40, 40], 1).is_err());
}

#[test]
fn what_is_no_number_stays_so() {
    for kind in [BackboneKind::ResNet18, BackboneKind::EfficientnetB0] {
        let size = size(kind);
        let engine = Engine::new(&model(kind).graph().unwrap(), size, 1).unwrap();
        let mut images = images(2, size);
        images[1000] = f32::NAN;
        let scores = engine.predict(&images);
        assert!(scores[..2].iter().all(|score| score.is_nan()), "{kind}");
        assert!(scores[2..].iter().all(|score| score.is_finite()), "{kind}");
    }
}
