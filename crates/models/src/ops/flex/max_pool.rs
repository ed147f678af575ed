//! Max pooling, of several neighbouring windows at once.

use burn::backend::{Flex, TensorMetadata};
use rayon::prelude::*;

use super::{Floats, are_f32, tensor, values};
use crate::ops::pool::{MaxPoolKernel, MaxPoolKernels, Window};
use crate::ops::simd::widest;

/// Windows at once.
const LANES: usize = 8;
/// Planes that are worth a task.
const PLANES: usize = 16;
/// The tap of a window whose pixels are all -inf.
const NONE: u32 = u32::MAX;

/// Sizes of one pooling, none of which is 0.
#[derive(Clone, Copy)]
struct Geometry {
    window: Window,
    height: usize,
    width: usize,
    out_height: usize,
    out_width: usize,
}

/// A plane amid padding, and the largest values of windows that begin at every pixel of a
/// row: with a larger stride only some of them are wanted, but neighbours fill registers.
struct Frame {
    g: Geometry,
    /// Rows of `pitch` values, and what the last windows read beyond.
    values: Vec<f32>,
    pitch: usize,
    /// How far each tap is from the first.
    taps: Vec<usize>,
    /// From one row of windows to the next, in `largest` and `tap`.
    row_step: usize,
    largest: Vec<f32>,
    tap: Vec<u32>,
}

impl Geometry {
    fn of(x: &Floats, window: Window) -> Self {
        let [_, _, height, width] = x.shape().dims();
        // `max_pool2d` takes no others.
        let out = |size| window.output(size).unwrap_or_default();
        Self {
            window,
            height,
            width,
            out_height: out(height),
            out_width: out(width),
        }
    }

    fn frame(self) -> Frame {
        let Window { kernel, stride, .. } = self.window;
        let pitch = (self.out_width - 1) * stride + kernel;
        let rows = (self.out_height - 1) * stride + kernel;
        // Where the stride is 1, windows go on over the ends of rows.
        let row_step = match stride {
            1 => pitch,
            _ => pitch.next_multiple_of(LANES),
        };
        let windows = (self.out_height * row_step).next_multiple_of(LANES);
        Frame {
            g: self,
            values: vec![f32::NEG_INFINITY; rows * pitch + LANES + kernel],
            pitch,
            taps: (0..kernel * kernel)
                .map(|tap| tap / kernel * pitch + tap % kernel)
                .collect(),
            row_step,
            largest: vec![0.0; windows],
            tap: vec![NONE; windows],
        }
    }
}

impl Frame {
    /// Finds the largest value of each window of `plane`, and its tap.
    #[inline(always)]
    fn search(&mut self, plane: &[f32]) {
        let Window {
            stride, padding, ..
        } = self.g.window;
        // Without `ceil_mode` the last rows and columns may be in no window.
        let columns = self.g.width.min(self.pitch - padding);
        let rows = self.values.chunks_exact_mut(self.pitch).skip(padding);
        for (row, plane) in rows.zip(plane.chunks_exact(self.g.width)) {
            row[padding..][..columns].copy_from_slice(&plane[..columns]);
        }
        let (largest, _) = self.largest.as_chunks_mut::<LANES>();
        let (tap, _) = self.tap.as_chunks_mut::<LANES>();
        for (index, (largest, tap)) in largest.iter_mut().zip(tap).enumerate() {
            let at = index * LANES;
            let first = at / self.row_step * stride * self.pitch + at % self.row_step;
            (*largest, *tap) = largest_of(&self.values[first..], &self.taps);
        }
    }

    /// Where a window's largest value and its tap are.
    fn place(&self, row: usize, column: usize) -> usize {
        row * self.row_step + column * self.g.window.stride
    }

    /// Where the pixel of a window's largest value is in its plane.
    fn pixel(&self, row: usize, column: usize) -> usize {
        let Window {
            kernel,
            stride,
            padding,
            ..
        } = self.g.window;
        let (row_tap, column_tap) = match self.tap[self.place(row, column)] {
            // The first within the image.
            NONE => (0, 0),
            tap => (tap as usize / kernel, tap as usize % kernel),
        };
        let inside = |place: usize, tap: usize| (place * stride + tap).max(padding) - padding;
        inside(row, row_tap) * self.g.width + inside(column, column_tap)
    }
}

/// The largest values of [`LANES`] windows that begin side by side, and their taps.
#[inline(always)]
fn largest_of(values: &[f32], taps: &[usize]) -> ([f32; LANES], [u32; LANES]) {
    let mut largest = [f32::NEG_INFINITY; LANES];
    let mut at = [NONE; LANES];
    for (tap, offset) in taps.iter().enumerate() {
        let values = &values[*offset..][..LANES];
        for lane in 0..LANES {
            let is_larger = (values[lane] > largest[lane]) | values[lane].is_nan();
            largest[lane] = if is_larger {
                values[lane]
            } else {
                largest[lane]
            };
            at[lane] = if is_larger { tap as u32 } else { at[lane] };
        }
    }
    (largest, at)
}

/// `f(frame with the windows of a plane of x, plane of the result)` for every plane; each
/// plane of the result has `len` values.
fn each_plane(
    x: &[f32],
    g: Geometry,
    out: &mut [f32],
    len: usize,
    f: impl Fn(&Frame, usize, &mut [f32]) + Sync,
) {
    let planes = out
        .par_chunks_mut(len)
        .zip(x.par_chunks(g.height * g.width));
    let tasks = planes.enumerate().with_min_len(PLANES);
    tasks.for_each_init(
        || g.frame(),
        |frame, (plane, (out, x))| {
            widest(
                #[inline(always)]
                || frame.search(x),
            );
            f(frame, plane, out);
        },
    );
}

fn forward(x: &Floats, window: Window) -> Floats {
    let g = Geometry::of(x, window);
    let [batch, channels, ..] = x.shape().dims::<4>();
    let len = g.out_height * g.out_width;
    let mut out = vec![0.0; batch * channels * len];
    each_plane(&values(x), g, &mut out, len, |frame, _, out| {
        for (row, out) in out.chunks_exact_mut(g.out_width).enumerate() {
            let largest = frame.largest[frame.place(row, 0)..].iter();
            for (out, largest) in out.iter_mut().zip(largest.step_by(window.stride)) {
                *out = *largest;
            }
        }
    });
    tensor(out, [batch, channels, g.out_height, g.out_width])
}

fn backward(x: &Floats, grad: &Floats, window: Window) -> Floats {
    let g = Geometry::of(x, window);
    let grad = values(grad);
    let (len, out_len) = (g.height * g.width, g.out_height * g.out_width);
    let mut out = vec![0.0; x.shape().num_elements()];
    each_plane(&values(x), g, &mut out, len, |frame, plane, out| {
        let rows = grad[plane * out_len..][..out_len].chunks_exact(g.out_width);
        for (row, grads) in rows.enumerate() {
            for (column, grad) in grads.iter().enumerate() {
                out[frame.pixel(row, column)] += *grad;
            }
        }
    });
    tensor(out, x.shape())
}

impl MaxPoolKernels for Flex {
    fn max_pool_kernel(x: &Floats) -> Option<MaxPoolKernel<Self>> {
        let serves = are_f32(&[x]) && x.shape().num_elements() > 0;
        serves.then_some(MaxPoolKernel { forward, backward })
    }
}
