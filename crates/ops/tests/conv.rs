//! Every pass of the convolution against Burn's own definition.
#![allow(clippy::unwrap_used)]

mod common;

use burn::tensor::{Tensor, module, ops::ConvOptions};
use common::{assert_close, device, random};

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
    // Several tiles of images, of rows, and products that the cores share.
    (40, 16, 28, 28, 8, [3, 3], [1, 1], [1, 1]),
    (3, 64, 56, 30, 8, [3, 3], [1, 1], [1, 1]),
    (2, 3, 130, 70, 8, [7, 7], [2, 2], [3, 3]),
    (1, 256, 60, 60, 8, [3, 3], [1, 1], [1, 1]),
    (5, 40, 3, 3, 300, [3, 3], [2, 2], [1, 1]),
    (1, 600, 40, 40, 4, [1, 1], [1, 1], [0, 0]),
    (9, 600, 5, 5, 4, [1, 1], [1, 1], [0, 0]),
];

#[test]
fn values_and_gradients_are_those_of_burns_convolution() {
    for &(batch, channels, height, width, out, kernel, stride, padding) in CASES {
        let x = random([batch, channels, height, width]);
        let weight = random([out, channels, kernel[0], kernel[1]]);
        let ours = psp_ops::conv2d(x.clone(), weight.clone(), stride, padding, 1);
        let options = ConvOptions::new(stride, padding, [1, 1], 1);
        let theirs = module::conv2d(x.clone(), weight.clone(), None, options);
        assert_eq!(ours.dims(), theirs.dims());
        let pull = random(ours.dims()).detach();
        let results = [ours, theirs].map(|y| {
            let values = y.to_data();
            let grads = (y * pull.clone()).sum().backward();
            let x_grad = x.grad(&grads).unwrap().to_data();
            let weight_grad = weight.grad(&grads).unwrap().to_data();
            [values, x_grad, weight_grad]
        });
        let [ours, theirs] = results;
        assert_close(&ours, &theirs);
    }
}

/// `(batch, channels, side, out, kernel, stride, groups)`.
const GROUPED: &[(usize, usize, usize, usize, usize, usize, usize)] = &[
    (2, 6, 7, 6, 3, 1, 6),
    (3, 8, 9, 8, 5, 2, 8),
    (2, 4, 6, 8, 3, 1, 2),
];

#[test]
fn groups_and_depthwise_convolutions_are_those_of_burn() {
    for &(batch, channels, side, out, kernel, stride, groups) in GROUPED {
        let (stride, padding) = ([stride; 2], [kernel / 2; 2]);
        let x = random([batch, channels, side, side]);
        let weight = random([out, channels / groups, kernel, kernel]);
        let ours = psp_ops::conv2d(x.clone(), weight.clone(), stride, padding, groups);
        let options = ConvOptions::new(stride, padding, [1, 1], groups);
        let theirs = module::conv2d(x.clone(), weight.clone(), None, options);
        let pull = random(ours.dims()).detach();
        let [ours, theirs] = [ours, theirs].map(|y| {
            let values = y.to_data();
            let grads = (y * pull.clone()).sum().backward();
            let of = |leaf: &Tensor<4>| leaf.grad(&grads).unwrap().to_data();
            [values, of(&x), of(&weight)]
        });
        assert_close(&ours, &theirs);
    }
}

#[test]
fn a_frozen_weight_gets_no_gradient_and_the_input_still_does() {
    let device = device();
    let x = Tensor::<4>::ones([1, 2, 4, 4], &device).require_grad();
    let weight = Tensor::<4>::ones([3, 2, 3, 3], &device);
    let grads = psp_ops::conv2d(x.clone(), weight.clone(), [1, 1], [1, 1], 1)
        .sum()
        .backward();
    assert!(weight.grad(&grads).is_none());
    // The centre pixels are seen by nine taps of three output channels.
    let grad = x.grad(&grads).unwrap().to_data();
    assert_eq!(grad.as_slice::<f32>().unwrap()[5], 27.0);
}

#[test]
fn without_autodiff_only_the_values_are_computed() {
    let device = device().without_autodiff();
    let x = Tensor::<4>::ones([1, 1, 3, 3], &device);
    let y = psp_ops::conv2d(x.clone(), x, [1, 1], [1, 1], 1);
    assert_eq!(y.to_data().as_slice::<f32>().unwrap()[4], 9.0);
}
