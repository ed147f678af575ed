//! Operations with kernels of their own where a backend's are slow.
//!
//! Every operation has one plain definition, Burn's own, which is correct on
//! every backend and is what the tests compare with; a backend overrides it
//! where that pays. Flex has kernels with backward passes of their own for
//! Burn's autodiff; LibTorch computes and differentiates by itself (see
//! [`Tape`]).
//!
//! A layer computes in its input's data type: weights are kept in f32 and
//! rounded on the way, norms keep theirs.

/// Gives a trait of kernels to the backends that keep Burn's.
macro_rules! keep_burns {
    ($kernels:ident) => {
        #[cfg(feature = "libtorch")]
        impl $kernels for burn::backend::LibTorch {}
        #[cfg(feature = "cuda")]
        impl $kernels for burn::backend::Cuda {}
    };
}

/// Returns what LibTorch computes, where it can.
macro_rules! by_libtorch {
    ($output:expr) => {
        #[cfg(feature = "libtorch")]
        {
            if let Some(output) = $output {
                return output;
            }
        }
    };
}

/// Raised whenever a kernel's rounding changes, so that stored results of earlier kernels
/// are not taken for those of the present ones.
pub const KERNELS_VERSION: u32 = 3;

mod activation;
mod adamw;
mod attention;
mod autograd;
mod batch_norm;
mod conv;
#[cfg(feature = "flex")]
mod flex;
mod layer_norm;
mod layout;
#[cfg(feature = "libtorch")]
mod libtorch;
mod linear;
mod pool;
pub mod scalar;
mod simd;
pub mod winograd;

pub use activation::{Activation, add, add_relu, gelu, mul, relu, relu6, silu};
pub use adamw::{AdamW, adamw_step};
pub use attention::{attention, project};
pub use autograd::{Gradients, Tape};
pub use batch_norm::{BatchNormTrain, batch_norm_eval, batch_norm_train};
pub use conv::conv2d;
pub use layer_norm::layer_norm;
pub use layout::fast_layout;
pub use linear::linear;
pub use pool::{Window, avg_pool2d, max_pool2d, mean_pixel};
pub use simd::widest;
