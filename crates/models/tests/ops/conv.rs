//! Every pass of the convolution against Burn's own definition.

use crate::ops::common::{Graph, assert_close, device, random};
use burn::tensor::{Tensor, module, ops::ConvOptions};
use psp_models::ops::{Tape, conv2d};

/// `(batch, in, height, width, out, kernel, stride, padding)`.
type Case = (
    usize,
    usize,
    usize,
    usize,
    usize,
    [usize; 2],
    [usize; 2],
    [usize; 2],
);

const CASES: &[Case] = &[
    (1, 1, 1, 1, 1, [1, 1], [1, 1], [0, 0]),
    (2, 3, 9, 7, 4, [7, 7], [2, 2], [3, 3]),
    (5, 4, 6, 6, 3, [3, 3], [1, 1], [1, 1]),
    (3, 4, 7, 5, 6, [3, 3], [2, 2], [1, 1]),
    (3, 4, 5, 8, 2, [1, 1], [2, 2], [0, 0]),
    (2, 3, 6, 9, 2, [1, 7], [1, 1], [0, 3]),
    (2, 3, 9, 6, 2, [7, 1], [1, 2], [3, 0]),
    (2, 2, 5, 5, 2, [3, 3], [3, 3], [0, 0]),
    (4, 8, 2, 2, 8, [3, 3], [1, 1], [1, 1]),
    (2, 2, 4, 4, 3, [4, 4], [1, 1], [3, 3]),
    // Rows and columns of the weight that only ever read the padding.
    (5, 4, 1, 1, 8, [3, 3], [1, 1], [1, 1]),
    (2, 2, 1, 1, 2, [5, 5], [2, 2], [3, 3]),
    (3, 4, 3, 3, 2, [1, 7], [1, 1], [0, 3]),
    (3, 4, 2, 5, 2, [7, 3], [1, 1], [3, 1]),
    (2, 3, 1, 4, 2, [5, 5], [2, 2], [2, 2]),
    (2, 3, 1, 2, 2, [2, 3], [2, 1], [2, 2]),
    (2, 3, 1, 1, 2, [1, 1], [3, 3], [1, 1]),
    (2, 3, 2, 2, 2, [1, 1], [4, 4], [3, 3]),
    // Several tiles of images, of rows, and products that the cores share.
    (40, 16, 28, 28, 8, [3, 3], [1, 1], [1, 1]),
    (3, 64, 56, 30, 8, [3, 3], [1, 1], [1, 1]),
    (2, 3, 130, 70, 8, [7, 7], [2, 2], [3, 3]),
    (1, 256, 60, 60, 8, [3, 3], [1, 1], [1, 1]),
    (5, 40, 3, 3, 300, [3, 3], [2, 2], [1, 1]),
    (1, 600, 40, 40, 4, [1, 1], [1, 1], [0, 0]),
    (9, 600, 5, 5, 4, [1, 1], [1, 1], [0, 0]),
    // By Winograd's minimal filtering: tiles that reach beyond the image, several images
    // to a block, several blocks to an image, each padding.
    (40, 200, 3, 3, 230, [3, 3], [1, 1], [1, 1]),
    (17, 64, 7, 11, 50, [3, 3], [1, 1], [1, 1]),
    (3, 40, 30, 21, 48, [3, 3], [1, 1], [0, 0]),
    (2, 70, 12, 13, 96, [3, 3], [1, 1], [2, 1]),
    (3, 70, 12, 13, 96, [3, 3], [1, 1], [1, 2]),
    (2, 64, 56, 56, 64, [3, 3], [1, 1], [1, 1]),
    (1, 40, 147, 147, 64, [3, 3], [1, 1], [1, 1]),
    (16, 128, 2, 32, 128, [7, 3], [1, 1], [3, 1]),
];

/// Compares values and all gradients for an input, a weight and a bias.
fn compare(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: [usize; 2],
    padding: [usize; 2],
    groups: usize,
) {
    let out = |side: usize, axis: usize| {
        (side + 2 * padding[axis] - weight.dims()[2 + axis]) / stride[axis] + 1
    };
    let [batch, _, height, width] = x.dims();
    let pull = random([batch, weight.dims()[0], out(height, 0), out(width, 1)]);
    let results = Graph::both().map(|graph| {
        let (x, weight) = (graph.leaf(&x), graph.leaf(&weight));
        let bias = bias.as_ref().map(|bias| graph.leaf(bias));
        let args = (x.clone(), weight.clone(), bias.clone());
        let y = match graph {
            Graph::Ours(_) => conv2d(args.0, args.1, args.2, stride, padding, groups),
            Graph::Burns => {
                let options = ConvOptions::new(stride, padding, [1, 1], groups);
                module::conv2d(args.0, args.1, args.2, options)
            }
        };
        assert_eq!(y.dims(), pull.dims());
        let values = y.to_data();
        let mut grads = graph.backward(y, &pull);
        let bias = bias.map(|bias| grads.of(&bias));
        [
            Some(values),
            Some(grads.of(&x)),
            Some(grads.of(&weight)),
            bias,
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
    });
    let [ours, burns] = results;
    assert_close(&ours, &burns);
}

#[test]
fn values_and_gradients_are_those_of_burns_convolution() {
    for &(batch, channels, height, width, out, kernel, stride, padding) in CASES {
        let x = random([batch, channels, height, width]);
        let weight = random([out, channels, kernel[0], kernel[1]]);
        compare(x, weight, None, stride, padding, 1);
    }
}

/// `(batch, channels, side, out, kernel, stride, groups)`.
const GROUPED: &[(usize, usize, usize, usize, usize, usize, usize)] = &[
    (2, 6, 7, 6, 3, 1, 6),
    (3, 8, 9, 8, 5, 2, 8),
    (5, 12, 3, 12, 5, 1, 12),
    (4, 40, 24, 40, 3, 2, 40),
    (2, 3, 1, 3, 5, 2, 3),
    (3, 7, 2, 7, 3, 2, 7),
    (2, 5, 13, 5, 4, 3, 5),
    (2, 4, 6, 8, 3, 1, 2),
];

#[test]
fn groups_and_depthwise_convolutions_are_those_of_burn() {
    for &(batch, channels, side, out, kernel, stride, groups) in GROUPED {
        let x = random([batch, channels, side, side]);
        let weight = random([out, channels / groups, kernel, kernel]);
        let (stride, padding) = ([stride; 2], [kernel / 2; 2]);
        compare(x, weight, None, stride, padding, groups);
    }
}

#[test]
fn a_bias_is_added_to_every_pixel_of_its_channel() {
    let (x, weight) = (random([2, 3, 6, 5]), random([4, 3, 3, 3]));
    compare(x, weight, Some(random([4])), [2, 1], [1, 0], 1);
}

#[test]
fn the_fast_layout_changes_neither_values_nor_gradients() {
    let (x, weight) = (random([3, 5, 7, 9]), random([4, 5, 3, 3]));
    let fast = psp_models::ops::fast_layout(x.clone());
    assert_eq!(fast.to_data(), x.to_data());
    let pull = random([3, 4, 7, 9]);
    let [plain, fast] = [x.clone(), fast].map(|x| {
        let tape = Tape::new();
        let (x, weight) = (tape.leaf(x), tape.leaf(weight.clone()));
        let y = conv2d(x.clone(), weight.clone(), None, [1, 1], [1, 1], 1);
        let values = y.to_data();
        let mut grads = tape.backward_from(y, pull.clone());
        let [x, weight] = [&x, &weight].map(|leaf| grads.take(leaf).unwrap().into_data());
        [values, x, weight]
    });
    assert_close(&fast, &plain);
}

#[test]
fn a_frozen_weight_gets_no_gradient_and_the_input_still_does() {
    let tape = Tape::new();
    let x = tape.leaf(Tensor::<4>::ones([1, 2, 4, 4], &device()));
    let weight = Tensor::<4>::ones([3, 2, 3, 3], &device().autodiff());
    let y = conv2d(x.clone(), weight.clone(), None, [1, 1], [1, 1], 1);
    let mut grads = tape.backward(y.sum());
    assert!(grads.take(&weight).is_none());
    // The centre pixels are seen by nine taps of three output channels.
    let grad = grads.take(&x).unwrap().to_data();
    assert_eq!(grad.as_slice::<f32>().unwrap()[5], 27.0);
}

#[test]
fn without_autodiff_only_the_values_are_computed() {
    let x = Tensor::<4>::ones([1, 1, 3, 3], &device());
    let y = conv2d(x.clone(), x, None, [1, 1], [1, 1], 1);
    assert_eq!(y.to_data().as_slice::<f32>().unwrap()[4], 9.0);
}
