//! Affine maps against Burn's own.
#![allow(clippy::unwrap_used)]

mod common;

use burn::tensor::{Tensor, TensorData, module};
use common::{assert_close, random};
use psp_ops::linear;

/// Rows, inputs and outputs; the last is worth several threads.
const SIZES: &[[usize; 3]] = &[
    [1, 1, 1],
    [3, 5, 2],
    [16, 512, 256],
    [7, 129, 2],
    [64, 300, 257],
];

/// Output and the gradients of a random weighting of it.
fn results(
    output: Tensor<2>,
    inputs: (&Tensor<2>, &Tensor<2>, &Tensor<1>),
    pull: &Tensor<2>,
) -> Vec<TensorData> {
    let value = output.to_data();
    let grads = (output * pull.clone()).sum().backward();
    let (x, weight, bias) = inputs;
    vec![
        value,
        x.grad(&grads).unwrap().to_data(),
        weight.grad(&grads).unwrap().to_data(),
        bias.grad(&grads).unwrap().to_data(),
    ]
}

#[test]
fn values_and_gradients_are_those_of_burns_operations() {
    for &[rows, inputs, outputs] in SIZES {
        let x = random([rows, inputs]);
        let (weight, bias) = (random([outputs, inputs]), random([outputs]));
        let pull = random([rows, outputs]).detach();
        let ours = linear(x.clone(), weight.clone(), bias.clone());
        let theirs = module::linear(x.clone(), weight.clone().transpose(), Some(bias.clone()));
        let leaves = (&x, &weight, &bias);
        assert_close(
            &results(ours, leaves, &pull),
            &results(theirs, leaves, &pull),
        );
    }
}

#[test]
fn a_transposed_input_is_read_in_its_own_order() {
    let (x, weight, bias) = (random([5, 9]), random([3, 5]), random([3]));
    let copied = Tensor::from_data(x.clone().transpose().to_data(), &x.device());
    let output = |x| linear(x, weight.clone(), bias.clone()).to_data();
    assert_close(&[output(x.transpose())], &[output(copied)]);
}

#[test]
fn outside_autodiff_it_computes_the_same() {
    let (x, weight, bias) = (random([4, 6]), random([3, 6]), random([3]));
    let tracked = linear(x.clone(), weight.clone(), bias.clone()).to_data();
    let plain = linear(x.inner(), weight.inner(), bias.inner()).to_data();
    assert_eq!(tracked, plain);
}
