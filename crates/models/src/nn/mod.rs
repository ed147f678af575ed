//! Layers under torchvision's names, shapes and semantics.
//!
//! Burn's own modules differ where it matters for an exact port: `Linear`
//! stores its weight transposed, `BatchNorm` names its parameters
//! `gamma`/`beta` and tracks the biased variance. These layers keep PyTorch's
//! layout, so that a module path is a `state_dict` key without translation.

mod activation;
mod batch_norm;
mod conv;
mod linear;
mod noise;
mod pool;

pub use activation::relu;
pub use batch_norm::BatchNorm2d;
pub use conv::{Conv2d, Conv2dConfig};
pub use linear::Linear;
pub use noise::{Noise, dropout};
pub use pool::{global_avg_pool2d, max_pool2d};
pub use psp_ops::add_relu;
