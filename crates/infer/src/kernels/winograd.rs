//! Convolutions of 3 × 3 pixels with stride 1 by Winograd's minimal filtering
//! ([`psp_models::ops::winograd`]).
//!
//! Images are cut into tiles. What a tile reads, and each kernel, become values at points in the
//! plane, whose products, summed over the channels, are the output's values at the points.

mod filter;

use std::marker::PhantomData;

use psp_models::nn::Geometry;
use psp_models::ops::winograd;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use self::filter::{Filter, Large, Small, in_both_directions, kernels_at_points};
use super::activation::{Activation, Rectifier};
use super::conv::{Read, fill_up};
use super::product::{At, Lanes, Product};
use super::register::{Register, load, store};
use crate::buffer::Buffer;
use crate::view::{Piece, View, each};

/// Values at the points that stay in the caches.
const CACHED: usize = 1 << 19;
/// Tiles that a thread transforms at once.
const TRANSFORMED: usize = 8;
/// Channels that are transformed at once, at most.
const CHANNELS: usize = 16;
/// Pixels of an image below which kernels at 36 points would be longer on their way from memory
/// than their products take, and are computed at 16.
const FEW_PIXELS: usize = 100;

/// A convolution of 3 × 3 pixels.
pub(crate) struct Winograd {
    /// At each point a matrix, channels by output channels.
    matrices: Buffer,
    /// Values of one.
    matrix: usize,
    bias: Vec<f32>,
    channels: usize,
    out_channels: usize,
    is_small: bool,
}

/// Buffers for values at the points.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    inputs: Buffer,
    outputs: Buffer,
}

/// Where a pass reads and writes.
struct Pass<'a> {
    arch: Arch,
    x: Read<'a>,
    other: Option<Read<'a>>,
    view: &'a View,
    activation: Activation,
    /// Tiles of an image, downwards and across.
    grid: [usize; 2],
    /// The first row of tiles, counted through all images.
    first_row: usize,
    rows: usize,
}

impl Winograd {
    /// Whether a convolution with a weight of this shape is one.
    pub(crate) fn serves(shape: [usize; 4], geometry: &Geometry) -> bool {
        let [out_channels, channels, height, width] = shape;
        [height, width] == [3, 3]
            && geometry.stride == [1, 1]
            && geometry.padding == [1, 1]
            && channels.is_multiple_of(CHANNELS)
            && out_channels.is_multiple_of(CHANNELS)
    }

    /// Of a weight `[out, in, 3, 3]`, for images of so many pixels.
    pub(crate) fn new(
        lanes: Lanes,
        weight: &[f32],
        [out_channels, channels, ..]: [usize; 4],
        bias: Option<&[f32]>,
        area: usize,
    ) -> Self {
        let is_small = area < FEW_PIXELS;
        let at_points = if is_small {
            kernels_at_points::<Small, 2, 4>
        } else {
            kernels_at_points::<Large, 4, 6>
        };
        let values = at_points(weight);
        let kernels = channels * out_channels;
        let matrix = lanes.packed(channels, out_channels);
        let mut matrices = Buffer::new(values.len() / kernels * matrix);
        matrices
            .par_chunks_exact_mut(matrix)
            .zip(values.par_chunks_exact(kernels))
            .for_each(|(out, values)| {
                lanes.pack(channels, out_channels, out, |channel, out| {
                    values[out * channels + channel]
                });
            });
        Self {
            matrices,
            matrix,
            bias: fill_up(bias, out_channels, lanes),
            channels,
            out_channels,
            is_small,
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "what is read, written and borrowed"
    )]
    pub(crate) fn run(
        &self,
        arch: Arch,
        x: Read,
        other: Option<Read>,
        to: (&mut [f32], &View),
        activation: Activation,
        batch: usize,
        scratch: &mut Scratch,
    ) {
        let (side, points) = if self.is_small {
            (2, 16)
        } else {
            (winograd::TILE, winograd::POINTS)
        };
        let (out, view) = to;
        let grid = [view.height, view.width].map(|size| size.div_ceil(side));
        let ends = (0..batch * grid[0]).map(|row| {
            let (image, row) = (row / grid[0], row % grid[0]);
            image * view.area() + ((row + 1) * side).min(view.height) * view.width
        });
        // More tiles than that where the matrices are longer on their way.
        let channels = self.channels + self.out_channels;
        let tiles = (CACHED / (points * channels)).max(channels / 4);
        let rows = tiles.div_ceil(grid[1]);
        let mut pieces = Piece::cut(out, view, ends);
        for (index, pieces) in pieces.chunks_mut(rows).enumerate() {
            let pass = Pass {
                arch,
                x,
                other,
                view,
                activation,
                grid,
                first_row: index * rows,
                rows: pieces.len(),
            };
            if self.is_small {
                self.pass::<Small, 2, 4>(&pass, pieces, scratch);
            } else {
                self.pass::<Large, 4, 6>(&pass, pieces, scratch);
            }
        }
    }

    /// Some rows of tiles.
    fn pass<F: Filter<TILE, SIDE>, const TILE: usize, const SIDE: usize>(
        &self,
        pass: &Pass,
        pieces: &mut [Piece],
        scratch: &mut Scratch,
    ) {
        let columns = pass.grid[1];
        let tiles = pass.rows * columns;
        let points = SIDE * SIDE;
        let inputs = scratch.inputs.part(tiles * points * self.channels);
        let outputs = scratch.outputs.part(points * tiles * self.out_channels);
        self.transform::<F, TILE, SIDE>(pass, inputs);
        self.multiply(pass.arch, inputs, outputs, tiles);
        let outputs = &*outputs;
        let pieces = pieces.iter_mut().enumerate();
        each(pieces.collect(), |(row, piece)| {
            pass.arch.dispatch(Untransform::<F, TILE, SIDE> {
                layer: self,
                pass,
                values: outputs,
                tiles,
                first_tile: row * columns,
                piece,
                filter: PhantomData,
            });
            if pass.activation.is_finished_later() {
                piece.each_run(pass.view, |values| {
                    pass.activation.finish(pass.arch, values)
                });
            }
        });
    }

    /// What the tiles read, at the points: `[tile, point, channel]`.
    fn transform<F: Filter<TILE, SIDE>, const TILE: usize, const SIDE: usize>(
        &self,
        pass: &Pass,
        out: &mut [f32],
    ) {
        let of_tile = SIDE * SIDE * self.channels;
        out.par_chunks_mut(of_tile * TRANSFORMED)
            .enumerate()
            .for_each(|(chunk, out)| {
                pass.arch.dispatch(Transform::<F, TILE, SIDE> {
                    pass,
                    channels: self.channels,
                    first_tile: chunk * TRANSFORMED,
                    out,
                    filter: PhantomData,
                });
            });
    }

    /// At each point a matrix product: `[tile, point, channel]` to `[point, tile, out]`.
    fn multiply(&self, arch: Arch, inputs: &[f32], outputs: &mut [f32], tiles: usize) {
        let outs: Vec<usize> = (0..tiles).map(|tile| tile * self.out_channels).collect();
        let of_tile = inputs.len() / tiles;
        outputs
            .par_chunks_exact_mut(tiles * self.out_channels)
            .zip(self.matrices.par_chunks_exact(self.matrix))
            .enumerate()
            .for_each(|(point, (out, matrix))| {
                let first = point * self.channels;
                let starts: Vec<usize> = (0..tiles).map(|tile| tile * of_tile + first).collect();
                arch.dispatch(Product {
                    x: At {
                        values: inputs,
                        starts: &starts,
                    },
                    runs: &[0],
                    run: self.channels,
                    matrix,
                    bias: None,
                    other: None,
                    rectifier: Rectifier::Identity,
                    columns: self.out_channels,
                    out,
                    outs: &outs,
                });
            });
    }
}

/// Some tiles of what a convolution reads, at the points.
struct Transform<'a, F, const TILE: usize, const SIDE: usize> {
    pass: &'a Pass<'a>,
    channels: usize,
    first_tile: usize,
    /// `[tile, point, channel]`.
    out: &'a mut [f32],
    filter: PhantomData<F>,
}

impl<F: Filter<TILE, SIDE>, const TILE: usize, const SIDE: usize> WithSimd
    for Transform<'_, F, TILE, SIDE>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [rows, columns] = self.pass.grid;
        let Read { values, view } = self.pass.x;
        let zero = simd.splat_f32s(0.0);
        let of_tile = SIDE * SIDE * self.channels;
        for (tile, out) in self.out.chunks_exact_mut(of_tile).enumerate() {
            let tile = self.pass.first_row * columns + self.first_tile + tile;
            let (row, column) = (tile / columns, tile % columns);
            let (image, row) = (row / rows, row % rows);
            let image = view.first + image * view.image;
            // One pixel of padding; what is before the first wraps around.
            let mut places = [[None; SIDE]; SIDE];
            for (y, places) in places.iter_mut().enumerate() {
                let y = (row * TILE + y).wrapping_sub(1);
                for (x, place) in places.iter_mut().enumerate() {
                    let x = (column * TILE + x).wrapping_sub(1);
                    let is_within = y < view.height && x < view.width;
                    *place = is_within.then(|| image + y * view.row + x * view.pixel);
                }
            }
            for channel in (0..self.channels).step_by(S::F32_LANES) {
                let mut read = [[Register { simd, values: zero }; SIDE]; SIDE];
                for (read, places) in read.iter_mut().zip(&places) {
                    for (read, place) in read.iter_mut().zip(places) {
                        if let Some(place) = place {
                            let pixel = &values[place + channel..][..S::F32_LANES];
                            read.values = load(simd, pixel);
                        }
                    }
                }
                let read = in_both_directions(
                    &read,
                    #[inline(always)]
                    |line| F::at_points(line),
                );
                for (point, value) in read.as_flattened().iter().enumerate() {
                    let out = &mut out[point * self.channels + channel..][..S::F32_LANES];
                    store(simd, out, value.values);
                }
            }
        }
    }
}

/// The pixels of a row of tiles, of the output's values at the points.
struct Untransform<'a, 'b, F, const TILE: usize, const SIDE: usize> {
    layer: &'a Winograd,
    pass: &'a Pass<'a>,
    /// `[point, tile, out]`.
    values: &'a [f32],
    tiles: usize,
    first_tile: usize,
    piece: &'a mut Piece<'b>,
    filter: PhantomData<F>,
}

impl<F: Filter<TILE, SIDE>, const TILE: usize, const SIDE: usize> WithSimd
    for Untransform<'_, '_, F, TILE, SIDE>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Pass { view, other, .. } = *self.pass;
        let rectifier = self.pass.activation.rectifier();
        let zero = simd.splat_f32s(0.0);
        let channels = self.layer.out_channels;
        let first = self.piece.pixels.start;
        let rows = self.piece.pixels.len() / view.width;
        for column in 0..self.pass.grid[1] {
            let tile = self.first_tile + column;
            let width = TILE.min(view.width - column * TILE);
            for channel in (0..channels).step_by(S::F32_LANES) {
                let mut read = [[Register { simd, values: zero }; SIDE]; SIDE];
                for (y, read) in read.iter_mut().enumerate() {
                    for (x, read) in read.iter_mut().enumerate() {
                        let start = ((y * SIDE + x) * self.tiles + tile) * channels + channel;
                        read.values = load(simd, &self.values[start..][..S::F32_LANES]);
                    }
                }
                let read = in_both_directions(
                    &read,
                    #[inline(always)]
                    |line| F::pixels(line),
                );
                let bias = load(simd, &self.layer.bias[channel..][..S::F32_LANES]);
                for (y, line) in read.iter().enumerate().take(rows) {
                    let pixel = first + y * view.width + column * TILE;
                    let start = self.piece.index(view, pixel) + channel;
                    let others = other.map(|Read { values, view }| {
                        (&values[view.index(pixel) + channel..], view.pixel)
                    });
                    let out = &mut self.piece.values()[start..];
                    for (x, value) in line.iter().enumerate().take(width) {
                        let mut sum = simd.add_f32s(value.values, bias);
                        if let Some((values, step)) = others {
                            let other = load(simd, &values[x * step..][..S::F32_LANES]);
                            sum = simd.add_f32s(sum, other);
                        }
                        let out = &mut out[x * view.pixel..][..S::F32_LANES];
                        store(simd, out, rectifier.apply(simd, sum));
                    }
                }
            }
        }
    }
}
