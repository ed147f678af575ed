//! Convolution on Flex as large matrix products.
//!
//! Flex convolves image by image, with one side of its matrix product as long
//! as there are output pixels (4 to 49 in late layers) and computes the
//! weight's gradient with a product of width kh · kw. Both leave most of a
//! SIMD register idle. Here the patches of several images are gathered into one
//! matrix `[in · kh · kw, images · h' · w']` (im2col) and all three passes are
//! one product per group of images. The groups are small enough for the cache.

use burn::backend::ops::{FloatTensorOps, ModuleOps};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Shape, TensorData};
use rayon::prelude::*;

use crate::conv::ConvKernels;

/// Values of the gathered matrix per group of images (8 MiB).
const GROUP_VALUES: usize = 1 << 21;

type Floats = FloatTensor<Flex>;

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

    /// Values of one patch: rows of the gathered matrix.
    fn patch(&self) -> usize {
        self.channels * self.kernel[0] * self.kernel[1]
    }

    /// Output pixels of one image.
    fn pixels(&self) -> usize {
        self.out_height * self.out_width
    }

    /// Images gathered at once.
    fn group(&self) -> usize {
        (GROUP_VALUES / (self.patch() * self.pixels()).max(1)).clamp(1, self.batch.max(1))
    }

    /// `(first image, images)` of every group.
    fn groups(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (batch, group) = (self.batch, self.group());
        (0..batch)
            .step_by(group)
            .map(move |first| (first, group.min(batch - first)))
    }

    /// Output columns that tap `kx` reads from inside the image, and the input
    /// column of the first; the same serves rows.
    fn inside(out: usize, size: usize, tap: usize, pad: usize, stride: usize) -> (usize, usize) {
        let first = pad.saturating_sub(tap).div_ceil(stride);
        let end = (size + pad).saturating_sub(tap).div_ceil(stride).min(out);
        (first.min(end), end)
    }

    /// Calls `run(output offset, input offset, count)` for each run of pixels
    /// that tap `tap` reads from inside one image plane.
    fn runs(&self, tap: usize, mut run: impl FnMut(usize, usize, usize)) {
        let [kernel_h, kernel_w] = self.kernel;
        let (ky, kx) = (tap / kernel_w % kernel_h, tap % kernel_w);
        let [pad_h, pad_w] = self.padding;
        let [stride_h, stride_w] = self.stride;
        let (top, bottom) = Self::inside(self.out_height, self.height, ky, pad_h, stride_h);
        let (left, right) = Self::inside(self.out_width, self.width, kx, pad_w, stride_w);
        for oy in top..bottom {
            let row = (oy * stride_h + ky - pad_h) * self.width;
            run(
                oy * self.out_width + left,
                row + left * stride_w + kx - pad_w,
                right - left,
            );
        }
    }
}

/// The patches of `images` images from `first` on, `[patch, images · pixels]`.
fn gather(x: &[f32], g: &Geometry, first: usize, images: usize) -> Floats {
    let pixels = g.pixels();
    let columns = images * pixels;
    let plane = g.height * g.width;
    let taps = g.kernel[0] * g.kernel[1];
    let mut patches = vec![0.0f32; g.patch() * columns];
    patches
        .par_chunks_mut(columns)
        .enumerate()
        .for_each(|(row, patches)| {
            let channel = row / taps;
            for image in 0..images {
                let source = &x[((first + image) * g.channels + channel) * plane..][..plane];
                let target = &mut patches[image * pixels..][..pixels];
                g.runs(row % taps, |to, from, count| {
                    let target = &mut target[to..to + count];
                    if g.stride[1] == 1 {
                        target.copy_from_slice(&source[from..from + count]);
                    } else {
                        let source = source[from..].iter().step_by(g.stride[1]);
                        for (target, source) in target.iter_mut().zip(source) {
                            *target = *source;
                        }
                    }
                });
            }
        });
    matrix(patches, g.patch(), columns)
}

/// Adds gathered patches `[patch, images · pixels]` back to the images they
/// came from, the transpose of [`gather`]. `x` holds just these images.
fn scatter(patches: &[f32], x: &mut [f32], g: &Geometry, images: usize) {
    let pixels = g.pixels();
    let columns = images * pixels;
    let plane = g.height * g.width;
    let taps = g.kernel[0] * g.kernel[1];
    x.par_chunks_mut(plane).enumerate().for_each(|(index, x)| {
        let (image, channel) = (index / g.channels, index % g.channels);
        for tap in 0..taps {
            let row = &patches[(channel * taps + tap) * columns + image * pixels..][..pixels];
            g.runs(tap, |from, to, count| {
                let targets = x[to..].iter_mut().step_by(g.stride[1]);
                for (target, source) in targets.zip(&row[from..from + count]) {
                    *target += *source;
                }
            });
        }
    });
}

/// `[images, channels, pixels]` to `[channels, images · pixels]`.
fn channels_first(y: &[f32], channels: usize, images: usize, pixels: usize) -> Floats {
    let columns = images * pixels;
    let mut out = vec![0.0f32; channels * columns];
    out.par_chunks_mut(columns.max(1))
        .enumerate()
        .for_each(|(channel, out)| {
            for (image, out) in out.chunks_mut(pixels).enumerate() {
                out.copy_from_slice(&y[(image * channels + channel) * pixels..][..pixels]);
            }
        });
    matrix(out, channels, columns)
}

fn matrix(values: Vec<f32>, rows: usize, columns: usize) -> Floats {
    Floats::from_data(TensorData::new(values, [rows, columns]))
}

fn image_tensor(values: Vec<f32>, shape: [usize; 4]) -> Floats {
    Floats::from_data(TensorData::new(values, shape))
}

fn transposed(matrix: Floats) -> Floats {
    Flex::float_swap_dims(matrix, 0, 1)
}

/// Whether the kernels here serve these tensors: f32 and not empty.
fn serves(x: &Floats, weight: &Floats) -> bool {
    let f32s = [x, weight]
        .iter()
        .all(|t| t.dtype() == burn::tensor::DType::F32);
    f32s && x.shape().num_elements() > 0
}

impl ConvKernels for Flex {
    fn forward(x: Floats, weight: Floats, options: ConvOptions<2>) -> Floats {
        if !serves(&x, &weight) {
            return Self::conv2d(x, weight, None, options);
        }
        let g = Geometry::new(&x, &weight, &options);
        let x = x.to_contiguous();
        let x = x.storage::<f32>();
        let weight = Flex::float_reshape(weight, Shape::new([g.out_channels, g.patch()]));
        let pixels = g.pixels();
        let mut out = vec![0.0f32; g.batch * g.out_channels * pixels];
        for (first, images) in g.groups() {
            let patches = gather(x, &g, first, images);
            let product = Flex::float_matmul(weight.clone(), patches).to_contiguous();
            let product = product.storage::<f32>();
            let columns = images * pixels;
            out[first * g.out_channels * pixels..][..g.out_channels * columns]
                .par_chunks_mut(pixels)
                .enumerate()
                .for_each(|(index, out)| {
                    let (image, channel) = (index / g.out_channels, index % g.out_channels);
                    out.copy_from_slice(&product[channel * columns + image * pixels..][..pixels]);
                });
        }
        image_tensor(out, [g.batch, g.out_channels, g.out_height, g.out_width])
    }

    fn x_backward(x: Floats, weight: Floats, grad: Floats, options: ConvOptions<2>) -> Floats {
        if !serves(&x, &weight) {
            return Self::conv2d_x_backward(x, weight, grad, options);
        }
        let g = Geometry::new(&x, &weight, &options);
        let grad = grad.to_contiguous();
        let grad = grad.storage::<f32>();
        let weight = Flex::float_reshape(weight, Shape::new([g.out_channels, g.patch()]));
        let weight = transposed(weight);
        let pixels = g.pixels();
        let image = g.channels * g.height * g.width;
        let mut out = vec![0.0f32; g.batch * image];
        for (first, images) in g.groups() {
            let of_group = &grad[first * g.out_channels * pixels..];
            let of_group = channels_first(of_group, g.out_channels, images, pixels);
            let patches = Flex::float_matmul(weight.clone(), of_group).to_contiguous();
            let out = &mut out[first * image..][..images * image];
            scatter(patches.storage::<f32>(), out, &g, images);
        }
        image_tensor(out, [g.batch, g.channels, g.height, g.width])
    }

    fn weight_backward(x: Floats, weight: Floats, grad: Floats, options: ConvOptions<2>) -> Floats {
        if !serves(&x, &weight) {
            return Self::conv2d_weight_backward(x, weight, grad, options);
        }
        let g = Geometry::new(&x, &weight, &options);
        let x = x.to_contiguous();
        let x = x.storage::<f32>();
        let grad = grad.to_contiguous();
        let grad = grad.storage::<f32>();
        let pixels = g.pixels();
        let sum = g
            .groups()
            .map(|(first, images)| {
                let patches = gather(x, &g, first, images);
                let of_group = &grad[first * g.out_channels * pixels..];
                let of_group = channels_first(of_group, g.out_channels, images, pixels);
                Flex::float_matmul(of_group, transposed(patches))
            })
            .reduce(Flex::float_add);
        match sum {
            Some(sum) => Flex::float_reshape(sum, weight.shape()),
            // `serves` lets no empty batch through.
            None => weight,
        }
    }
}
