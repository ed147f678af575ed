//! The device under test, and comparison of two computations on it: ours, and
//! Burn's own with Burn's autodiff.
// burn-tch 0.22 is its last release, which Burn says with a deprecation.
#![cfg_attr(feature = "libtorch", allow(deprecated))]

use std::cell::Cell;

use burn::tensor::{Device, Gradients as BurnGradients, Tensor, TensorData};
use psp_models::ops::{Gradients, Tape};

/// `PSP_TEST_DEVICE`, or Flex, without autodiff.
pub(crate) fn device() -> Device {
    match std::env::var("PSP_TEST_DEVICE").as_deref() {
        #[cfg(feature = "libtorch")]
        Ok("libtorch") => Device::libtorch(),
        _ => Device::flex(),
    }
}

/// Who records a computation and differentiates it.
pub(crate) enum Graph {
    Ours(Tape),
    Burns,
}

/// What came of it.
pub(crate) enum Pulled {
    Ours(Gradients),
    Burns(BurnGradients),
}

impl Graph {
    /// Both, to compare.
    pub(crate) fn both() -> [Self; 2] {
        [Self::Ours(Tape::new()), Self::Burns]
    }

    /// A leaf with these values.
    pub(crate) fn leaf<const D: usize>(&self, values: &Tensor<D>) -> Tensor<D> {
        match self {
            Self::Ours(tape) => tape.leaf(values.clone()),
            Self::Burns => Tensor::from_inner(values.clone()).require_grad(),
        }
    }

    /// Gradients of the sum of `output` weighted by `pull`.
    pub(crate) fn backward<const D: usize>(self, output: Tensor<D>, pull: &Tensor<D>) -> Pulled {
        match self {
            Self::Ours(tape) => Pulled::Ours(tape.backward_from(output, pull.clone())),
            Self::Burns => {
                let weighted = output * Tensor::from_inner(pull.clone());
                Pulled::Burns(weighted.sum().backward())
            }
        }
    }
}

impl Pulled {
    /// A leaf's gradient, if it got one.
    pub(crate) fn get<const D: usize>(&mut self, leaf: &Tensor<D>) -> Option<TensorData> {
        let grad = match self {
            Self::Ours(gradients) => gradients.take(leaf),
            Self::Burns(gradients) => leaf.grad_remove(gradients),
        };
        grad.map(Tensor::into_data)
    }

    pub(crate) fn of<const D: usize>(&mut self, leaf: &Tensor<D>) -> TensorData {
        self.get(leaf).unwrap()
    }
}

thread_local! {
    /// Numbers drawn by this thread; every test has a thread of its own.
    static DRAWN: Cell<u64> = const { Cell::new(0) };
}

/// Nearly normal values, the same in every run.
pub(crate) fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| normal()).collect();
    Tensor::from_data(TensorData::new(values, shape), &device())
}

/// Twelve uniform numbers less six: mean 0, deviation 1.
fn normal() -> f32 {
    let sum: f64 = (0..12).map(|_| uniform()).sum();
    (sum - 6.0) as f32
}

/// Splitmix64, from 0 on.
fn uniform() -> f64 {
    let mut z = DRAWN
        .replace(DRAWN.get() + 1)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Panics unless every value agrees to 1e-5 of the largest of its tensor: sums
/// of thousands of products are rounded in another order by every kernel, to an
/// error that goes with the products, not with their sum.
#[track_caller]
pub(crate) fn assert_close(ours: &[TensorData], theirs: &[TensorData]) {
    assert_within(1e-5, ours, theirs);
}

/// The same to another share of the largest.
#[track_caller]
pub(crate) fn assert_within(tolerance: f32, ours: &[TensorData], theirs: &[TensorData]) {
    assert_eq!(ours.len(), theirs.len());
    for (number, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        assert_eq!(ours.shape(), theirs.shape());
        let [ours, theirs] = [ours, theirs].map(|data| data.as_slice::<f32>().unwrap());
        let largest = theirs
            .iter()
            .fold(0.0f32, |largest, v| largest.max(v.abs()));
        for (place, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
            let error = (ours - theirs).abs();
            assert!(
                error <= tolerance * largest.max(1.0),
                "tensor {number}, value {place}: {ours} and {theirs}, the largest is {largest}"
            );
        }
    }
}
