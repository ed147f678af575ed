//! Convolution as large matrix products.
//!
//! Flex convolves image by image, with one side of its matrix product as long
//! as there are output pixels (4 to 49 in late layers) and computes the
//! weight's gradient with a product of width kh · kw. Both leave most of a
//! SIMD register idle. Here the patches of several images, or of some rows of a
//! large one, are gathered into one matrix `[in · kh · kw, columns]` (im2col)
//! that stays in the cache, and each pass is a product with it. Kernels of 3 × 3 take
//! fewer products where there are enough channels and pixels ([`winograd`]). Depthwise
//! convolutions have kernels of their own.

mod buffers;
mod depthwise;
mod geometry;
mod im2col;
mod tiles;
mod winograd;

use std::ops::Range;

use burn::backend::ops::ModuleOps;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::ops::ConvOptions;
use rayon::prelude::*;

use self::buffers::{Buffers, sized, with_buffers};
use self::geometry::Geometry;
use self::tiles::{Plan, TILE_VALUES, Tile, by_group, parts};
use super::matmul::{Matrix, matmul, product};
use super::{Floats, tensor, values};
use crate::ops::conv::ConvKernels;
use crate::ops::pool::AvgPoolKernels;

/// A new tensor of `image` values for each image, computed tile by tile:
/// `f(tile, the part of its images, plan, buffers)`.
fn fill_by_tile(
    g: &Geometry,
    image: usize,
    f: impl Fn(&Tile, &mut [f32], Plan, &mut Buffers) + Send + Sync,
) -> Vec<f32> {
    let plan = g.plan();
    by_group(g.batch, image, plan, |images, out, buffers| {
        let first = images.start;
        for tile in g.tiles(images, plan.apart) {
            let out = &mut out[(tile.images.start - first) * image..];
            f(&tile, &mut out[..tile.images.len() * image], plan, buffers);
        }
    })
}

fn forward(x: &[f32], weight: &[f32], g: &Geometry) -> Vec<f32> {
    let kernel = g.kernel_of(weight);
    if let Some(out) = winograd::forward(x, &kernel, g) {
        return out;
    }
    let weight = Matrix::new(&kernel, g.out_channels, g.patch(), g.patch());
    let image = g.out_channels * g.pixels();
    fill_by_tile(g, image, |tile, out, plan, buffers| {
        let columns = tile.columns(g);
        let patches = tile.gather(x, g, &mut buffers.patches, plan.apart);
        if tile.images.len() == 1 {
            let out = &mut out[tile.offset(g)..];
            matmul(out, g.pixels(), weight, patches, false, !plan.apart);
            return;
        }
        let outputs = sized(&mut buffers.outputs, g.out_channels * columns);
        matmul(outputs, columns, weight, patches, false, !plan.apart);
        for (index, out) in out.chunks_mut(g.pixels()).enumerate() {
            let (image, channel) = (index / g.out_channels, index % g.out_channels);
            let source = channel * columns + image * g.pixels();
            out.copy_from_slice(&outputs[source..][..g.pixels()]);
        }
    })
}

fn x_backward(weight: &[f32], grad: &[f32], g: &Geometry) -> Vec<f32> {
    let kernel = g.kernel_of(weight);
    if let Some(out) = winograd::x_backward(&kernel, grad, g) {
        return out;
    }
    let weight = Matrix::new(&kernel, g.out_channels, g.patch(), g.patch()).transposed();
    let image = g.channels * g.plane();
    fill_by_tile(g, image, |tile, out, plan, buffers| {
        let columns = tile.columns(g);
        let grad = tile.of_output(grad, g, &mut buffers.outputs);
        if g.is_pointwise() && tile.images.len() == 1 {
            let out = &mut out[tile.offset(g)..];
            matmul(out, g.plane(), weight, grad, false, !plan.apart);
            return;
        }
        let patches = sized(&mut buffers.patches, g.patch() * columns);
        matmul(patches, columns, weight, grad, false, !plan.apart);
        tile.scatter(patches, out, g, plan.apart);
    })
}

fn weight_backward(x: &[f32], grad: &[f32], g: &Geometry) -> Vec<f32> {
    if let Some(out) = winograd::weight_backward(x, grad, g) {
        return g.weight_of(out);
    }
    let plan = g.summing_plan();
    let sum_of = |images: Range<usize>| {
        with_buffers(|buffers| {
            let mut sum = Vec::new();
            for (index, tile) in g.tiles(images, plan.apart).into_iter().enumerate() {
                let patches = tile.gather(x, g, &mut buffers.patches, plan.apart);
                let grad = tile.of_output(grad, g, &mut buffers.outputs);
                let patches = patches.transposed();
                if index == 0 {
                    sum = product(grad, patches, !plan.apart);
                } else {
                    matmul(&mut sum, g.patch(), grad, patches, true, !plan.apart);
                }
            }
            sum
        })
    };
    if !plan.apart {
        return g.weight_of(sum_of(0..g.batch));
    }
    let groups: Vec<_> = parts(0..g.batch, plan.group).collect();
    let mut sums = groups.into_par_iter().map(sum_of).collect::<Vec<_>>();
    let mut total = std::mem::take(&mut sums[0]);
    // In the order of the images, so that the rounding is always the same.
    total
        .par_chunks_mut(TILE_VALUES)
        .enumerate()
        .for_each(|(index, total)| {
            for sum in &sums[1..] {
                let sum = &sum[index * TILE_VALUES..];
                for (total, value) in total.iter_mut().zip(sum) {
                    *total += *value;
                }
            }
        });
    g.weight_of(total)
}

impl ConvKernels for Flex {
    fn conv(x: Floats, weight: Floats, options: ConvOptions<2>) -> Floats {
        let Some(g) = Geometry::of(&x, &weight, &options) else {
            return Self::conv2d(x, weight, None, options);
        };
        let kernel = if g.is_depthwise {
            depthwise::forward
        } else {
            forward
        };
        let out = kernel(&values(&x), &values(&weight), &g);
        tensor(out, [g.batch, g.out_channels, g.out_height, g.out_width])
    }

    fn conv_x_backward(x: Floats, weight: Floats, grad: Floats, options: ConvOptions<2>) -> Floats {
        let Some(g) = Geometry::of(&x, &weight, &options) else {
            return Self::conv2d_x_backward(x, weight, grad, options);
        };
        let kernel = if g.is_depthwise {
            depthwise::x_backward
        } else {
            x_backward
        };
        let out = kernel(&values(&weight), &values(&grad), &g);
        tensor(out, x.shape())
    }

    fn conv_weight_backward(
        x: Floats,
        weight: Floats,
        grad: Floats,
        options: ConvOptions<2>,
    ) -> Floats {
        let Some(g) = Geometry::of(&x, &weight, &options) else {
            return Self::conv2d_weight_backward(x, weight, grad, options);
        };
        let kernel = if g.is_depthwise {
            depthwise::weight_backward
        } else {
            weight_backward
        };
        let out = kernel(&values(&x), &values(&grad), &g);
        tensor(out, weight.shape())
    }
}

impl AvgPoolKernels for Flex {
    const BY_CONVOLUTION: bool = true;
}
