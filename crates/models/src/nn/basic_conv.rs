//! The convolution that both Inceptions are made of.

use burn::module::Module;
use burn::tensor::Device;

use super::value::Image;
use super::{BatchNorm2d, Conv2d, Conv2dConfig};

/// Epsilon of the batch norms of both Inceptions.
pub const INCEPTION_EPSILON: f64 = 0.001;

/// `BasicConv2d` of `torchvision.models.googlenet` and `.inception`: a
/// convolution without bias, batch norm with epsilon 0.001, ReLU.
#[derive(Module, Debug)]
pub struct BasicConv2d {
    conv: Conv2d,
    bn: BatchNorm2d,
}

impl BasicConv2d {
    /// The layer with zero weights, to be filled by [`crate::state::load`].
    pub fn new(config: Conv2dConfig, device: &Device) -> Self {
        Self {
            conv: config.init(device),
            bn: BatchNorm2d::new(config.out_channels, device).with_epsilon(INCEPTION_EPSILON),
        }
    }

    /// `[batch, in, h, w]` to `[batch, out, h', w']`.
    pub fn forward<X: Image>(&self, x: X) -> X {
        self.bn.relu_after(&self.conv, x)
    }
}
