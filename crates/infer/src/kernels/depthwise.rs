//! Convolutions of each channel by itself.

use psp_models::nn::Geometry;
use pulp::{Arch, Simd, WithSimd};

use super::activation::{Activation, Rectifier};
use super::conv::Read;
use super::register::{load, store};
use crate::view::{Piece, View, each, piece_size};

/// Values of a piece.
const PIECE: usize = 1 << 14;

/// A depthwise convolution.
pub(crate) struct Depthwise {
    /// `[kernel height, kernel width, channels]`.
    weight: Vec<f32>,
    bias: Vec<f32>,
    channels: usize,
    kernel: [usize; 2],
    geometry: Geometry,
}

impl Depthwise {
    /// Of a weight `[channels, 1, kernel height, kernel width]`.
    pub(crate) fn new(
        weight: &[f32],
        [channels, _, height, width]: [usize; 4],
        bias: Option<&[f32]>,
        geometry: Geometry,
    ) -> Self {
        let places = height * width;
        let weight = (0..places * channels)
            .map(|index| weight[index % channels * places + index / channels])
            .collect();
        Self {
            weight,
            bias: bias.map_or_else(|| vec![0.0; channels], <[f32]>::to_vec),
            channels,
            kernel: [height, width],
            geometry,
        }
    }

    pub(crate) fn run(
        &self,
        arch: Arch,
        x: Read,
        (out, view): (&mut [f32], &View),
        activation: Activation,
        batch: usize,
    ) {
        let size = piece_size(batch * view.area(), PIECE / self.channels, 1);
        each(Piece::of_size(out, view, batch, size), |mut piece| {
            for segment in view.segments(piece.pixels.clone()) {
                let (image, within) = (segment.start / view.area(), segment.start % view.area());
                let (y, column) = (within / view.width, within % view.width);
                let Geometry {
                    stride, padding, ..
                } = self.geometry;
                let start = x.view.first + image * x.view.image + y * stride[0] * x.view.row
                    - padding[0] * x.view.row
                    - padding[1] * x.view.pixel
                    + column * stride[1] * x.view.pixel;
                let from = Read {
                    values: &x.values[start..],
                    view: x.view,
                };
                let to = (piece.segment(view, &segment), view.pixel);
                self.row(arch, from, segment.len(), to, activation);
            }
            if activation.is_finished_later() {
                piece.each_run(view, |values| activation.finish(arch, values));
            }
        });
    }
}

impl Depthwise {
    /// Computes some pixels of a row, of `x` from the first one's window on; the outputs are so
    /// far apart. Of the activation, what is left for later is left.
    pub(super) fn row(
        &self,
        arch: Arch,
        x: Read,
        pixels: usize,
        (out, pixel): (&mut [f32], usize),
        activation: Activation,
    ) {
        arch.dispatch(Row {
            layer: self,
            x,
            pixels,
            out,
            pixel,
            rectifier: activation.rectifier(),
        });
    }

    /// Zeros that count, above and below, and at each side.
    pub(super) fn padding(&self) -> [usize; 2] {
        self.geometry.padding
    }

    /// Rows of a window, and from one window to the next.
    pub(super) fn along_rows(&self) -> [usize; 2] {
        [self.kernel[0], self.geometry.stride[0]]
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }
}

/// Some pixels of a row.
struct Row<'a> {
    layer: &'a Depthwise,
    /// From the first one's window on.
    x: Read<'a>,
    pixels: usize,
    out: &'a mut [f32],
    /// From one output pixel to the next.
    pixel: usize,
    rectifier: Rectifier,
}

impl WithSimd for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        for channel in (0..self.layer.channels).step_by(S::F32_LANES) {
            let left = self.layer.channels - channel;
            if left >= S::F32_LANES {
                self.channels(simd, channel, S::F32_LANES);
            } else {
                self.channels(simd, channel, left);
            }
        }
    }
}

impl Row<'_> {
    /// All pixels of so many channels, which fit into a register.
    #[inline(always)]
    fn channels<S: Simd>(&mut self, simd: S, channel: usize, channels: usize) {
        let mut pixel = 0;
        while self.pixels - pixel >= 8 {
            self.pixels::<S, 8>(simd, [channel, channels], pixel);
            pixel += 8;
        }
        if self.pixels - pixel >= 4 {
            self.pixels::<S, 4>(simd, [channel, channels], pixel);
            pixel += 4;
        }
        if self.pixels - pixel >= 2 {
            self.pixels::<S, 2>(simd, [channel, channels], pixel);
            pixel += 2;
        }
        if self.pixels > pixel {
            self.pixels::<S, 1>(simd, [channel, channels], pixel);
        }
    }

    /// `P` pixels of them.
    #[inline(always)]
    fn pixels<S: Simd, const P: usize>(
        &mut self,
        simd: S,
        [channel, channels]: [usize; 2],
        pixel: usize,
    ) {
        let layer = self.layer;
        let step = layer.geometry.stride[1] * self.x.view.pixel;
        let mut sums = [load(simd, &layer.bias[channel..][..channels]); P];
        let mut weights = layer.weight[channel..].chunks(layer.channels);
        for y in 0..layer.kernel[0] {
            for x in 0..layer.kernel[1] {
                let weight = weights.next().unwrap_or_default();
                let weight = load(simd, &weight[..channels]);
                let start = y * self.x.view.row + x * self.x.view.pixel + pixel * step + channel;
                let read = &self.x.values[start..][..(P - 1) * step + channels];
                for (p, sum) in sums.iter_mut().enumerate() {
                    let value = load(simd, &read[p * step..][..channels]);
                    *sum = simd.mul_add_e_f32s(value, weight, *sum);
                }
            }
        }
        for (p, &sum) in sums.iter().enumerate() {
            let start = (pixel + p) * self.pixel + channel;
            let out = &mut self.out[start..][..channels];
            store(simd, out, self.rectifier.apply(simd, sum));
        }
    }
}
