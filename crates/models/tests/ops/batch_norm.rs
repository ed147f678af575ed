//! Batch normalisation, its activation and the residual sum against Burn's own.

use crate::ops::common::{Graph, assert_close, assert_within, random};
use burn::tensor::{Tensor, activation, module};
use psp_models::ops::{Activation, add_relu, batch_norm_eval, batch_norm_train};

const EPSILON: f64 = 1e-5;

const SHAPES: &[[usize; 4]] = &[
    [1, 1, 1, 1],
    [2, 3, 1, 1],
    [3, 2, 5, 7],
    [4, 5, 2, 2],
    // More channels of few pixels than one task takes.
    [4, 150, 3, 3],
    [7, 3, 9, 13],
    [2, 40, 32, 32],
];

#[test]
fn values_and_gradients_are_those_of_burns_operations() {
    for &shape in SHAPES {
        for activation in [Activation::Identity, Activation::Relu] {
            // Far from zero, where a naive variance loses its digits; but a few
            // values that happen to lie close would make the result itself
            // ill-conditioned there.
            let few = shape[0] * shape[2] * shape[3] < 16;
            let offset = if few { 1.0 } else { 30.0 };
            let x = random(shape) * 0.5 + offset;
            let (weight, bias) = (random([shape[1]]), random([shape[1]]));
            let pull = random(shape);
            let [ours, burns] = Graph::both().map(|graph| {
                let (x, weight, bias) = (graph.leaf(&x), graph.leaf(&weight), graph.leaf(&bias));
                let args = (x.clone(), weight.clone(), bias.clone());
                let (output, mean, variance) = match graph {
                    Graph::Ours(_) => {
                        let found = batch_norm_train(args.0, args.1, args.2, EPSILON, activation);
                        (found.output, found.mean, found.variance)
                    }
                    Graph::Burns => {
                        let found = module::batch_norm_train(args.0, args.1, args.2, EPSILON);
                        let output = match activation {
                            Activation::Identity => found.output,
                            Activation::Relu => activation::relu(found.output),
                        };
                        (output, found.mean, found.variance)
                    }
                };
                let values = [output.to_data(), mean.to_data(), variance.to_data()];
                let mut grads = graph.backward(output, &pull);
                let grads = [grads.of(&x), grads.of(&weight), grads.of(&bias)];
                [values, grads].concat()
            });
            // An f32 at 30 is known to 2e-6, which its distance from the mean
            // inherits.
            assert_within(5e-5, &ours, &burns);
        }
    }
}

#[test]
fn stored_statistics_normalise_as_the_definition_says() {
    for activation in [Activation::Identity, Activation::Relu] {
        let x = random([3, 5, 4, 6]);
        let stored = || {
            [
                random([5]),
                random([5]),
                random([5]),
                random([5]).square() + 0.1,
            ]
        };
        let [weight, bias, mean, variance] = stored();
        let pull = random([3, 5, 4, 6]);
        let [ours, burns] = Graph::both().map(|graph| {
            let (x, weight, bias) = (graph.leaf(&x), graph.leaf(&weight), graph.leaf(&bias));
            let [mean, variance] = [&mean, &variance].map(|it| Tensor::from_inner(it.clone()));
            let y = match graph {
                Graph::Ours(_) => {
                    let stored = [weight.clone(), bias.clone(), mean, variance];
                    batch_norm_eval(x.clone(), stored, EPSILON, activation)
                }
                Graph::Burns => {
                    let channels = |row: Tensor<1>| row.reshape([1, 5, 1, 1]);
                    let deviation = channels(variance + EPSILON).sqrt();
                    let y = (x.clone() - channels(mean)) / deviation;
                    let y = y * channels(weight.clone()) + channels(bias.clone());
                    match activation {
                        Activation::Identity => y,
                        Activation::Relu => activation::relu(y),
                    }
                }
            };
            let values = y.to_data();
            let mut grads = graph.backward(y, &pull);
            [values, grads.of(&x), grads.of(&weight), grads.of(&bias)]
        });
        assert_close(&ours, &burns);
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
    let x = random([2, 1, 2, 2]) * f32::NAN;
    let ones = random([1]);
    let y = batch_norm_train(x, ones.clone(), ones, 1e-5, Activation::Relu).output;
    assert!(y.is_nan().all().into_scalar::<bool>());
}

#[test]
fn the_residual_sum_and_its_gradients_are_those_of_burns_operations() {
    for &shape in SHAPES {
        let (a, b) = (random(shape), random(shape));
        let pull = random(shape);
        let [ours, burns] = Graph::both().map(|graph| {
            let (a, b) = (graph.leaf(&a), graph.leaf(&b));
            let y = match graph {
                Graph::Ours(_) => add_relu(a.clone(), b.clone()),
                Graph::Burns => activation::relu(a.clone() + b.clone()),
            };
            let values = y.to_data();
            let mut grads = graph.backward(y, &pull);
            [values, grads.of(&a), grads.of(&b)]
        });
        assert_close(&ours, &burns);
    }
}
