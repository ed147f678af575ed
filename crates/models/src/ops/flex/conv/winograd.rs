//! Convolution with kernels of 3 × 3 and stride 1 by [`crate::ops::winograd`].

mod grid;
mod kernels;

use std::ops::Range;

use self::grid::{Block, Grid, Planes};
use self::kernels::{transform_kernels, untransform_kernels};
use super::buffers::{Buffers, each_chunk, sized, with_buffers};
use super::geometry::Geometry;
use super::tiles::by_group;
use crate::ops::flex::matmul::{Matrix, matmul};
use crate::ops::simd::widest;
use crate::ops::winograd::{
    LANES, Lanes, POINTS, SIDE, TILE, at_points, in_both_directions, pixels, pixels_backward,
    put_lanes,
};

impl Block {
    /// `I` × `I` pixels of each tile of each channel, transformed by `f`, of the planes
    /// `values` (all images): `[channel, point, tile]`.
    fn transform<'a, const I: usize>(
        &self,
        values: &[f32],
        planes: &Planes,
        f: impl Fn([f32; I]) -> [f32; SIDE] + Copy + Sync,
        buffer: &'a mut Vec<f32>,
        in_parallel: bool,
    ) -> &'a [f32] {
        let of_channel = POINTS * self.stride();
        let out = sized(buffer, planes.channels * of_channel);
        each_chunk(out, of_channel, in_parallel, |(channel, out)| {
            widest(
                #[inline(always)]
                || self.transform_channel(values, planes, channel, f, out),
            );
        });
        out
    }

    /// [`Block::transform`] of one channel.
    #[inline(always)]
    fn transform_channel<const I: usize>(
        &self,
        values: &[f32],
        planes: &Planes,
        channel: usize,
        f: impl Fn([f32; I]) -> [f32; SIDE] + Copy,
        out: &mut [f32],
    ) {
        let (stride, [height, width]) = (self.stride(), planes.size);
        // What the tiles read of one plane, with zeros around it.
        let row_len = self.columns * TILE + I - TILE;
        let mut wide = vec![0.0f32; row_len * (self.rows.len() * TILE + I - TILE)];
        let mut lanes = [[0.0; LANES]; POINTS];
        let mut tile = 0;
        for image in self.images.clone() {
            let plane = &values[(image * planes.channels + channel) * planes.len()..];
            for (y, wide) in wide.chunks_exact_mut(row_len).enumerate() {
                let y = (self.rows.start * TILE + y).wrapping_sub(planes.padding[0]);
                if y < height {
                    let row = &plane[y * width..][..width];
                    wide[planes.padding[1]..][..width].copy_from_slice(row);
                } else {
                    wide.fill(0.0);
                }
            }
            for row in 0..self.rows.len() {
                for column in 0..self.columns {
                    for y in 0..I {
                        let read = &wide[(row * TILE + y) * row_len + column * TILE..][..I];
                        for (x, value) in read.iter().enumerate() {
                            lanes[y * I + x][tile % LANES] = *value;
                        }
                    }
                    tile += 1;
                    if tile.is_multiple_of(LANES) {
                        put_lanes(out, stride, tile - LANES, &in_both_directions(&lanes, f));
                    }
                }
            }
        }
        if !tile.is_multiple_of(LANES) {
            let first = tile / LANES * LANES;
            put_lanes(out, stride, first, &in_both_directions(&lanes, f));
        }
    }

    /// The pixels of tiles `tiles` of one channel, of the values at the points, `[point,
    /// channel, tile]`: `put(image from the block's first, row, column, pixels)`.
    #[inline(always)]
    fn untransform(
        &self,
        values: &[f32],
        [channel, channels]: [usize; 2],
        tiles: Range<usize>,
        mut put: impl FnMut(usize, usize, usize, [[f32; TILE]; TILE]),
    ) {
        for first in tiles.clone().step_by(LANES) {
            let count = LANES.min(tiles.end - first);
            let mut lanes = [[0.0; LANES]; POINTS];
            for (point, lanes) in lanes.iter_mut().enumerate() {
                let row = &values[(point * channels + channel) * self.stride() + first..];
                lanes[..count].copy_from_slice(&row[..count]);
            }
            let lanes = in_both_directions(&lanes, pixels);
            for lane in 0..count {
                let (image, within) = (
                    (first + lane) / self.of_image(),
                    (first + lane) % self.of_image(),
                );
                let (row, column) = (within / self.columns, within % self.columns);
                put(
                    image,
                    (self.rows.start + row) * TILE,
                    column * TILE,
                    tile(&lanes, lane),
                );
            }
        }
    }
}

/// The pixels of one tile.
#[inline(always)]
fn tile(lanes: &[Lanes; POINTS], lane: usize) -> [[f32; TILE]; TILE] {
    std::array::from_fn(|y| std::array::from_fn(|x| lanes[y * TILE + x][lane]))
}

/// Puts what is within a plane of a tile that begins at `y` and `x`.
#[inline(always)]
fn put_tile(plane: &mut [f32], width: usize, y: usize, x: usize, tile: [[f32; TILE]; TILE]) {
    let rows = plane[y * width..].chunks_exact_mut(width);
    for (row, pixels) in rows.zip(tile) {
        let row = &mut row[x..];
        if row.len() >= TILE {
            row[..TILE].copy_from_slice(&pixels);
        } else {
            row.copy_from_slice(&pixels[..row.len()]);
        }
    }
}

/// `x` (all images) convolved with transformed kernels.
fn convolve(x: &[f32], kernels: &[f32], grid: &Grid) -> Vec<f32> {
    let (channels, out_channels) = (grid.input.channels, grid.output.channels);
    let kernel_stride = channels.next_multiple_of(LANES);
    let (plan, plane) = (grid.plan(), grid.output.len());
    let image = out_channels * plane;
    by_group(grid.batch, image, plan, |images, out, buffers| {
        let first = images.start;
        for block in grid.blocks(images, plan.apart) {
            let stride = block.stride();
            let patches = &mut buffers.patches;
            let inputs = block.transform(x, &grid.input, at_points, patches, !plan.apart);
            let outputs = sized(&mut buffers.outputs, POINTS * out_channels * stride);
            each_chunk(
                outputs,
                out_channels * stride,
                !plan.apart,
                |(point, out)| {
                    let kernels = &kernels[point * kernel_stride..];
                    let kernels =
                        Matrix::new(kernels, out_channels, channels, POINTS * kernel_stride);
                    let inputs = &inputs[point * stride..];
                    let inputs = Matrix::new(inputs, channels, block.tiles(), POINTS * stride);
                    matmul(out, stride, kernels, inputs, false, false);
                },
            );
            let outputs = &*outputs;
            let out = &mut out[(block.images.start - first) * image..];
            let out = &mut out[..block.images.len() * image];
            let (of_image, width) = (block.of_image(), grid.output.size[1]);
            // Small images are put together, by one core as they lie side by side.
            if plan.apart || of_image < LANES {
                widest(
                    #[inline(always)]
                    || {
                        for channel in 0..out_channels {
                            let place = [channel, out_channels];
                            let tiles = 0..block.tiles();
                            block.untransform(outputs, place, tiles, |image, y, x, tile| {
                                let out = &mut out[(image * out_channels + channel) * plane..];
                                put_tile(&mut out[..plane], width, y, x, tile);
                            });
                        }
                    },
                );
                continue;
            }
            each_chunk(out, plane, true, |(index, out)| {
                let (image, channel) = (index / out_channels, index % out_channels);
                widest(
                    #[inline(always)]
                    || {
                        let tiles = image * of_image..(image + 1) * of_image;
                        let place = [channel, out_channels];
                        block.untransform(outputs, place, tiles, |_, y, x, tile| {
                            put_tile(out, width, y, x, tile);
                        });
                    },
                );
            });
        }
    })
}

/// The forward pass; `None` where a plain matrix product serves better.
pub(super) fn forward(x: &[f32], weight: &[f32], g: &Geometry) -> Option<Vec<f32>> {
    let grid = Grid::forward(g)?;
    Some(with_kernels(|buffer| {
        let kernels = transform_kernels(&grid, weight, false, buffer);
        convolve(x, kernels, &grid)
    }))
}

/// The input's gradient; `None` where a plain matrix product serves better.
pub(super) fn x_backward(weight: &[f32], grad: &[f32], g: &Geometry) -> Option<Vec<f32>> {
    let grid = Grid::backward(g)?;
    Some(with_kernels(|buffer| {
        let kernels = transform_kernels(&grid, weight, true, buffer);
        convolve(grad, kernels, &grid)
    }))
}

/// The weight's gradient; `None` where a plain matrix product serves better.
pub(super) fn weight_backward(x: &[f32], grad: &[f32], g: &Geometry) -> Option<Vec<f32>> {
    let grid = Grid::forward(g)?;
    let (channels, out_channels) = (grid.input.channels, grid.output.channels);
    Some(with_kernels(|sums| {
        let sums = sized(sums, POINTS * out_channels * channels);
        with_buffers(
            |Buffers {
                 patches, outputs, ..
             }| {
                for (index, block) in grid.blocks(0..g.batch, false).iter().enumerate() {
                    let inputs = block.transform(x, &grid.input, at_points, patches, true);
                    let pulls = block.transform(grad, &grid.output, pixels_backward, outputs, true);
                    let (tiles, stride) = (block.tiles(), block.stride());
                    each_chunk(sums, out_channels * channels, true, |(point, sums)| {
                        let pulls = &pulls[point * stride..];
                        let pulls = Matrix::new(pulls, out_channels, tiles, POINTS * stride);
                        let inputs = &inputs[point * stride..];
                        let inputs = Matrix::new(inputs, channels, tiles, POINTS * stride);
                        matmul(sums, channels, pulls, inputs.transposed(), index > 0, false);
                    });
                }
            },
        );
        untransform_kernels(sums, &grid)
    }))
}

/// Lends this thread's buffer of transformed kernels, or of the sums that are their
/// gradients, to `f`, which may lend the others.
fn with_kernels<T>(f: impl FnOnce(&mut Vec<f32>) -> T) -> T {
    let mut kernels = with_buffers(|buffers| std::mem::take(&mut buffers.kernels));
    let result = f(&mut kernels);
    with_buffers(|buffers| buffers.kernels = kernels);
    result
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::ops::ConvOptions;

    use super::*;
    use crate::ops::flex::tensor;

    /// Values without a pattern, within one of zero.
    fn values(len: usize) -> Vec<f32> {
        let value = |at: usize| (at.wrapping_mul(2_654_435_761) >> 7) % 2001;
        (0..len).map(|at| value(at) as f32 / 1000.0 - 1.0).collect()
    }

    /// All three passes, by so many threads; `None` where they are not served.
    fn passes(shape: [usize; 4], out: usize, threads: usize) -> Option<[Vec<f32>; 3]> {
        let x = values(shape.iter().product());
        let weight = values(out * shape[1] * 9);
        let [sizes, kernels] = [shape, [out, shape[1], 3, 3]];
        let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
        let (a, b) = (tensor(x.clone(), sizes), tensor(weight.clone(), kernels));
        let g = Geometry::of(&a, &b, &options).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            let y = forward(&x, &weight, &g)?;
            let of_x = x_backward(&weight, &y, &g)?;
            let of_weight = weight_backward(&x, &y, &g)?;
            Some([y, of_x, of_weight])
        })
    }

    #[test]
    fn however_many_threads_there_are_the_bits_are_the_same() {
        // One tile to an image, blocks of several images, images of several blocks.
        for (shape, out) in [
            ([32, 256, 3, 3], 256),
            ([9, 64, 10, 11], 48),
            ([3, 64, 56, 56], 64),
        ] {
            let alone = passes(shape, out, 1).unwrap();
            for threads in [2, 8] {
                assert!(
                    passes(shape, out, threads).unwrap() == alone,
                    "{shape:?}, {threads}"
                );
            }
        }
    }

    #[test]
    fn few_channels_and_small_batches_are_left_to_a_plain_product() {
        assert!(passes([16, 3, 32, 32], 64, 1).is_none());
        assert!(passes([1, 512, 7, 7], 512, 1).is_none());
    }
}
