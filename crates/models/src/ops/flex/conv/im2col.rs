//! Patches gathered into a matrix, and added back from it.

use super::buffers::{each_chunk, sized};
use super::geometry::{Geometry, Reads};
use super::tiles::Tile;
use crate::ops::flex::matmul::Matrix;
use crate::ops::simd::widest;

impl Tile {
    /// The patches of `x` (all images), `[patch, columns]`.
    pub(super) fn gather<'a>(
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
        let reads = g.reads(&self.rows);
        let out = sized(buffer, g.patch() * columns);
        let fill = |(row, out): (usize, &mut [f32])| {
            let (channel, tap) = (row / g.taps(), row % g.taps());
            let Reads { runs, zeros } = &reads[tap];
            for (image, out) in self.images.clone().zip(out.chunks_mut(pixels)) {
                let source = &x[(image * g.channels + channel) * g.plane()..][..g.plane()];
                for run in runs {
                    let out = &mut out[run.tile..][..run.len];
                    if g.stride[1] == 1 {
                        out.copy_from_slice(&source[run.input..][..run.len]);
                    } else {
                        let source = source[run.input..].iter().step_by(g.stride[1]);
                        for (out, source) in out.iter_mut().zip(source) {
                            *out = *source;
                        }
                    }
                }
                for at in zeros {
                    out[*at] = 0.0;
                }
            }
        };
        each_chunk(out, columns, !apart, fill);
        Matrix::new(out, g.patch(), columns, columns)
    }

    /// Adds gathered patches `[patch, columns]` back to where they came from, the
    /// transpose of [`Tile::gather`]; those of the padding become zeros. `x` holds the
    /// tile's images only.
    pub(super) fn scatter(&self, patches: &mut [f32], x: &mut [f32], g: &Geometry, apart: bool) {
        let (columns, pixels) = (self.columns(g), self.pixels(g));
        let reads = g.reads(&self.rows);
        if reads.iter().any(|reads| !reads.zeros.is_empty()) {
            each_chunk(patches, columns, !apart, |(row, patches)| {
                for patches in patches.chunks_mut(pixels) {
                    for at in &reads[row % g.taps()].zeros {
                        patches[*at] = 0.0;
                    }
                }
            });
        }
        let patches = &*patches;
        each_chunk(x, g.plane(), !apart, |(index, x)| {
            let (image, channel) = (index / g.channels, index % g.channels);
            widest(
                #[inline(always)]
                || {
                    for (tap, reads) in reads.iter().enumerate() {
                        let row = (channel * g.taps() + tap) * columns + image * pixels;
                        let patches = &patches[row..][..pixels];
                        for run in &reads.runs {
                            let patches = &patches[run.tile..][..run.len];
                            if g.stride[1] == 1 {
                                let x = &mut x[run.input..][..run.len];
                                x.iter_mut()
                                    .zip(patches)
                                    .for_each(|(x, patch)| *x += *patch);
                            } else {
                                let x = x[run.input..].iter_mut().step_by(g.stride[1]);
                                x.zip(patches).for_each(|(x, patch)| *x += *patch);
                            }
                        }
                    }
                },
            );
        });
    }

    /// The tile of `y` (all images, `[batch, out channels, pixels]`) as
    /// `[out channels, columns]`.
    pub(super) fn of_output<'a>(
        &self,
        y: &'a [f32],
        g: &Geometry,
        buffer: &'a mut Vec<f32>,
    ) -> Matrix<'a> {
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
