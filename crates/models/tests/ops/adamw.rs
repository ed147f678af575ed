//! AdamW against its formula in f64.

use crate::ops::common;
use burn::tensor::{Device, Tensor, TensorData};
use psp_models::ops::{AdamW, adamw_step};

fn device() -> Device {
    common::device()
}

fn value(seed: usize, index: usize) -> f64 {
    ((index * 37 + seed * 101) % 199) as f64 / 100.0 - 0.99
}

#[test]
fn every_step_follows_the_formula() {
    // More than one chunk, and not a whole number of them.
    let count = 40_001;
    let (betas, epsilon, decay, lr) = ([0.9, 0.99], 1e-8, 0.1, 0.01);
    let mut weights: Vec<f64> = (0..count).map(|i| value(1, i)).collect();
    let mut moments = vec![[0.0f64; 2]; count];
    let tensor = |values: &[f64]| {
        let values: Vec<f32> = values.iter().map(|v| *v as f32).collect();
        Tensor::<1>::from_data(TensorData::new(values, [count]), &device())
    };
    let mut ours = [
        tensor(&weights),
        tensor(&vec![0.0; count]),
        tensor(&vec![0.0; count]),
    ];
    for step in 1..=5 {
        let grads: Vec<f64> = (0..count).map(|i| value(step + 1, i)).collect();
        let corrections = betas.map(|beta: f64| 1.0 - beta.powi(step as i32));
        for ((weight, moments), grad) in weights.iter_mut().zip(&mut moments).zip(&grads) {
            moments[0] = betas[0] * moments[0] + (1.0 - betas[0]) * grad;
            moments[1] = betas[1] * moments[1] + (1.0 - betas[1]) * grad * grad;
            let scale = (moments[1] / corrections[1]).sqrt() + epsilon;
            *weight -= lr * decay * *weight;
            *weight -= lr * (moments[0] / corrections[0]) / scale;
        }
        let [weight, first, second] = ours;
        let factors = AdamW {
            decay: lr * decay,
            betas,
            epsilon,
            rate: lr / corrections[0],
            correction: corrections[1].sqrt(),
        };
        // A second owner, as a model that was cloned before the step is.
        let before = (weight.clone(), weight.to_data());
        ours = adamw_step(weight, tensor(&grads), first, second, factors);
        assert_eq!(before.0.to_data(), before.1);
    }
    let [weight, first, second] =
        ours.map(|tensor| tensor.to_data().try_into_vec::<f32>().unwrap());
    for index in 0..count {
        let near = |ours: f32, theirs: f64| (f64::from(ours) - theirs).abs() < 2e-6;
        assert!(near(weight[index], weights[index]), "weight {index}");
        assert!(near(first[index], moments[index][0]), "first {index}");
        assert!(near(second[index], moments[index][1]), "second {index}");
    }
}

/// On LibTorch a convolution's gradient lies in memory channels-last. Seeds 1 to 4.
#[test]
fn the_memory_order_of_the_gradient_does_not_change_the_step() {
    let shape = [3, 4, 5, 2];
    let count = shape.iter().product();
    let tensor = |seed| {
        let values: Vec<f32> = (0..count).map(|i| value(seed, i) as f32).collect();
        Tensor::<4>::from_data(TensorData::new(values, shape), &device())
    };
    let factors = AdamW {
        decay: 0.001,
        betas: [0.9, 0.99],
        epsilon: 1e-8,
        rate: 0.1,
        correction: 0.1,
    };
    let steps = |order: fn(Tensor<4>) -> Tensor<4>| {
        let begin = [tensor(1), tensor(1).zeros_like(), tensor(1).zeros_like()];
        let end = (2..5).fold(begin, |[weight, first, second], seed| {
            adamw_step(weight, order(tensor(seed)), first, second, factors)
        });
        end.map(|tensor| tensor.into_data())
    };
    assert_eq!(steps(psp_models::ops::fast_layout), steps(|grad| grad));
}

/// `1 - 1e-8` is 1 in f32; 200 steps of it are not.
#[test]
fn a_decay_that_one_step_can_not_tell_counts_over_many() {
    let count = 10_000;
    let begin: Vec<f32> = (0..count).map(|i| value(1, i) as f32 / 20.0).collect();
    let tensor = |values: &[f32]| {
        Tensor::<1>::from_data(TensorData::new(values.to_vec(), [count]), &device())
    };
    let end = |decay: f64| {
        let zeros = vec![0.0; count];
        let mut state = [tensor(&begin), tensor(&zeros), tensor(&zeros)];
        for step in 0..200 {
            let grads: Vec<f32> = (0..count).map(|i| value(step + 2, i) as f32).collect();
            let factors = AdamW {
                decay,
                betas: [0.9, 0.99],
                epsilon: 1e-8,
                rate: 1e-4,
                correction: 1.0,
            };
            let [weight, first, second] = state;
            state = adamw_step(weight, tensor(&grads), first, second, factors);
        }
        let [weight, ..] = state;
        weight.to_data().try_into_vec::<f32>().unwrap()
    };
    let (without, with) = (end(0.0), end(1e-8));
    let pairs = without.iter().zip(&with);
    let lost: f64 = pairs.map(|(a, b)| f64::from(a - b) * f64::from(*a)).sum();
    let all: f64 = without.iter().map(|a| f64::from(*a).powi(2)).sum();
    let share = lost / all;
    assert!((1.5e-6..2.5e-6).contains(&share), "{share}");
}
