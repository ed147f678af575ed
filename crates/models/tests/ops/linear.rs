//! Affine maps against Burn's own.

use crate::ops::common::{Graph, assert_close, random};
use burn::tensor::{Tensor, module};
use psp_models::ops::linear;

/// Rows, inputs and outputs; the last is worth several threads.
const SIZES: &[[usize; 3]] = &[
    [1, 1, 1],
    [3, 5, 2],
    [16, 512, 256],
    [7, 129, 2],
    [64, 300, 257],
];

#[test]
fn values_and_gradients_are_those_of_burns_operations() {
    for &[rows, inputs, outputs] in SIZES {
        let x = random([rows, inputs]);
        let (weight, bias) = (random([outputs, inputs]), random([outputs]));
        let pull = random([rows, outputs]);
        let [ours, burns] = Graph::both().map(|graph| {
            let (x, weight, bias) = (graph.leaf(&x), graph.leaf(&weight), graph.leaf(&bias));
            let args = (x.clone(), weight.clone(), bias.clone());
            let y = match graph {
                Graph::Ours(_) => linear(args.0, args.1, args.2),
                Graph::Burns => module::linear(args.0, args.1.transpose(), Some(args.2)),
            };
            let values = y.to_data();
            let mut grads = graph.backward(y, &pull);
            [values, grads.of(&x), grads.of(&weight), grads.of(&bias)]
        });
        assert_close(&ours, &burns);
    }
}

#[test]
fn many_rows_that_want_no_gradient_are_multiplied_alike() {
    let (x, weight, bias) = (random([700, 33]), random([21, 33]), random([21]));
    let ours = linear(x.clone(), weight.clone(), bias.clone()).to_data();
    let burns = module::linear(x, weight.transpose(), Some(bias)).to_data();
    assert_close(&[ours], &[burns]);
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
    let tape = psp_models::ops::Tape::new();
    let recorded = linear(
        tape.leaf(x.clone()),
        tape.leaf(weight.clone()),
        tape.leaf(bias.clone()),
    );
    assert_eq!(recorded.to_data(), linear(x, weight, bias).to_data());
}
