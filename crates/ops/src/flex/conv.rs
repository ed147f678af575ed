//! Convolution as large matrix products.
//!
//! Flex convolves image by image, with one side of its matrix product as long
//! as there are output pixels (4 to 49 in late layers) and computes the
//! weight's gradient with a product of width kh · kw. Both leave most of a
//! SIMD register idle. Here the patches of several images, or of some rows of a
//! large one, are gathered into one matrix `[in · kh · kw, columns]` (im2col)
//! that stays in the cache, and each pass is a product with it.

use std::cell::Cell;
use std::ops::Range;

use burn::backend::ops::ModuleOps;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::ops::ConvOptions;
use rayon::prelude::*;

use super::matmul::{Matrix, Parallelism, matmul};
use super::{Floats, are_f32, tensor, values};
use crate::conv::ConvKernels;

/// Values of a gathered matrix that one core works on (1 MiB).
const TILE_VALUES: usize = 1 << 18;
/// Values of a gathered matrix that all cores work on together (8 MiB).
const SHARED_VALUES: usize = 1 << 21;
/// Columns that make a matrix product efficient.
const COLUMNS: usize = 256;
/// Columns below which the cores had better share one product.
const FEWEST_COLUMNS: usize = 64;

/// Sizes of one convolution.
#[derive(Clone, Copy)]
struct Geometry {
    batch: usize,
    channels: usize,
    height: usize,
    width: usize,
    out_channels: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    out_height: usize,
    out_width: usize,
}

/// Output rows of some images, which are convolved in one product: all rows of
/// several images, or some of one.
struct Tile {
    images: Range<usize>,
    rows: Range<usize>,
}

/// How the images are spread over the cores.
#[derive(Clone, Copy)]
struct Plan {
    /// Images per group.
    group: usize,
    /// Whether each core has groups of its own; else all share each group.
    apart: bool,
}

impl Plan {
    fn parallelism(self) -> Parallelism {
        match self.apart {
            true => Parallelism::None,
            false => Parallelism::Rayon(0),
        }
    }
}

impl Geometry {
    fn new(x: &Floats, weight: &Floats, options: &ConvOptions<2>) -> Self {
        let [batch, channels, height, width] = x.shape().dims();
        let [out_channels, _, kernel_h, kernel_w] = weight.shape().dims();
        let padding = options.symmetric_padding();
        let out = |size: usize, pad: usize, kernel: usize, stride: usize| {
            (size + 2 * pad - kernel) / stride + 1
        };
        Self {
            batch,
            channels,
            height,
            width,
            out_channels,
            kernel: [kernel_h, kernel_w],
            stride: options.stride,
            padding,
            out_height: out(height, padding[0], kernel_h, options.stride[0]),
            out_width: out(width, padding[1], kernel_w, options.stride[1]),
        }
    }

    fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Values of one patch: rows of the gathered matrix.
    fn patch(&self) -> usize {
        self.channels * self.taps()
    }

    /// Output pixels of one image.
    fn pixels(&self) -> usize {
        self.out_height * self.out_width
    }

    /// Values of one input plane.
    fn plane(&self) -> usize {
        self.height * self.width
    }

    /// Whether patches are just the pixels.
    fn is_pointwise(&self) -> bool {
        self.taps() == 1 && self.stride == [1, 1] && self.padding == [0, 0]
    }

    /// Groups for passes whose result is apart for each image.
    fn plan(&self) -> Plan {
        let threads = rayon::current_num_threads();
        let group = COLUMNS
            .div_ceil(self.pixels())
            .min(self.batch.div_ceil(threads));
        if self.batch.div_ceil(group) >= threads && group * self.pixels() >= FEWEST_COLUMNS {
            return Plan { group, apart: true };
        }
        Plan {
            group: self.shared_group(),
            apart: false,
        }
    }

    /// Groups for the pass that sums over the images: each core's sum is as
    /// large as the weight, which only many columns outweigh.
    fn summing_plan(&self) -> Plan {
        let group = self.batch.div_ceil(rayon::current_num_threads());
        match group * self.pixels() >= self.out_channels {
            true => Plan { group, apart: true },
            false => Plan {
                group: self.batch,
                apart: false,
            },
        }
    }

    fn shared_group(&self) -> usize {
        (SHARED_VALUES / (self.patch() * self.pixels()).max(1)).clamp(1, self.batch)
    }

    /// Splits a group of images into tiles.
    fn tiles(&self, images: Range<usize>, apart: bool) -> Vec<Tile> {
        let values = match apart {
            true => TILE_VALUES,
            false => SHARED_VALUES,
        };
        let columns = (values / self.patch()).max(COLUMNS);
        let all_rows = 0..self.out_height;
        if self.pixels() <= columns {
            let step = columns / self.pixels();
            return parts(images, step)
                .map(|images| Tile {
                    images,
                    rows: all_rows.clone(),
                })
                .collect();
        }
        let step = (columns / self.out_width).max(1);
        images
            .flat_map(|image| {
                parts(all_rows.clone(), step).map(move |rows| Tile {
                    images: image..image + 1,
                    rows,
                })
            })
            .collect()
    }

    /// Output columns that tap `kx` reads from inside the image, and the input
    /// column of the first; the same serves rows.
    fn inside(out: usize, size: usize, tap: usize, pad: usize, stride: usize) -> Range<usize> {
        let first = pad.saturating_sub(tap).div_ceil(stride);
        let end = (size + pad).saturating_sub(tap).div_ceil(stride).min(out);
        first.min(end)..end
    }

    /// Calls `run(tile offset, input offset, count)` for each run of pixels
    /// that tap `tap` reads from inside one image plane in these output rows.
    #[inline(always)]
    fn runs(&self, tap: usize, rows: &Range<usize>, mut run: impl FnMut(usize, usize, usize)) {
        let (ky, kx) = (tap / self.kernel[1], tap % self.kernel[1]);
        let [pad_h, pad_w] = self.padding;
        let [stride_h, stride_w] = self.stride;
        let inside_h = Self::inside(self.out_height, self.height, ky, pad_h, stride_h);
        let inside_w = Self::inside(self.out_width, self.width, kx, pad_w, stride_w);
        if inside_w.is_empty() {
            return;
        }
        for oy in inside_h.start.max(rows.start)..inside_h.end.min(rows.end) {
            let row = (oy * stride_h + ky - pad_h) * self.width;
            run(
                (oy - rows.start) * self.out_width + inside_w.start,
                row + inside_w.start * stride_w + kx - pad_w,
                inside_w.len(),
            );
        }
    }
}

/// `range` in pieces of at most `step`.
fn parts(range: Range<usize>, step: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range
        .step_by(step)
        .map(move |start| start..(start + step).min(end))
}

impl Tile {
    /// Output pixels per image.
    fn pixels(&self, g: &Geometry) -> usize {
        self.rows.len() * g.out_width
    }

    fn columns(&self, g: &Geometry) -> usize {
        self.images.len() * self.pixels(g)
    }

    /// Where the tile's pixels begin within an output plane.
    fn offset(&self, g: &Geometry) -> usize {
        self.rows.start * g.out_width
    }

    /// The patches of `x` (all images), `[patch, columns]`.
    fn gather<'a>(
        &self,
        x: &'a [f32],
        g: &Geometry,
        buffer: &'a mut Vec<f32>,
        apart: bool,
    ) -> Matrix<'a> {
        let columns = self.columns(g);
        if g.is_pointwise() && self.images.len() == 1 {
            let image = &x[self.images.start * g.patch() * g.plane()..][self.offset(g)..];
            return Matrix::new(image, g.patch(), columns, g.plane());
        }
        let pixels = self.pixels(g);
        let out = sized(buffer, g.patch() * columns);
        let fill = |(row, out): (usize, &mut [f32])| {
            let (channel, tap) = (row / g.taps(), row % g.taps());
            for (image, out) in self.images.clone().zip(out.chunks_mut(pixels)) {
                let source = &x[(image * g.channels + channel) * g.plane()..][..g.plane()];
                out.fill(0.0);
                g.runs(tap, &self.rows, |to, from, count| {
                    let out = &mut out[to..to + count];
                    if g.stride[1] == 1 {
                        out.copy_from_slice(&source[from..from + count]);
                    } else {
                        let source = source[from..].iter().step_by(g.stride[1]);
                        for (out, source) in out.iter_mut().zip(source) {
                            *out = *source;
                        }
                    }
                });
            }
        };
        match apart {
            true => out.chunks_mut(columns).enumerate().for_each(fill),
            false => out.par_chunks_mut(columns).enumerate().for_each(fill),
        }
        Matrix::new(out, g.patch(), columns, columns)
    }

    /// Adds gathered patches `[patch, columns]` back to where they came from,
    /// the transpose of [`Tile::gather`]. `x` holds the tile's images only.
    fn scatter(&self, patches: &[f32], x: &mut [f32], g: &Geometry, apart: bool) {
        let (columns, pixels) = (self.columns(g), self.pixels(g));
        let add = |(index, x): (usize, &mut [f32])| {
            let (image, channel) = (index / g.channels, index % g.channels);
            for tap in 0..g.taps() {
                let row = (channel * g.taps() + tap) * columns + image * pixels;
                let patches = &patches[row..][..pixels];
                g.runs(tap, &self.rows, |from, to, count| {
                    let patches = &patches[from..from + count];
                    if g.stride[1] == 1 {
                        for (x, patch) in x[to..to + count].iter_mut().zip(patches) {
                            *x += *patch;
                        }
                    } else {
                        let targets = x[to..].iter_mut().step_by(g.stride[1]);
                        for (x, patch) in targets.zip(patches) {
                            *x += *patch;
                        }
                    }
                });
            }
        };
        match apart {
            true => x.chunks_mut(g.plane()).enumerate().for_each(add),
            false => x.par_chunks_mut(g.plane()).enumerate().for_each(add),
        }
    }

    /// The tile of `y` (all images, `[batch, out channels, pixels]`) as
    /// `[out channels, columns]`.
    fn of_output<'a>(&self, y: &'a [f32], g: &Geometry, buffer: &'a mut Vec<f32>) -> Matrix<'a> {
        let image = g.out_channels * g.pixels();
        if self.images.len() == 1 {
            let y = &y[self.images.start * image..][..image][self.offset(g)..];
            return Matrix::new(y, g.out_channels, self.pixels(g), g.pixels());
        }
        let columns = self.columns(g);
        let out = sized(buffer, g.out_channels * columns);
        for (channel, out) in out.chunks_mut(columns).enumerate() {
            for (image, out) in self.images.clone().zip(out.chunks_mut(g.pixels())) {
                let plane = image * g.out_channels + channel;
                out.copy_from_slice(&y[plane * g.pixels()..][..g.pixels()]);
            }
        }
        Matrix::new(out, g.out_channels, columns, columns)
    }
}

/// The first `len` values of a buffer that grows as needed.
fn sized(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}

/// One core's buffers, kept between calls.
#[derive(Default)]
struct Buffers {
    patches: Vec<f32>,
    outputs: Vec<f32>,
}

/// Lends this thread's buffers to `f`. A call within `f`, as when a thread that
/// waits takes on other work, gets new ones.
fn with_buffers<T>(f: impl FnOnce(&mut Buffers) -> T) -> T {
    thread_local! {
        static BUFFERS: Cell<Buffers> = Cell::default();
    }
    let mut buffers = BUFFERS.take();
    let result = f(&mut buffers);
    BUFFERS.set(buffers);
    result
}

/// Fills `out`, `image` values for each image, group by group:
/// `f(images, their part of out, buffers)`.
fn fill_by_group(
    out: &mut [f32],
    image: usize,
    plan: Plan,
    f: impl Fn(Range<usize>, &mut [f32], &mut Buffers) + Sync,
) {
    let fill = |(index, out): (usize, &mut [f32])| {
        let first = index * plan.group;
        with_buffers(|buffers| f(first..first + out.len() / image, out, buffers));
    };
    match plan.apart {
        true => out
            .par_chunks_mut(plan.group * image)
            .enumerate()
            .for_each(fill),
        false => out
            .chunks_mut(plan.group * image)
            .enumerate()
            .for_each(fill),
    }
}

/// Whether the kernels here serve these tensors: f32 and not empty.
fn serves(x: &Floats, weight: &Floats) -> bool {
    are_f32(&[x, weight]) && x.shape().num_elements() > 0 && weight.shape().num_elements() > 0
}

fn forward(x: &[f32], weight: &[f32], g: &Geometry) -> Vec<f32> {
    let image = g.out_channels * g.pixels();
    let weight = Matrix::new(weight, g.out_channels, g.patch(), g.patch());
    let mut out = vec![0.0f32; g.batch * image];
    let plan = g.plan();
    fill_by_group(&mut out, image, plan, |images, out, buffers| {
        let first = images.start;
        for tile in g.tiles(images, plan.apart) {
            let out = &mut out[(tile.images.start - first) * image..];
            let out = &mut out[..tile.images.len() * image];
            let columns = tile.columns(g);
            let patches = tile.gather(x, g, &mut buffers.patches, plan.apart);
            let parallelism = plan.parallelism();
            if tile.images.len() == 1 {
                let out = &mut out[tile.offset(g)..];
                matmul(out, g.pixels(), weight, patches, false, parallelism);
                continue;
            }
            let product = sized(&mut buffers.outputs, g.out_channels * columns);
            matmul(product, columns, weight, patches, false, parallelism);
            for (index, out) in out.chunks_mut(g.pixels()).enumerate() {
                let (image, channel) = (index / g.out_channels, index % g.out_channels);
                let source = channel * columns + image * g.pixels();
                out.copy_from_slice(&product[source..][..g.pixels()]);
            }
        }
    });
    out
}

fn x_backward(weight: &[f32], grad: &[f32], g: &Geometry) -> Vec<f32> {
    let image = g.channels * g.plane();
    let weight = Matrix::new(weight, g.out_channels, g.patch(), g.patch()).transposed();
    let mut out = vec![0.0f32; g.batch * image];
    let plan = g.plan();
    fill_by_group(&mut out, image, plan, |images, out, buffers| {
        let first = images.start;
        for tile in g.tiles(images, plan.apart) {
            let out = &mut out[(tile.images.start - first) * image..];
            let out = &mut out[..tile.images.len() * image];
            let columns = tile.columns(g);
            let grad = tile.of_output(grad, g, &mut buffers.outputs);
            let parallelism = plan.parallelism();
            if g.is_pointwise() && tile.images.len() == 1 {
                let out = &mut out[tile.offset(g)..];
                matmul(out, g.plane(), weight, grad, false, parallelism);
                continue;
            }
            let patches = sized(&mut buffers.patches, g.patch() * columns);
            matmul(patches, columns, weight, grad, false, parallelism);
            tile.scatter(patches, out, g, plan.apart);
        }
    });
    out
}

fn weight_backward(x: &[f32], grad: &[f32], g: &Geometry) -> Vec<f32> {
    let plan = g.summing_plan();
    let sum_of = |images: Range<usize>| {
        let mut sum = vec![0.0f32; g.out_channels * g.patch()];
        with_buffers(|buffers| {
            for (index, tile) in g.tiles(images, plan.apart).into_iter().enumerate() {
                let patches = tile.gather(x, g, &mut buffers.patches, plan.apart);
                let grad = tile.of_output(grad, g, &mut buffers.outputs);
                let patches = patches.transposed();
                let add = index > 0;
                matmul(&mut sum, g.patch(), grad, patches, add, plan.parallelism());
            }
        });
        sum
    };
    if !plan.apart {
        return sum_of(0..g.batch);
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
    total
}

impl ConvKernels for Flex {
    fn conv(x: Floats, weight: Floats, options: ConvOptions<2>) -> Floats {
        if !serves(&x, &weight) {
            return Self::conv2d(x, weight, None, options);
        }
        let g = Geometry::new(&x, &weight, &options);
        let out = forward(&values(&x), &values(&weight), &g);
        tensor(out, [g.batch, g.out_channels, g.out_height, g.out_width])
    }

    fn conv_x_backward(x: Floats, weight: Floats, grad: Floats, options: ConvOptions<2>) -> Floats {
        if !serves(&x, &weight) {
            return Self::conv2d_x_backward(x, weight, grad, options);
        }
        let g = Geometry::new(&x, &weight, &options);
        let out = x_backward(&values(&weight), &values(&grad), &g);
        tensor(out, x.shape())
    }

    fn conv_weight_backward(
        x: Floats,
        weight: Floats,
        grad: Floats,
        options: ConvOptions<2>,
    ) -> Floats {
        if !serves(&x, &weight) {
            return Self::conv2d_weight_backward(x, weight, grad, options);
        }
        let g = Geometry::new(&x, &weight, &options);
        let out = weight_backward(&values(&x), &values(&grad), &g);
        tensor(out, weight.shape())
    }
}
