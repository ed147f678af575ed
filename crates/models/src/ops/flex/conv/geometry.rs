//! The sizes of a convolution, and which pixels each tap reads.

use std::borrow::Cow;
use std::ops::Range;

use burn::backend::TensorMetadata;
use burn::tensor::ops::ConvOptions;

use crate::ops::flex::{Floats, are_f32};

/// Sizes of one convolution.
#[derive(Clone, Copy)]
pub(super) struct Geometry {
    pub(super) batch: usize,
    pub(super) channels: usize,
    /// Whether each channel has a kernel of its own.
    pub(super) is_depthwise: bool,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) out_channels: usize,
    /// Rows and columns of the weight.
    weight: [usize; 2],
    /// The first of them that the kernel has.
    first: [usize; 2],
    /// From the first row and column of the weight that read a pixel to the last: those
    /// around only read the padding, as 8 of 9 taps do on an image of one pixel. A
    /// depthwise kernel has all.
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    /// Above and to the left, for this kernel.
    pub(super) padding: [usize; 2],
    pub(super) out_height: usize,
    pub(super) out_width: usize,
}

/// What one tap reads for a tile's pixels of one image.
pub(super) struct Reads {
    /// Runs of pixels. Where tile and input are equally wide, one goes on over the ends
    /// of rows, and pixels of which the tap reads the padding are within it.
    pub(super) runs: Vec<Run>,
    /// The pixels of which it reads the padding.
    pub(super) zeros: Vec<usize>,
}

/// Pixels that a tap reads from inside the image.
pub(super) struct Run {
    /// Where they begin in a tile's pixels of one image.
    pub(super) tile: usize,
    /// Where the first is read from in the input plane; the next ones are a stride apart.
    pub(super) input: usize,
    pub(super) len: usize,
}

impl Geometry {
    /// `None` unless the kernels here serve these tensors: f32, not empty, and
    /// without groups or depthwise.
    pub(super) fn of(x: &Floats, weight: &Floats, options: &ConvOptions<2>) -> Option<Self> {
        let is_empty = |tensor: &Floats| tensor.shape().num_elements() == 0;
        if !are_f32(&[x, weight]) || is_empty(x) || is_empty(weight) {
            return None;
        }
        let [batch, channels, height, width] = x.shape().dims();
        let [out_channels, _, kernel_h, kernel_w] = weight.shape().dims();
        let padding = options.symmetric_padding();
        let is_depthwise = options.groups != 1;
        let are_alone = options.groups == channels && out_channels == channels;
        let is_within = padding[0] < kernel_h && padding[1] < kernel_w;
        if is_depthwise && !(are_alone && is_within) {
            return None;
        }
        let out = |size: usize, pad: usize, kernel: usize, stride: usize| {
            (size + 2 * pad - kernel) / stride + 1
        };
        let whole = Self {
            batch,
            channels,
            is_depthwise,
            height,
            width,
            out_channels,
            weight: [kernel_h, kernel_w],
            first: [0, 0],
            kernel: [kernel_h, kernel_w],
            stride: options.stride,
            padding,
            out_height: out(height, padding[0], kernel_h, options.stride[0]),
            out_width: out(width, padding[1], kernel_w, options.stride[1]),
        };
        Some(if is_depthwise { whole } else { whole.needed() })
    }

    /// The same convolution without the rows and columns of the weight that only ever
    /// read the padding.
    fn needed(self) -> Self {
        let out = [self.out_height, self.out_width];
        let size = [self.height, self.width];
        let mut needed = self;
        for axis in 0..2 {
            let (pad, stride) = (self.padding[axis], self.stride[axis]);
            let reads =
                |tap: &usize| !Self::inside(out[axis], size[axis], *tap, pad, stride).is_empty();
            let taps = 0..self.kernel[axis];
            // Where no tap reads a pixel, any one will do.
            let first = taps.clone().find(reads).unwrap_or(0);
            let last = taps.rev().find(reads).unwrap_or(0);
            needed.first[axis] = first;
            needed.kernel[axis] = last + 1 - first;
            needed.padding[axis] = pad - first;
        }
        needed
    }

    /// The part of `weight` that is the kernel, `[out channels, patch]`.
    pub(super) fn kernel_of<'a>(&self, weight: &'a [f32]) -> Cow<'a, [f32]> {
        if self.kernel == self.weight {
            return Cow::Borrowed(weight);
        }
        let places = self.places();
        let mut kernel = vec![0.0; self.out_channels * self.patch()];
        let kernels = kernel.chunks_exact_mut(places.len());
        for (kernel, weight) in kernels.zip(weight.chunks_exact(self.weight[0] * self.weight[1])) {
            for (value, place) in kernel.iter_mut().zip(&places) {
                *value = weight[*place];
            }
        }
        Cow::Owned(kernel)
    }

    /// A weight with this kernel and zeros around it.
    pub(super) fn weight_of(&self, kernel: Vec<f32>) -> Vec<f32> {
        if self.kernel == self.weight {
            return kernel;
        }
        let places = self.places();
        let whole = self.weight[0] * self.weight[1];
        let mut weight = vec![0.0; self.out_channels * self.channels * whole];
        let kernels = kernel.chunks_exact(places.len());
        for (weight, kernel) in weight.chunks_exact_mut(whole).zip(kernels) {
            for (place, value) in places.iter().zip(kernel) {
                weight[*place] = *value;
            }
        }
        weight
    }

    /// Where the taps of a channel's kernel are within its weight.
    fn places(&self) -> Vec<usize> {
        let [first_row, first_column] = self.first;
        let [rows, columns] = self.kernel;
        (first_row..first_row + rows)
            .map(|row| row * self.weight[1] + first_column)
            .flat_map(|place| place..place + columns)
            .collect()
    }

    /// Weights of a kernel for one channel.
    pub(super) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Values of one patch: rows of the gathered matrix.
    pub(super) fn patch(&self) -> usize {
        self.channels * self.taps()
    }

    /// Output pixels of one image.
    pub(super) fn pixels(&self) -> usize {
        self.out_height * self.out_width
    }

    /// Values of one input plane.
    pub(super) fn plane(&self) -> usize {
        self.height * self.width
    }

    /// Whether patches are just the pixels.
    pub(super) fn is_pointwise(&self) -> bool {
        self.taps() == 1 && self.stride == [1, 1] && self.padding == [0, 0]
    }

    /// Output columns that tap `kx` reads from inside the image, and the input
    /// column of the first; the same serves rows.
    fn inside(out: usize, size: usize, tap: usize, pad: usize, stride: usize) -> Range<usize> {
        let first = pad.saturating_sub(tap).div_ceil(stride);
        let end = (size + pad).saturating_sub(tap).div_ceil(stride).min(out);
        first.min(end)..end
    }

    /// What each tap reads for these output rows.
    pub(super) fn reads(&self, rows: &Range<usize>) -> Vec<Reads> {
        (0..self.taps())
            .map(|tap| self.reads_of(tap, rows))
            .collect()
    }

    fn reads_of(&self, tap: usize, rows: &Range<usize>) -> Reads {
        let [pad_h, pad_w] = self.padding;
        let [stride_h, stride_w] = self.stride;
        let (ky, kx) = (tap / self.kernel[1], tap % self.kernel[1]);
        let inside_h = Self::inside(self.out_height, self.height, ky, pad_h, stride_h);
        let inside_w = Self::inside(self.out_width, self.width, kx, pad_w, stride_w);
        let (mut runs, mut zeros) = (Vec::<Run>::new(), Vec::new());
        for oy in rows.clone() {
            let row = (oy - rows.start) * self.out_width;
            let end = row + self.out_width;
            if !inside_h.contains(&oy) || inside_w.is_empty() {
                zeros.extend(row..end);
                continue;
            }
            let run = Run {
                tile: row + inside_w.start,
                input: (oy * stride_h + ky - pad_h) * self.width + inside_w.start * stride_w + kx
                    - pad_w,
                len: inside_w.len(),
            };
            zeros.extend((row..run.tile).chain(run.tile + run.len..end));
            match runs.last_mut() {
                Some(last) if stride_w == 1 && run.tile - last.tile == run.input - last.input => {
                    last.len = run.tile + run.len - last.tile;
                }
                _ => runs.push(run),
            }
        }
        Reads { runs, zeros }
    }
}
