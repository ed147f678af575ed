//! What a tape records.

use crate::ops::common::{device, random};
use burn::module::{Module, Param};
use burn::tensor::Tensor;
use psp_models::ops::{Tape, linear};

#[derive(Module, Debug)]
struct Layer {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

impl Layer {
    /// On an autodiff device.
    fn new() -> Self {
        Self {
            weight: Param::from_tensor(Tensor::from_inner(random([2, 3])).require_grad()),
            bias: Param::from_tensor(Tensor::from_inner(random([2])).require_grad()),
        }
    }

    fn loss(&self, x: &Tensor<2>) -> Tensor<1> {
        let y = linear(x.clone(), self.weight.val(), self.bias.val());
        y.square().sum()
    }
}

#[test]
fn a_watched_modules_gradients_are_found_by_its_own_parameters() {
    let layer = Layer::new();
    let x = Tensor::<2>::ones([1, 3], &device().autodiff());
    let tape = Tape::new();
    let loss = tape.watch(&layer).loss(&x);
    let y = linear(
        x.inner(),
        layer.weight.val().inner(),
        layer.bias.val().inner(),
    );
    let mut gradients = tape.backward(loss);
    // The loss is |y|², so the bias's gradient is 2y.
    let of_bias = gradients.take(&layer.bias.val()).unwrap();
    assert_eq!(of_bias.dims(), [2]);
    let difference = of_bias - y.reshape([2]) * 2.0;
    assert!(difference.abs().max().into_scalar::<f32>() < 1e-5);
    assert_eq!(gradients.take(&layer.weight.val()).unwrap().dims(), [2, 3]);
    // Taken once.
    assert!(gradients.take(&layer.bias.val()).is_none());
}

#[test]
fn a_frozen_parameter_gets_no_gradient() {
    let mut layer = Layer::new();
    layer.weight = layer.weight.set_require_grad(false);
    let x = Tensor::<2>::ones([1, 3], &device().autodiff());
    let tape = Tape::new();
    let loss = tape.watch(&layer).loss(&x);
    let mut gradients = tape.backward(loss);
    assert!(gradients.take(&layer.weight.val()).is_none());
    assert!(gradients.take(&layer.bias.val()).is_some());
}

#[test]
fn a_second_pass_starts_from_nothing() {
    let layer = Layer::new();
    let x = Tensor::<2>::ones([4, 3], &device().autodiff());
    let pass = || {
        let tape = Tape::new();
        let loss = tape.watch(&layer).loss(&x);
        let mut gradients = tape.backward(loss);
        gradients.take(&layer.weight.val()).unwrap().to_data()
    };
    assert_eq!(pass(), pass());
}

#[test]
fn gradients_go_through_operations_of_burns_own() {
    let tape = Tape::new();
    let x = tape.leaf(random([3, 4]));
    let y = x.clone().exp().sum_dim(1).reshape([3]).log();
    let mut gradients = tape.backward(y.sum());
    // The gradient of a log-sum-exp is a softmax: every row sums to 1.
    let sums = gradients.take(&x).unwrap().sum_dim(1) - 1.0;
    assert!(sums.abs().max().into_scalar::<f32>() < 1e-6);
}
