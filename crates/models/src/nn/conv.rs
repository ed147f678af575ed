//! 2-D convolution (`torch.nn.Conv2d`).

use crate::ops::Activation;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::value::{Geometry, Image};

/// Geometry of a [`Conv2d`]; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dConfig {
    /// Input channels.
    pub in_channels: usize,
    /// Output channels.
    pub out_channels: usize,
    /// Kernel height and width.
    pub kernel: [usize; 2],
    /// Step in pixels along height and width.
    pub stride: [usize; 2],
    /// Zeros added on each side along height and width.
    pub padding: [usize; 2],
    /// Channel groups; equal to `in_channels` for a depthwise convolution.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Conv2dConfig {
    /// A square kernel, stride 1, no padding, one group, no bias.
    pub fn new(in_channels: usize, out_channels: usize, kernel: usize) -> Self {
        Self {
            in_channels,
            out_channels,
            kernel: [kernel; 2],
            stride: [1; 2],
            padding: [0; 2],
            groups: 1,
            bias: false,
        }
    }

    /// A kernel with odd sides, padded so that the image keeps its size.
    pub fn same(in_channels: usize, out_channels: usize, kernel: [usize; 2]) -> Self {
        Self {
            kernel,
            padding: kernel.map(|side| side / 2),
            ..Self::new(in_channels, out_channels, 1)
        }
    }

    /// The same with this stride in both directions.
    pub fn stride(mut self, stride: usize) -> Self {
        self.stride = [stride; 2];
        self
    }

    /// The same with this padding on all sides.
    pub fn padding(mut self, padding: usize) -> Self {
        self.padding = [padding; 2];
        self
    }

    /// The same with every channel convolved on its own.
    pub fn depthwise(mut self) -> Self {
        self.groups = self.in_channels;
        self
    }

    /// The same with a bias.
    pub fn bias(mut self) -> Self {
        self.bias = true;
        self
    }

    /// The layer with all parameters zero, to be filled by
    /// [`crate::state::load`].
    pub fn init(self, device: &Device) -> Conv2d {
        let [height, width] = self.kernel;
        let shape = [
            self.out_channels,
            self.in_channels / self.groups,
            height,
            width,
        ];
        Conv2d {
            weight: Param::from_tensor(Tensor::zeros(shape, device)),
            bias: self
                .bias
                .then(|| Param::from_tensor(Tensor::zeros([self.out_channels], device))),
            config: self,
        }
    }
}

/// `torch.nn.Conv2d`.
#[derive(Module, Debug)]
pub struct Conv2d {
    /// `[out_channels, in_channels / groups, kernel height, kernel width]`.
    pub weight: Param<Tensor<4>>,
    /// `[out_channels]`.
    pub bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    config: Conv2dConfig,
}

impl Conv2d {
    /// `[batch, in_channels, h, w]` to `[batch, out_channels, h', w']`.
    pub fn forward<X: Image>(&self, x: X) -> X {
        self.forward_with(x, self.bias.as_ref(), Activation::Identity)
    }

    /// The same with this bias in place of its own, and an activation.
    pub(super) fn forward_with<X: Image>(
        &self,
        x: X,
        bias: Option<&Param<Tensor<1>>>,
        activation: Activation,
    ) -> X {
        let Conv2dConfig {
            stride,
            padding,
            groups,
            ..
        } = self.config;
        let geometry = Geometry {
            stride,
            padding,
            groups,
        };
        x.conv2d(&self.weight, bias, geometry, activation)
    }
}
