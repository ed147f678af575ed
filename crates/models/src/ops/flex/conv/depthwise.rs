//! Depthwise convolution: each channel has a kernel of its own.
//!
//! There is no matrix product to be made of it. A plane is laid out with its
//! padding instead, so that every tap reads it at one fixed distance, over the ends
//! of rows: what stands there is left out afterwards. All three passes are then sums
//! over long runs of memory, however small the image. A stride is a plane computed
//! without it, of which some pixels are taken, or one with zeros between its pixels.

use rayon::prelude::*;

use super::geometry::Geometry;
use crate::ops::simd::widest;

/// Values that one loop keeps, so that it fills SIMD registers.
const LANES: usize = 32;

/// A plane with its padding, as one run of rows.
struct Wide {
    /// Distance of two rows.
    row: usize,
    /// Values that are computed over it, a multiple of [`LANES`].
    len: usize,
    /// How far each tap reads ahead.
    shifts: Vec<usize>,
}

impl Wide {
    /// For `rows` rows of `width` values that a kernel is moved over.
    fn new(rows: usize, width: usize, kernel: [usize; 2]) -> Self {
        let row = width + kernel[1] - 1;
        let taps = (0..kernel[0]).flat_map(|ky| (0..kernel[1]).map(move |kx| ky * row + kx));
        Self {
            row,
            len: (rows * row).next_multiple_of(LANES),
            shifts: taps.collect(),
        }
    }

    /// For the input with its padding, without the stride.
    fn over_input(g: &Geometry) -> Self {
        let [height, width] = [g.height, g.width];
        let rows = height + 2 * g.padding[0] + 1 - g.kernel[0];
        let columns = width + 2 * g.padding[1] + 1 - g.kernel[1];
        Self::new(rows, columns, g.kernel)
    }

    /// Zeros for the plane and all that is read beyond it.
    fn zeros(&self) -> Vec<f32> {
        vec![0.0; self.len + self.shifts.last().copied().unwrap_or_default()]
    }

    /// Puts the rows of `plane`, each `width` values, into `wide`: the first pixel at
    /// `first` (row, column), the next ones `stride` apart.
    #[inline(always)]
    fn place(
        &self,
        wide: &mut [f32],
        plane: &[f32],
        width: usize,
        first: [usize; 2],
        stride: [usize; 2],
    ) {
        for (y, values) in plane.chunks_exact(width).enumerate() {
            let start = (first[0] + y * stride[0]) * self.row + first[1];
            match stride[1] {
                1 => wide[start..][..width].copy_from_slice(values),
                stride => {
                    let row = wide[start..].iter_mut().step_by(stride);
                    row.zip(values).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }

    /// `sums[i] = Σ weight · wide[i + shift]` over the taps.
    #[inline(always)]
    fn correlate(&self, wide: &[f32], weights: &[f32], sums: &mut [f32]) {
        for (block, out) in sums.chunks_exact_mut(LANES).enumerate() {
            let mut sum = [0.0f32; LANES];
            for (weight, shift) in weights.iter().zip(&self.shifts) {
                let values = &wide[block * LANES + shift..][..LANES];
                for (sum, value) in sum.iter_mut().zip(values) {
                    *sum += weight * value;
                }
            }
            out.copy_from_slice(&sum);
        }
    }

    /// Every `stride`-th of the sums into `out`, rows of `width` values.
    #[inline(always)]
    fn take(&self, sums: &[f32], out: &mut [f32], width: usize, stride: [usize; 2]) {
        for (y, out) in out.chunks_exact_mut(width).enumerate() {
            let sums = &sums[y * stride[0] * self.row..];
            match stride[1] {
                1 => out.copy_from_slice(&sums[..width]),
                stride => {
                    let row = sums.iter().step_by(stride);
                    out.iter_mut().zip(row).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }
}

/// Adds the products of two runs to sums in lanes.
#[inline(always)]
fn add_products(lanes: &mut [f32; LANES], a: &[f32], b: &[f32]) {
    let mut sums = *lanes;
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    *lanes = sums;
}

/// Planes of `size` values in rows of `width`: where the first lies in the wide plane,
/// and how far apart.
struct Planes {
    size: usize,
    width: usize,
    first: [usize; 2],
    stride: [usize; 2],
}

/// Every plane `from` correlated with its kernel, `taps` weights, into planes `to`.
fn correlated(
    wide: &Wide,
    values: &[f32],
    from: &Planes,
    weight: &[f32],
    taps: usize,
    to: &Planes,
) -> Vec<f32> {
    let channels = weight.len() / taps;
    let mut out = vec![0.0f32; values.len() / from.size * to.size];
    out.par_chunks_mut(channels * to.size)
        .zip(values.par_chunks(channels * from.size))
        .for_each(|(out, values)| {
            let (mut input, mut sums) = (wide.zeros(), vec![0.0f32; wide.len]);
            widest(
                #[inline(always)]
                || {
                    let values = values.chunks_exact(from.size);
                    let planes = values.zip(out.chunks_exact_mut(to.size));
                    for ((values, out), weight) in planes.zip(weight.chunks_exact(taps)) {
                        wide.place(&mut input, values, from.width, from.first, from.stride);
                        wide.correlate(&input, weight, &mut sums);
                        wide.take(&sums, out, to.width, to.stride);
                    }
                },
            );
        });
    out
}

pub(super) fn forward(x: &[f32], weight: &[f32], g: &Geometry) -> Vec<f32> {
    let from = Planes {
        size: g.plane(),
        width: g.width,
        first: g.padding,
        stride: [1, 1],
    };
    let to = Planes {
        size: g.pixels(),
        width: g.out_width,
        first: [0, 0],
        stride: g.stride,
    };
    correlated(&Wide::over_input(g), x, &from, weight, g.taps(), &to)
}

pub(super) fn x_backward(weight: &[f32], grad: &[f32], g: &Geometry) -> Vec<f32> {
    // Where the first output pixel's gradient meets the kernel's last tap.
    let first = [0, 1].map(|axis| g.kernel[axis] - 1 - g.padding[axis]);
    let from = Planes {
        size: g.pixels(),
        width: g.out_width,
        first,
        stride: g.stride,
    };
    let to = Planes {
        size: g.plane(),
        width: g.width,
        first: [0, 0],
        stride: [1, 1],
    };
    let turned = weight
        .chunks_exact(g.taps())
        .flat_map(|kernel| kernel.iter().rev());
    let turned: Vec<f32> = turned.copied().collect();
    let wide = Wide::new(g.height, g.width, g.kernel);
    correlated(&wide, grad, &from, &turned, g.taps(), &to)
}

pub(super) fn weight_backward(x: &[f32], grad: &[f32], g: &Geometry) -> Vec<f32> {
    let wide = Wide::over_input(g);
    let mut out = vec![0.0f32; g.channels * g.taps()];
    out.par_chunks_mut(g.taps())
        .enumerate()
        .for_each(|(channel, out)| {
            let (mut input, mut pulls) = (wide.zeros(), wide.zeros());
            let mut lanes = vec![[0.0f32; LANES]; g.taps()];
            widest(
                #[inline(always)]
                || {
                    // In the order of the images, so that the rounding is always the same.
                    for image in 0..g.batch {
                        let plane = image * g.channels + channel;
                        let x = &x[plane * g.plane()..][..g.plane()];
                        let grad = &grad[plane * g.pixels()..][..g.pixels()];
                        wide.place(&mut input, x, g.width, g.padding, [1, 1]);
                        wide.place(&mut pulls, grad, g.out_width, [0, 0], g.stride);
                        for (lanes, shift) in lanes.iter_mut().zip(&wide.shifts) {
                            add_products(lanes, &pulls[..wide.len], &input[*shift..]);
                        }
                    }
                },
            );
            for (out, lanes) in out.iter_mut().zip(lanes) {
                *out = lanes.iter().sum();
            }
        });
    out
}
