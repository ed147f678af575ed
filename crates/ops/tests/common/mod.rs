//! The device under test, and comparison of two computations on it.
#![allow(clippy::unwrap_used, dead_code)]
// burn-tch 0.22 is its last release, which Burn says with a deprecation.
#![cfg_attr(feature = "libtorch", allow(deprecated))]

use burn::tensor::{Device, Distribution, Tensor, TensorData, Tolerance};

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

/// Panics unless all values agree closely.
pub(crate) fn assert_close(ours: &[TensorData], theirs: &[TensorData]) {
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        ours.assert_approx_eq::<f32>(theirs, Tolerance::rel_abs(1e-4, 1e-3));
    }
}
