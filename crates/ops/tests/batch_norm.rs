//! Batch normalisation, its activation and the residual sum against Burn's own.
#![allow(clippy::unwrap_used)]

mod common;

use burn::tensor::{Tensor, TensorData, activation, module};
use common::{assert_close, assert_within, random};
use psp_ops::{Activation, BatchNormTrain, add_relu, batch_norm_train};

const EPSILON: f64 = 1e-5;

const SHAPES: &[[usize; 4]] = &[
    [1, 1, 1, 1],
    [2, 3, 1, 1],
    [3, 2, 5, 7],
    [4, 5, 2, 2],
    [7, 3, 9, 13],
    [2, 40, 32, 32],
];

/// Output, mean, variance, and the gradients of a random weighting of the
/// output with respect to all inputs.
fn results(
    output: Tensor<4>,
    mean: Tensor<1>,
    variance: Tensor<1>,
    inputs: (&Tensor<4>, &Tensor<1>, &Tensor<1>),
    pull: &Tensor<4>,
) -> Vec<TensorData> {
    let values = [output.to_data(), mean.to_data(), variance.to_data()];
    let grads = (output * pull.clone()).sum().backward();
    let (x, weight, bias) = inputs;
    let grads = [
        x.grad(&grads).unwrap().to_data(),
        weight.grad(&grads).unwrap().to_data(),
        bias.grad(&grads).unwrap().to_data(),
    ];
    values.into_iter().chain(grads).collect()
}

#[test]
fn values_and_gradients_are_those_of_burns_operations() {
    for &shape in SHAPES {
        for activation in [Activation::Identity, Activation::Relu] {
            // Far from zero, where a naive variance loses its digits; but a few
            // values that happen to lie close would make the result itself
            // ill-conditioned there.
            let few = shape[0] * shape[2] * shape[3] < 16;
            let offset = if few { 1.0 } else { 30.0 };
            let x = (random(shape) * 0.5 + offset).detach().require_grad();
            let (weight, bias) = (random([shape[1]]), random([shape[1]]));
            let pull = random(shape).detach();
            let inputs = (&x, &weight, &bias);
            let ours =
                batch_norm_train(x.clone(), weight.clone(), bias.clone(), EPSILON, activation);
            let theirs = module::batch_norm_train(x.clone(), weight.clone(), bias.clone(), EPSILON);
            let BatchNormTrain {
                output,
                mean,
                variance,
            } = ours;
            let ours = results(output, mean, variance, inputs, &pull);
            let output = match activation {
                Activation::Identity => theirs.output,
                Activation::Relu => activation::relu(theirs.output),
            };
            let theirs = results(output, theirs.mean, theirs.variance, inputs, &pull);
            // An f32 at 30 is known to 2e-6, which its distance from the mean
            // inherits.
            assert_within(5e-5, &ours, &theirs);
        }
    }
}

#[test]
fn a_transposed_input_is_read_in_its_own_order() {
    let x = random([4, 6, 5, 3]);
    let swapped = || x.clone().swap_dims(0, 1);
    let (weight, bias) = (random([4]), random([4]));
    let normalize = |x| batch_norm_train(x, weight.clone(), bias.clone(), 1e-5, Activation::Relu);
    let copied = Tensor::from_data(swapped().to_data(), &x.device());
    assert_close(
        &[normalize(swapped()).output.to_data()],
        &[normalize(copied).output.to_data()],
    );
}

#[test]
fn a_not_a_number_is_not_hidden_by_the_activation() {
    let x = random([2, 1, 2, 2]).detach() * f32::NAN;
    let ones = random([1]).detach();
    let y = batch_norm_train(x, ones.clone(), ones, 1e-5, Activation::Relu).output;
    assert!(y.is_nan().all().into_scalar::<bool>());
}

#[test]
fn the_residual_sum_and_its_gradients_are_those_of_burns_operations() {
    for &shape in SHAPES {
        let (a, b) = (random(shape), random(shape));
        let pull = random(shape).detach();
        let run = |y: Tensor<4>| {
            let values = y.to_data();
            let grads = (y * pull.clone()).sum().backward();
            let grads = [&a, &b].map(|x| x.grad(&grads).unwrap().to_data());
            [vec![values], grads.to_vec()].concat()
        };
        assert_close(
            &run(add_relu(a.clone(), b.clone())),
            &run(activation::relu(a.clone() + b.clone())),
        );
    }
}
