//! Operations with kernels of their own where a backend's are slow.
//!
//! Every operation has one plain definition, Burn's own, which is correct on
//! every backend and is what the tests compare with; a backend overrides it
//! where that pays.

mod conv;
#[cfg(feature = "flex")]
mod flex_conv;

pub use conv::conv2d;
