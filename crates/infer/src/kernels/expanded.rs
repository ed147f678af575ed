//! A convolution of pixels and the depthwise convolution of what it gives, which is larger than
//! what is before and after it: it is computed some rows at a time and never leaves the cache.

use std::cell::RefCell;

use pulp::Arch;

use super::activation::Activation;
use super::conv::{Conv, Read};
use super::depthwise::Depthwise;
use super::product::At;
use crate::buffer::Buffer;
use crate::view::{Piece, View, each};

/// Values between the two that stay in a core's cache.
const CACHED: usize = 1 << 17;
/// Values between the two, of an image, that are better computed all before what follows: the
/// last rows of a piece are computed again for the next.
const FEW_VALUES: usize = 1 << 18;

/// Both layers.
pub(crate) struct Expanded {
    conv: Conv,
    activation: Activation,
    depthwise: Depthwise,
    /// What is between them, with its border.
    between: View,
}

impl Expanded {
    /// Whether layers with an image of this extent between them are computed together.
    pub(crate) fn serves(height: usize, width: usize, channels: usize) -> bool {
        height * width * channels > FEW_VALUES
    }

    /// Of images of so many pixels; the first layer is pointwise.
    pub(crate) fn new(
        conv: Conv,
        activation: Activation,
        depthwise: Depthwise,
        [height, width]: [usize; 2],
    ) -> Self {
        let [rows, columns] = depthwise.padding();
        let channels = depthwise.channels();
        let row = (width + 2 * columns) * channels;
        let between = View {
            buffer: 0,
            first: rows * row + columns * channels,
            image: 0,
            row,
            pixel: channels,
            height,
            width,
            channels,
        };
        Self {
            conv,
            activation,
            depthwise,
            between,
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
        thread_local! {
            static BETWEEN: RefCell<Buffer> = RefCell::default();
        }
        let between = &self.between;
        let ([kernel, stride], padding) = (self.depthwise.along_rows(), self.depthwise.padding());
        let read = (CACHED / between.row).max(kernel);
        let rows = (read - kernel) / stride + 1;
        let per_image = view.height.div_ceil(rows);
        let rows = view.height.div_ceil(per_image);
        let ends = (0..batch * per_image).map(|piece| {
            let (image, piece) = (piece / per_image, piece % per_image);
            image * view.area() + ((piece + 1) * rows).min(view.height) * view.width
        });
        each(Piece::cut(out, view, ends), |mut piece| {
            let (image, first) = (
                piece.pixels.start / view.area(),
                piece.pixels.start % view.area() / view.width,
            );
            let rows = piece.pixels.len() / view.width;
            let read = (rows - 1) * stride + kernel;
            // Rows of the image between, of which the first and the last may be padding.
            let above = padding[0].saturating_sub(first * stride);
            let top = (first * stride).saturating_sub(padding[0]);
            let within = (read - above).min(between.height - top);
            BETWEEN.with_borrow_mut(|buffer| {
                let values = buffer.part(read * between.row);
                let (mut starts, mut outs) = (Vec::new(), Vec::new());
                for y in 0..within {
                    let start = x
                        .view
                        .index(image * x.view.area() + (top + y) * x.view.width);
                    starts.extend((0..between.width).map(|column| start + column * x.view.pixel));
                    let start = (above + y) * between.row + padding[1] * between.pixel;
                    outs.extend((0..between.width).map(|column| start + column * between.pixel));
                }
                let at = At {
                    values: x.values,
                    starts: &starts,
                };
                self.conv.pixels(arch, at, self.activation, (values, &outs));
                let border = padding[1] * between.pixel;
                for (y, row) in values.chunks_exact_mut(between.row).enumerate() {
                    if y < above || y >= above + within {
                        row.fill(0.0);
                        continue;
                    }
                    let end = row.len() - border;
                    row[..border].fill(0.0);
                    self.activation.finish(arch, &mut row[border..end]);
                    row[end..].fill(0.0);
                }
                for (y, segment) in view.segments(piece.pixels.clone()).enumerate() {
                    let from = Read {
                        values: &values[y * stride * between.row..],
                        view: between,
                    };
                    let to = (piece.segment(view, &segment), view.pixel);
                    self.depthwise
                        .row(arch, from, segment.len(), to, activation);
                }
            });
            if activation.is_finished_later() {
                piece.each_run(view, |values| activation.finish(arch, values));
            }
        });
    }
}
