//! Occlusion against a plain loop, and on images where the answer is known.

use std::sync::atomic::AtomicBool;

use crate::support::{assert_close, device, image, model, tensor};
use burn::tensor::Tensor;
use psp_explain::{HeatMap, Method, Occlusion, occlusion};
use psp_models::nn::Noise;
use psp_models::{BackboneKind, ModelConfig, Regressor, state};

fn occluded(model: &Regressor, image: Tensor<4>, settings: Occlusion) -> Vec<HeatMap> {
    let running = AtomicBool::new(false);
    occlusion(model, image, &settings, &running, &mut |_, _| {}).unwrap()
}

fn scores(model: &Regressor, image: Tensor<4>) -> Vec<f32> {
    let scores = model.forward(image, &mut Noise::off());
    scores.into_data().try_into_vec().unwrap()
}

/// 66 pixels, which 7 patches don't divide evenly: seed 3 of the weights.
#[test]
fn the_map_is_that_of_a_loop_which_covers_one_patch_at_a_time() {
    let (size, side) = (66, 7);
    let edges = [0, 9, 18, 28, 37, 47, 56, 66];
    for kind in [BackboneKind::ResNet18, BackboneKind::EfficientnetB0] {
        let model = model(kind, size, 0.65, 3, &device());
        let image = image(size, 3);
        let whole = scores(&model, image.clone());
        let mut expected = [Vec::new(), Vec::new()];
        for row in 0..side {
            for column in 0..side {
                let rows = edges[row]..edges[row + 1];
                let columns = edges[column]..edges[column + 1];
                let covered = image.clone().slice_fill([0..1, 0..3, rows, columns], 0.0);
                for (target, score) in scores(&model, covered).into_iter().enumerate() {
                    expected[target].push(f64::from(whole[target]) - f64::from(score));
                }
            }
        }
        // Batches of 8 leave a last one of 2.
        for (target, map) in occluded(&model, image, Occlusion::default())
            .iter()
            .enumerate()
        {
            assert_eq!((map.method, map.target), (Method::Occlusion, Some(target)));
            assert_eq!((map.width, map.height), (side, side));
            let what = format!("{kind} target {target}");
            assert_close(&what, &map.values, &expected[target], 1e-4);
        }
    }
}

#[test]
fn the_size_of_the_batch_changes_no_map() {
    let model = model(BackboneKind::ResNet18, 64, 1.0, 3, &device());
    let of_batch = |batch_size| {
        let settings = Occlusion {
            patches_per_side: 4,
            batch_size,
        };
        occluded(&model, image(64, 3), settings)
    };
    for (one, all) in of_batch(1).iter().zip(of_batch(100)) {
        let all: Vec<f64> = all.values.iter().copied().map(f64::from).collect();
        assert_close("batch 1 and 100", &one.values, &all, 1e-4);
    }
}

/// An image of the mean colour but for one patch, which is all that covering can
/// change.
#[test]
fn only_the_planted_patch_has_an_effect_and_exactly_its_own() {
    let (size, side, planted) = (96, 4, (2, 1));
    let patch = size / side;
    let mut values = vec![0.0; 3 * size * size];
    for (index, value) in values.iter_mut().enumerate() {
        let (row, column) = (index / size % size, index % size);
        if (row / patch, column / patch) == planted {
            *value = if (row + column) % 2 == 0 { 2.0 } else { -1.0 };
        }
    }
    let settings = Occlusion {
        patches_per_side: side,
        batch_size: 5,
    };
    for kind in [BackboneKind::GoogLeNet, BackboneKind::VitB16] {
        let model = model(kind, size, 1.0, 2, &device());
        let with = scores(&model, tensor(values.clone(), size));
        let without = scores(&model, tensor(vec![0.0; values.len()], size));
        let maps = occluded(&model, tensor(values.clone(), size), settings);
        for (target, map) in maps.iter().enumerate() {
            let mut expected = vec![0.0; side * side];
            expected[planted.0 * side + planted.1] =
                f64::from(with[target]) - f64::from(without[target]);
            let what = format!("{kind} target {target}");
            assert_close(&what, &map.values, &expected, 1e-3);
        }
    }
}

/// A ResNet18 of zeros but for a chain that carries red through, so
/// that the score of target 0 is the brightness of red and that of target 1 its
/// negative.
fn redness() -> Regressor {
    let config = ModelConfig {
        input_size: 64,
        ..ModelConfig::new(BackboneKind::ResNet18, 2)
    };
    state::fill(Regressor::zeros(&config, &device()), |key, shape| {
        let mut values = vec![0.0; shape.iter().product()];
        let leaf = key.rsplit('.').next().unwrap();
        let kernel: usize = shape.iter().skip(2).product();
        match (leaf, shape.len()) {
            // Where the shape changes, the 1×1 shortcut passes channel 0 on;
            // elsewhere the shortcut has no weights and passes all on.
            ("weight", 4) if key.contains("downsample") => values[0] = 1.0,
            ("weight", 4) if key == "backbone.conv1.weight" => values[kernel / 2] = 1.0,
            ("weight", 2) if key == "head.0.weight" => values[0] = 1.0,
            ("weight", 2) => {
                let [_, inputs] = shape else { unreachable!() };
                (values[0], values[*inputs]) = (1.0, -1.0);
            }
            ("weight" | "running_var", _) if shape.len() == 1 => values.fill(1.0),
            _ => {}
        }
        values
    })
}

#[test]
fn a_patch_that_raises_the_score_is_positive_and_one_that_lowers_it_negative() {
    let size = 64;
    let mut values = vec![0.0; 3 * size * size];
    // Red in the upper left quarter, blue in the lower right. The chain samples
    // every 32nd pixel and its neighbours.
    for row in 0..16 {
        for column in 0..16 {
            values[row * size + column] = 1.0;
            values[2 * size * size + (row + 32) * size + column + 32] = 1.0;
        }
    }
    let settings = Occlusion {
        patches_per_side: 2,
        batch_size: 8,
    };
    let model = redness();
    assert!(scores(&model, tensor(values.clone(), size))[0] > 0.1);
    let maps = occluded(&model, tensor(values, size), settings);
    let strongest = maps[0].values[0];
    assert!(strongest > 0.0);
    assert_eq!(maps[0].values, [strongest, 0.0, 0.0, 0.0]);
    assert_eq!(maps[1].values, [-strongest, 0.0, 0.0, 0.0]);
}

#[test]
fn covering_what_has_the_mean_colour_already_changes_no_score_beyond_rounding() {
    let model = model(BackboneKind::ResNet18, 64, 1.0, 3, &device());
    let settings = Occlusion {
        patches_per_side: 3,
        batch_size: 10,
    };
    let grey = || tensor(vec![0.0; 3 * 64 * 64], 64);
    let scores = scores(&model, grey());
    for (map, score) in occluded(&model, grey(), settings).iter().zip(scores) {
        assert!(
            map.values
                .iter()
                .all(|value| value.abs() < 1e-5 * score.abs()),
            "{:?} of {score}",
            map.values
        );
    }
}
