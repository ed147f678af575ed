//! A convolution and its batch norm.

use burn::module::Module;
use burn::tensor::Device;

use super::value::Image;
use super::{BatchNorm2d, Conv2d, Conv2dConfig};

/// `torchvision.ops.Conv2dNormActivation` without its activation, which has
/// no parameters.
#[derive(Module, Debug)]
pub struct Conv2dNorm {
    _0: Conv2d,
    _1: BatchNorm2d,
}

impl Conv2dNorm {
    /// The layers with zero weights, to be filled by [`crate::state::load`].
    pub fn new(config: Conv2dConfig, device: &Device) -> Self {
        Self {
            _0: config.init(device),
            _1: BatchNorm2d::new(config.out_channels, device),
        }
    }

    /// As [`Conv2d::forward`], normalised.
    pub fn forward<X: Image>(&self, x: X) -> X {
        self._1.after(&self._0, x)
    }

    /// As [`BatchNorm2d::is_frozen`].
    pub fn is_frozen(&self) -> bool {
        self._1.is_frozen()
    }
}
