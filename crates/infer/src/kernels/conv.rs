//! Convolutions and linear layers.

use std::ops::Range;

use psp_models::nn::Geometry;
use pulp::Arch;
use rayon::prelude::*;

use super::activation::Activation;
use super::product::{At, Lanes, PIXELS, Product, ROWS};
use crate::buffer::Buffer;
use crate::view::{Piece, View, each, piece_size};

/// Values of a piece's input, or output, that stay in a core's cache.
const CACHED: usize = 1 << 17;
/// Products below which one thread is as fast as several.
const FEW_PRODUCTS: usize = 1 << 18;
/// Pixels of a thread below which the matrix takes longer on its way to each of them than the
/// products take.
const FEW_PIXELS: usize = 48;

/// A value to be read.
#[derive(Clone, Copy)]
pub(crate) struct Read<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) view: &'a View,
}

/// A convolution without groups; of rows and tokens, one of 1 × 1 pixels.
pub(crate) struct Conv {
    /// A row for each kernel value of each channel, row by row and pixel by pixel.
    matrix: Buffer,
    /// Rows of it.
    rows: usize,
    /// Filled up to whole registers.
    bias: Vec<f32>,
    out_channels: usize,
    /// Columns of a panel.
    panel: usize,
    kernel: [usize; 2],
    geometry: Geometry,
}

impl Conv {
    /// Of a weight `[out, in, kernel height, kernel width]`.
    pub(crate) fn new(
        lanes: Lanes,
        weight: &[f32],
        shape: [usize; 4],
        bias: Option<&[f32]>,
        geometry: Geometry,
    ) -> Self {
        let [out_channels, channels, height, width] = shape;
        let rows = height * width * channels;
        let mut matrix = Buffer::new(lanes.packed(rows, out_channels));
        let packed = lanes.packed(rows, out_channels);
        lanes.pack(rows, out_channels, &mut matrix[..packed], |row, out| {
            let (place, channel) = (row / channels, row % channels);
            weight[(out * channels + channel) * height * width + place]
        });
        Self {
            matrix,
            rows,
            bias: fill_up(bias, out_channels, lanes),
            out_channels,
            panel: lanes.panel(),
            kernel: [height, width],
            geometry,
        }
    }

    pub(crate) fn run(
        &self,
        arch: Arch,
        x: Read,
        other: Option<Read>,
        (out, view): (&mut [f32], &View),
        activation: Activation,
        batch: usize,
    ) {
        let pass = Pass::new(self, arch, x, other, view, activation);
        let pixels = batch * view.area();
        let products = pixels * pass.rows() * self.out_channels;
        let threads = rayon::current_num_threads();
        if products < FEW_PRODUCTS {
            pass.by_pixels(out, pixels, pixels);
        } else if pixels < FEW_PIXELS * threads && self.out_channels >= threads * self.panel {
            let columns = self.out_channels.div_ceil(threads);
            pass.by_columns(out, pixels, columns.next_multiple_of(self.panel));
        } else {
            let [rows, columns] = self.geometry.stride;
            let read = (x.view.pixel * rows * columns).min(ROWS);
            let cached = CACHED / read.max(self.out_channels);
            pass.by_pixels(out, pixels, piece_size(pixels, cached, PIXELS));
        }
    }

    /// Computes the pixels `starts` of `x` for a convolution of 1 × 1 pixels, which come to lie
    /// at `outs`.
    pub(super) fn pixels(
        &self,
        arch: Arch,
        x: At,
        activation: Activation,
        (out, outs): (&mut [f32], &[usize]),
    ) {
        arch.dispatch(Product {
            x,
            runs: &[0],
            run: self.rows,
            matrix: &self.matrix,
            bias: Some(&self.bias),
            other: None,
            rectifier: activation.rectifier(),
            columns: self.out_channels,
            out,
            outs,
        });
    }
}

/// What a convolution reads and writes.
struct Pass<'a> {
    conv: &'a Conv,
    arch: Arch,
    x: Read<'a>,
    other: Option<Read<'a>>,
    view: &'a View,
    activation: Activation,
    /// Where each run of a pixel's window lies, from the window's first pixel.
    runs: Vec<usize>,
    run: usize,
}

impl<'a> Pass<'a> {
    fn new(
        conv: &'a Conv,
        arch: Arch,
        x: Read<'a>,
        other: Option<Read<'a>>,
        view: &'a View,
        activation: Activation,
    ) -> Self {
        let ([rows, columns], input) = (conv.kernel, x.view);
        // Pixels side by side are one run.
        let (run, columns) = if input.is_dense() {
            (columns * input.channels, 1)
        } else {
            (input.channels, columns)
        };
        let places =
            (0..rows).flat_map(|y| (0..columns).map(move |x| y * input.row + x * input.pixel));
        Self {
            conv,
            arch,
            x,
            other,
            view,
            activation,
            runs: places.collect(),
            run,
        }
    }

    /// Rows of the matrix.
    fn rows(&self) -> usize {
        self.runs.len() * self.run
    }

    /// Where the windows of `pixels` begin.
    fn starts(&self, pixels: Range<usize>) -> Vec<usize> {
        let Geometry {
            stride, padding, ..
        } = self.conv.geometry;
        let (input, view) = (self.x.view, self.view);
        let origin = input.first - padding[0] * input.row - padding[1] * input.pixel;
        let of_segment = |segment: Range<usize>| {
            let (image, within) = (segment.start / view.area(), segment.start % view.area());
            let (y, first) = (within / view.width, within % view.width);
            let row = origin + image * input.image + y * stride[0] * input.row;
            let columns = first..first + segment.len();
            columns.map(move |x| row + x * stride[1] * input.pixel)
        };
        view.segments(pixels).flat_map(of_segment).collect()
    }

    /// Computes `columns` of `pixels`, which come to lie at `outs`.
    fn product(
        &self,
        pixels: Range<usize>,
        columns: Range<usize>,
        out: &mut [f32],
        outs: &[usize],
    ) {
        let starts = self.starts(pixels.clone());
        let others: Vec<usize> = self.other.map_or_else(Vec::new, |other| {
            pixels
                .map(|pixel| other.view.index(pixel) + columns.start)
                .collect()
        });
        self.arch.dispatch(Product {
            x: At {
                values: self.x.values,
                starts: &starts,
            },
            runs: &self.runs,
            run: self.run,
            matrix: &self.conv.matrix[columns.start * self.rows()..],
            bias: Some(&self.conv.bias[columns.start..]),
            other: self.other.map(|other| At {
                values: other.values,
                starts: &others,
            }),
            rectifier: self.activation.rectifier(),
            columns: columns.len(),
            out,
            outs,
        });
    }

    /// Has each thread compute so many pixels at a time.
    fn by_pixels(&self, out: &mut [f32], pixels: usize, size: usize) {
        let view = self.view;
        let batch = pixels / view.area();
        each(Piece::of_size(out, view, batch, size), |mut piece| {
            let pixels = piece.pixels.clone();
            let outs: Vec<usize> = pixels
                .clone()
                .map(|pixel| piece.index(view, pixel))
                .collect();
            self.product(pixels, 0..view.channels, piece.values(), &outs);
            if self.activation.is_finished_later() {
                piece.each_run(view, |values| self.activation.finish(self.arch, values));
            }
        });
    }

    /// Has each thread compute so many columns, so that each reads a part of the matrix.
    fn by_columns(&self, out: &mut [f32], pixels: usize, columns: usize) {
        let all = self.view.channels;
        let firsts: Vec<usize> = (0..all).step_by(columns).collect();
        let parts = firsts.into_par_iter().map(|first| {
            let columns = first..all.min(first + columns);
            let outs: Vec<usize> = (0..pixels).map(|pixel| pixel * columns.len()).collect();
            let mut part = vec![0.0; pixels * columns.len()];
            self.product(0..pixels, columns.clone(), &mut part, &outs);
            self.activation.finish(self.arch, &mut part);
            (columns, part)
        });
        let parts: Vec<(Range<usize>, Vec<f32>)> = parts.collect();
        for pixel in 0..pixels {
            let out = &mut out[self.view.index(pixel)..][..all];
            for (columns, part) in &parts {
                let values = &part[pixel * columns.len()..][..columns.len()];
                out[columns.clone()].copy_from_slice(values);
            }
        }
    }
}

/// A bias, zeros where there is none, filled up to whole registers.
pub(super) fn fill_up(bias: Option<&[f32]>, channels: usize, lanes: Lanes) -> Vec<f32> {
    let mut filled = bias.map(<[f32]>::to_vec).unwrap_or_default();
    filled.resize(channels.next_multiple_of(lanes.lanes), 0.0);
    filled
}
