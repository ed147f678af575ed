//! The device under test, and comparison of two computations on it.
#![allow(clippy::unwrap_used, dead_code)]
// burn-tch 0.22 is its last release, which Burn says with a deprecation.
#![cfg_attr(feature = "libtorch", allow(deprecated))]

use burn::tensor::{Device, Distribution, Tensor, TensorData};

/// `PSP_TEST_DEVICE`, or Flex, with autodiff.
pub(crate) fn device() -> Device {
    match std::env::var("PSP_TEST_DEVICE").as_deref() {
        #[cfg(feature = "libtorch")]
        Ok("libtorch") => Device::libtorch(),
        _ => Device::flex(),
    }
    .autodiff()
}

/// Normal values that require gradients.
pub(crate) fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &device()).require_grad()
}

/// Panics unless every value agrees to 1e-5 of the largest of its tensor: sums
/// of thousands of products are rounded in another order by every kernel, to an
/// error that goes with the products, not with their sum.
#[track_caller]
pub(crate) fn assert_close(ours: &[TensorData], theirs: &[TensorData]) {
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
                error <= 1e-5 * largest.max(1.0),
                "tensor {number}, value {place}: {ours} and {theirs}, the largest is {largest}"
            );
        }
    }
}
