//! Pooling.

use psp_models::ops::{Window, widest};

use super::conv::Read;
use crate::view::{Piece, View, each, piece_size};

/// Values of a piece.
const PIECE: usize = 1 << 14;

/// What a window's values become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// The largest; NaN is larger than any number.
    Max,
    /// The mean; what is outside counts as zeros.
    Mean,
}

/// Pools each window; what is outside the image is left out.
pub(crate) fn pool(
    x: Read,
    (out, view): (&mut [f32], &View),
    window: Window,
    pooling: Pooling,
    batch: usize,
) {
    let Window {
        kernel,
        stride,
        padding,
        ..
    } = window;
    let (values, input) = (x.values, x.view);
    let size = piece_size(batch * view.area(), PIECE / view.channels, 1);
    let within = |out: usize, size: usize| {
        let first = (out * stride).saturating_sub(padding);
        first..(out * stride + kernel - padding).min(size)
    };
    let factor = 1.0 / (kernel * kernel) as f32;
    each(Piece::of_size(out, view, batch, size), |mut piece| {
        widest(
            #[inline(always)]
            || {
                for pixel in piece.pixels.clone() {
                    let (image, place) = (pixel / view.area(), pixel % view.area());
                    let rows = within(place / view.width, input.height);
                    let columns = within(place % view.width, input.width);
                    let image = input.first + image * input.image;
                    let mut pixels = rows.flat_map(|y| {
                        let row = image + y * input.row;
                        columns
                            .clone()
                            .map(move |x| &values[row + x * input.pixel..][..input.channels])
                    });
                    let out = piece.segment(view, &(pixel..pixel + 1));
                    // Every window has pixels.
                    out.copy_from_slice(pixels.next().unwrap_or_default());
                    for pixel in pixels {
                        for (out, &value) in out.iter_mut().zip(pixel) {
                            *out = match pooling {
                                Pooling::Max if value > *out || value.is_nan() => value,
                                Pooling::Max => *out,
                                Pooling::Mean => *out + value,
                            };
                        }
                    }
                    if pooling == Pooling::Mean {
                        for out in out.iter_mut() {
                            *out *= factor;
                        }
                    }
                }
            },
        );
    });
}

/// The mean of each channel of each image.
pub(crate) fn mean_pixel(x: Read, out: &mut [f32], view: &View, batch: usize) {
    let (values, input) = (x.values, x.view);
    let factor = 1.0 / input.area() as f32;
    /// Channels of a sum.
    const CHANNELS: usize = 32;
    let outs = out[view.first..].chunks_mut(view.image).take(batch);
    let pieces = outs.enumerate().flat_map(|(image, out)| {
        let parts = out[..view.channels].chunks_mut(CHANNELS).enumerate();
        parts.map(move |(part, out)| (image, part * CHANNELS, out))
    });
    let pieces: Vec<(usize, usize, &mut [f32])> = pieces.collect();
    each(pieces, |(image, channel, out)| {
        widest(
            #[inline(always)]
            || {
                out.fill(0.0);
                for y in 0..input.height {
                    let row = input.first + image * input.image + y * input.row + channel;
                    for x in 0..input.width {
                        let pixel = &values[row + x * input.pixel..][..out.len()];
                        for (out, value) in out.iter_mut().zip(pixel) {
                            *out += value;
                        }
                    }
                }
                for out in out.iter_mut() {
                    *out *= factor;
                }
            },
        );
    });
}
