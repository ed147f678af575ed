//! Values one by one.

use psp_models::ops::widest;
use pulp::Arch;

use super::activation::Activation;
use super::conv::Read;
use crate::view::{Piece, View, each, piece_size};

/// Values of a piece.
const PIECE: usize = 1 << 14;

/// Calls `f` with each pixel of `out` and its number.
fn each_pixel(
    (out, view): (&mut [f32], &View),
    batch: usize,
    f: impl Fn(usize, &mut [f32]) + Send + Sync,
) {
    let size = piece_size(batch * view.area(), PIECE / view.channels, 1);
    each(Piece::of_size(out, view, batch, size), |mut piece| {
        widest(
            #[inline(always)]
            || {
                for pixel in piece.pixels.clone() {
                    f(pixel, piece.segment(view, &(pixel..pixel + 1)));
                }
            },
        );
    });
}

impl Read<'_> {
    /// The channels of a pixel.
    fn pixel(&self, pixel: usize) -> &[f32] {
        &self.values[self.view.index(pixel)..][..self.view.channels]
    }
}

/// `x`, activated.
pub(crate) fn activate(
    arch: Arch,
    x: Read,
    (out, view): (&mut [f32], &View),
    activation: Activation,
    batch: usize,
) {
    each_pixel((out, view), batch, |pixel, out| {
        out.copy_from_slice(x.pixel(pixel));
        activation.apply(arch, out);
    });
}

/// `x + other`, activated.
pub(crate) fn add(
    arch: Arch,
    x: Read,
    other: Read,
    (out, view): (&mut [f32], &View),
    activation: Activation,
    batch: usize,
) {
    each_pixel((out, view), batch, |pixel, out| {
        let pairs = x.pixel(pixel).iter().zip(other.pixel(pixel));
        for (out, (a, b)) in out.iter_mut().zip(pairs) {
            *out = a + b;
        }
        activation.apply(arch, out);
    });
}

/// `x` times a factor for each channel of each image.
pub(crate) fn scale(x: Read, factors: Read, (out, view): (&mut [f32], &View), batch: usize) {
    each_pixel((out, view), batch, |pixel, out| {
        let factors = factors.pixel(pixel / view.area());
        let pairs = x.pixel(pixel).iter().zip(factors);
        for (out, (value, factor)) in out.iter_mut().zip(pairs) {
            *out = value * factor;
        }
    });
}

/// The same in place.
pub(crate) fn scale_in_place(factors: Read, (out, view): (&mut [f32], &View), batch: usize) {
    let size = piece_size(batch * view.area(), PIECE / view.channels, 1);
    each(Piece::of_size(out, view, batch, size), |mut piece| {
        for segment in view.segments(piece.pixels.clone()) {
            let factors = factors.pixel(segment.start / view.area());
            let values = piece.segment(view, &segment);
            widest(
                #[inline(always)]
                || {
                    for pixel in values.chunks_mut(view.pixel) {
                        for (value, factor) in pixel.iter_mut().zip(factors) {
                            *value *= factor;
                        }
                    }
                },
            );
        }
    });
}

/// Each of three channels times its factor, plus its term.
pub(crate) fn scale_channels(
    x: Read,
    (out, view): (&mut [f32], &View),
    factors: [f32; 3],
    terms: [f32; 3],
    batch: usize,
) {
    each_pixel((out, view), batch, |pixel, out| {
        let channels = x.pixel(pixel).iter().zip(factors).zip(terms);
        for (out, ((value, factor), term)) in out.iter_mut().zip(channels) {
            *out = value * factor + term;
        }
    });
}

/// `x`, as a part of what it is concatenated to.
pub(crate) fn copy(x: Read, (out, view): (&mut [f32], &View), batch: usize) {
    each_pixel((out, view), batch, |pixel, out| {
        out.copy_from_slice(x.pixel(pixel));
    });
}

/// Images, `[batch, channels, height, width]`.
pub(crate) fn from_planes(images: &[f32], (out, view): (&mut [f32], &View), batch: usize) {
    let area = view.area();
    each_pixel((out, view), batch, |pixel, out| {
        let first = pixel / area * area * view.channels + pixel % area;
        for (channel, out) in out.iter_mut().enumerate() {
            *out = images[first + channel * area];
        }
    });
}
