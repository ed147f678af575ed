//! Layers under torchvision's names, shapes and semantics.
//!
//! Burn's own modules differ where it matters for an exact port: `Linear`
//! stores its weight transposed, `BatchNorm` names its parameters
//! `gamma`/`beta` and tracks the biased variance. These layers keep PyTorch's
//! layout, so that a module path is a `state_dict` key without translation.

mod attention;
mod basic_conv;
mod batch_norm;
mod conv;
mod conv_norm;
mod cost;
mod layer_norm;
mod linear;
mod noise;
mod pool;
mod transform_input;
mod value;

pub use attention::MultiheadAttention;
pub use basic_conv::{BasicConv2d, INCEPTION_EPSILON};
pub use batch_norm::BatchNorm2d;
pub(crate) use batch_norm::moved;
pub use conv::{Conv2d, Conv2dConfig};
pub use conv_norm::Conv2dNorm;
pub use cost::multiply_adds;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use noise::Noise;
pub use pool::{global_avg_pool2d, max_pool2d};
pub use transform_input::transform_input_if;
pub use value::{Geometry, Image, Sequence, Value, Weight};
