//! Operations with kernels of their own where a backend's are slow.
//!
//! Every operation has one plain definition, Burn's own, which is correct on
//! every backend and is what the tests compare with; a backend overrides it
//! where that pays.

// burn-tch 0.22 is its last release, which Burn says with a deprecation.
#![cfg_attr(feature = "libtorch", allow(deprecated))]

/// Gives a trait of kernels to the backends that keep Burn's.
macro_rules! keep_burns {
    ($kernels:ident) => {
        #[cfg(feature = "libtorch")]
        impl $kernels for burn::backend::LibTorch {}
        #[cfg(feature = "cuda")]
        impl $kernels for burn::backend::Cuda {}
    };
}

mod activation;
mod adamw;
mod batch_norm;
mod conv;
#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "libtorch")]
mod libtorch;
mod linear;

pub use activation::{Activation, add_relu};
pub use adamw::{AdamW, adamw_step};
pub use batch_norm::{BatchNormTrain, batch_norm_train};
pub use conv::conv2d;
pub use linear::linear;
