//! What layers are applied to.
//!
//! A network is written once. Applied to tensors it computes; applied to the values of a
//! graph it writes down what it would compute.

use burn::module::Param;
use burn::tensor::{FloatDType, Tensor, TensorData, activation};

use super::cost::count;
use super::noise::{Noise, drop_blocks};
use crate::ops::{self, Activation, Window};

/// A layer's parameter of rank `D`.
pub type Weight<const D: usize> = Param<Tensor<D>>;

/// How a convolution moves over its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Step in pixels along height and width.
    pub stride: [usize; 2],
    /// Zeros added on each side along height and width.
    pub padding: [usize; 2],
    /// Channel groups; equal to the input's channels for a depthwise convolution.
    pub groups: usize,
}

impl Geometry {
    /// Pixel by pixel.
    pub const POINTWISE: Self = Self {
        stride: [1, 1],
        padding: [0, 0],
        groups: 1,
    };
}

/// Values of any rank.
pub trait Value: Clone {
    /// `max(x, 0)`.
    fn relu(self) -> Self;

    /// `min(max(x, 0), 6)` (`torch.nn.ReLU6`).
    fn relu6(self) -> Self;

    /// `x · sigmoid(x)` (`torch.nn.SiLU`).
    fn silu(self) -> Self;

    /// `1 / (1 + exp(-x))`.
    fn sigmoid(self) -> Self;

    /// `x · Φ(x)` with the exact normal distribution (`torch.nn.GELU`).
    fn gelu(self) -> Self;

    /// The sum of two of one shape.
    fn add(self, other: Self) -> Self;

    /// The product, the smaller broadcast to the larger.
    fn mul(self, other: Self) -> Self;

    /// `x · weightᵀ + bias` over the last dimension: `weight` `[out, in]`, `bias` `[out]`.
    fn linear(self, weight: &Weight<2>, bias: &Weight<1>) -> Self;

    /// Normalises over the last dimension, scales by `weight` and shifts by `bias`,
    /// `[width]` each; `epsilon` is added to the variance.
    fn layer_norm(self, weight: &Weight<1>, bias: &Weight<1>, epsilon: f64) -> Self;

    /// Zeroes each element with probability `rate` and scales the rest by `1 / (1 - rate)`
    /// (Srivastava et al., 2014); the identity when `noise` is off or `rate` is 0.
    fn dropout(self, rate: f64, noise: &mut Noise) -> Self;
}

/// Images and feature maps, `[batch, channels, height, width]`.
pub trait Image: Value {
    /// `[batch, width]`.
    type Row: Value;
    /// `[batch, length, width]`.
    type Sequence: Sequence<Row = Self::Row>;

    /// A convolution with `weight` `[out, in / groups, kernel height, kernel width]` and
    /// `bias` `[out]`, and an activation, which may be applied in place and then has no gradient.
    fn conv2d(
        self,
        weight: &Weight<4>,
        bias: Option<&Weight<1>>,
        geometry: Geometry,
        activation: Activation,
    ) -> Self;

    /// `max(a + b, 0)` of two of one shape, the end of a residual block.
    fn add_relu(self, other: Self) -> Self;

    /// `torch.nn.MaxPool2d`.
    fn max_pool2d(self, window: Window) -> Self;

    /// `torch.nn.AvgPool2d(kernel, stride, padding)` with square windows; the padding's
    /// zeros count.
    fn avg_pool2d(self, kernel: usize, stride: usize, padding: usize) -> Self;

    /// `AdaptiveAvgPool2d(1)`: to `[batch, channels, 1, 1]`.
    fn mean_pixel(self) -> Self;

    /// Each of three channels times its factor, plus its term.
    fn scale_channels(self, factors: [f32; 3], terms: [f32; 3]) -> Self;

    /// Feature maps of one size, channels after channels.
    fn concat(maps: Vec<Self>) -> Self;

    /// Zeroes each image's values together with probability `rate` and scales the rest by
    /// `1 / (1 - rate)` (`torchvision.ops.StochasticDepth(rate, "row")`; Huang et al., 2016);
    /// the identity when `noise` is off or `rate` is 0.
    fn stochastic_depth(self, rate: f64, noise: &mut Noise) -> Self;

    /// `[batch, channels, 1, 1]` to `[batch, channels]`.
    fn into_row(self) -> Self::Row;

    /// The pixels in a sequence, row by row: `[batch, height · width, channels]`.
    fn into_sequence(self) -> Self::Sequence;

    /// The values, where they are computed.
    fn as_tensor(&self) -> Option<&Tensor<4>>;

    /// What only tensors go through: a layer that learns from its input.
    ///
    /// # Panics
    /// In a graph, whose model has no such layer.
    fn computed(self, f: impl FnOnce(Tensor<4>) -> Tensor<4>) -> Self;
}

/// Sequences of tokens, `[batch, length, width]`.
pub trait Sequence: Value {
    /// `[batch, width]`.
    type Row: Value;

    /// `token`, `[1, 1, width]`, before each sequence, plus `positions`, `[1, 1 + length,
    /// width]`.
    fn embedded(self, token: &Weight<3>, positions: &Weight<3>) -> Self;

    /// The heads of [`MultiheadAttention`](super::MultiheadAttention), joined: query, key and
    /// value come of `weight` `[3 · width, width]` and `bias` `[3 · width]`.
    fn attention(self, weight: &Weight<2>, bias: &Weight<1>, heads: usize) -> Self;

    /// The first token of each sequence.
    fn first(self) -> Self::Row;
}

impl<const D: usize> Value for Tensor<D> {
    fn relu(self) -> Self {
        ops::relu(self)
    }

    fn relu6(self) -> Self {
        ops::relu6(self)
    }

    fn silu(self) -> Self {
        ops::silu(self)
    }

    fn sigmoid(self) -> Self {
        activation::sigmoid(self)
    }

    fn gelu(self) -> Self {
        ops::gelu(self)
    }

    fn add(self, other: Self) -> Self {
        ops::add(self, other)
    }

    fn mul(self, other: Self) -> Self {
        ops::mul(self, other)
    }

    fn linear(self, weight: &Weight<2>, bias: &Weight<1>) -> Self {
        let [outputs, inputs] = weight.dims();
        let mut shape = self.dims();
        let rows = self.shape().num_elements() / inputs;
        count(rows * inputs * outputs);
        let x = self.reshape([rows, inputs]);
        shape[D - 1] = outputs;
        ops::linear(x, weight.val(), bias.val()).reshape(shape)
    }

    fn layer_norm(self, weight: &Weight<1>, bias: &Weight<1>, epsilon: f64) -> Self {
        ops::layer_norm(self, weight.val(), bias.val(), epsilon)
    }

    fn dropout(self, rate: f64, noise: &mut Noise) -> Self {
        let shape = self.dims();
        drop_blocks(self, shape, rate, noise)
    }
}

impl Image for Tensor<4> {
    type Row = Tensor<2>;
    type Sequence = Tensor<3>;

    fn conv2d(
        self,
        weight: &Weight<4>,
        bias: Option<&Weight<1>>,
        geometry: Geometry,
        activation: Activation,
    ) -> Self {
        let Geometry {
            stride,
            padding,
            groups,
        } = geometry;
        let (weight, bias) = (weight.val(), bias.map(Param::val));
        let per_pixel = weight.shape().num_elements();
        let y = ops::conv2d(self, weight, bias, stride, padding, groups);
        let [batch, _, height, width] = y.dims();
        count(batch * height * width * per_pixel);
        match activation {
            Activation::Identity => y,
            Activation::Relu => activation::relu(y),
        }
    }

    fn add_relu(self, other: Self) -> Self {
        ops::add_relu(self, other)
    }

    fn max_pool2d(self, window: Window) -> Self {
        ops::max_pool2d(self, window)
    }

    fn avg_pool2d(self, kernel: usize, stride: usize, padding: usize) -> Self {
        ops::avg_pool2d(self, kernel, stride, padding)
    }

    fn mean_pixel(self) -> Self {
        ops::mean_pixel(self)
    }

    fn scale_channels(self, factors: [f32; 3], terms: [f32; 3]) -> Self {
        let device = self.device();
        let dtype: FloatDType = self.dtype().into();
        let per_channel = |values: [f32; 3]| {
            let data = TensorData::new(values.to_vec(), [1, 3, 1, 1]);
            Self::from_data(data, &device).cast(dtype)
        };
        self * per_channel(factors) + per_channel(terms)
    }

    fn concat(maps: Vec<Self>) -> Self {
        Self::cat(maps, 1)
    }

    fn stochastic_depth(self, rate: f64, noise: &mut Noise) -> Self {
        let [batch, ..] = self.dims();
        drop_blocks(self, [batch, 1, 1, 1], rate, noise)
    }

    fn into_row(self) -> Self::Row {
        self.flatten(1, 3)
    }

    fn into_sequence(self) -> Self::Sequence {
        self.flatten::<3>(2, 3).swap_dims(1, 2)
    }

    fn as_tensor(&self) -> Option<&Tensor<4>> {
        Some(self)
    }

    fn computed(self, f: impl FnOnce(Tensor<4>) -> Tensor<4>) -> Self {
        f(self)
    }
}

impl Sequence for Tensor<3> {
    type Row = Tensor<2>;

    fn embedded(self, token: &Weight<3>, positions: &Weight<3>) -> Self {
        let [batch, _, width] = self.dims();
        let dtype: FloatDType = self.dtype().into();
        let token = token.val().cast(dtype).expand([batch, 1, width]);
        Self::cat(vec![token, self], 1) + positions.val().cast(dtype)
    }

    fn attention(self, weight: &Weight<2>, bias: &Weight<1>, heads: usize) -> Self {
        let [batch, length, width] = self.dims();
        count(batch * length * (3 * width * width + 2 * length * width));
        let [query, key, value] = ops::project(self, weight.val(), bias.val(), heads);
        let mixed = ops::attention(query, key, value);
        mixed.swap_dims(1, 2).reshape([batch, length, width])
    }

    fn first(self) -> Self::Row {
        self.narrow(1, 0, 1).squeeze_dim(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn ones() -> Tensor<2> {
        Tensor::ones([64, 64], &Device::default())
    }

    #[test]
    fn dropout_is_the_identity_when_noise_is_off() {
        let out = ones().dropout(0.5, &mut Noise::off());
        assert_eq!(out.to_data(), ones().to_data());
    }

    #[test]
    fn dropout_keeps_the_expected_sum_and_only_zeroes_or_scales() {
        let out = ones().dropout(0.25, &mut Noise::for_step(7, 3)).to_data();
        let values = out.as_slice::<f32>().unwrap();
        let kept = values.iter().filter(|v| **v != 0.0).count();
        assert!(
            values
                .iter()
                .all(|v| *v == 0.0 || (*v - 4.0 / 3.0).abs() < 1e-6)
        );
        assert!((kept as f64 / 4096.0 - 0.75).abs() < 0.03, "kept {kept}");
    }

    #[test]
    fn stochastic_depth_drops_whole_images_and_scales_the_others() {
        let x = Tensor::<4>::ones([400, 2, 3, 3], &Device::default());
        let out = x
            .stochastic_depth(0.25, &mut Noise::for_step(7, 3))
            .to_data();
        let images: Vec<&[f32]> = out.as_slice::<f32>().unwrap().chunks(18).collect();
        assert!(
            images
                .iter()
                .all(|image| image.iter().all(|v| *v == image[0]))
        );
        let kept = images.iter().filter(|image| image[0] > 0.0).count();
        assert!((240..360).contains(&kept), "kept {kept}");
        let scaled = |image: &&[f32]| image[0] == 0.0 || (image[0] - 4.0 / 3.0).abs() < 1e-6;
        assert!(images.iter().all(scaled));
    }

    #[test]
    fn the_same_step_draws_the_same_mask_and_another_step_another() {
        let draw = |step| ones().dropout(0.5, &mut Noise::for_step(1, step)).to_data();
        assert_eq!(draw(5), draw(5));
        assert_ne!(draw(5), draw(6));
    }
}
