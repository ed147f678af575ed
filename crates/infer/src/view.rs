//! Where values lie in buffers, and parts of buffers that are written side by side.

use std::ops::Range;

use rayon::prelude::*;

/// Images of a value in a buffer: pixel after pixel and row after row, each pixel's channels
/// side by side.
///
/// Pixels may be farther apart than their channels take, where several values share a buffer,
/// and there may be a border of zeros. Rows of tokens are images of height 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) buffer: usize,
    /// Index of the first pixel's first channel.
    pub(crate) first: usize,
    /// From one image to the next.
    pub(crate) image: usize,
    /// From one row to the next.
    pub(crate) row: usize,
    /// From one pixel to the next.
    pub(crate) pixel: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
}

impl View {
    /// Pixels of an image.
    pub(crate) fn area(&self) -> usize {
        self.height * self.width
    }

    /// Index of a pixel's first channel, pixels being counted through all images.
    pub(crate) fn index(&self, pixel: usize) -> usize {
        let (image, pixel) = (pixel / self.area(), pixel % self.area());
        let (y, x) = (pixel / self.width, pixel % self.width);
        self.first + image * self.image + y * self.row + x * self.pixel
    }

    /// Parts of `pixels` that are in one row each.
    pub(crate) fn segments(&self, pixels: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let width = self.width;
        let mut start = pixels.start;
        std::iter::from_fn(move || {
            let end = pixels.end.min((start / width + 1) * width);
            let segment = start..end;
            start = end;
            (!segment.is_empty()).then_some(segment)
        })
    }

    /// Whether nothing lies between one pixel's channels and the next pixel's.
    pub(crate) fn is_dense(&self) -> bool {
        self.pixel == self.channels
    }
}

/// Some pixels of a value, which one thread computes.
pub(crate) struct Piece<'a> {
    /// Counted through all images.
    pub(crate) pixels: Range<usize>,
    /// Index of `values` in the buffer.
    from: usize,
    values: &'a mut [f32],
}

impl<'a> Piece<'a> {
    /// Cuts `buffer` into pieces of `view` that end at the pixels `ends`, in rising order.
    pub(crate) fn cut(
        mut buffer: &'a mut [f32],
        view: &View,
        ends: impl IntoIterator<Item = usize>,
    ) -> Vec<Self> {
        let (mut first, mut cut) = (0, 0);
        ends.into_iter()
            .map(|end| {
                let from = view.index(first);
                let to = view.index(end - 1) + view.channels;
                let (head, tail) = std::mem::take(&mut buffer).split_at_mut(to - cut);
                let piece = Self {
                    pixels: first..end,
                    from,
                    values: &mut head[from - cut..],
                };
                (buffer, first, cut) = (tail, end, to);
                piece
            })
            .collect()
    }

    /// Cuts `buffer` into pieces of `size` pixels.
    pub(crate) fn of_size(
        buffer: &'a mut [f32],
        view: &View,
        batch: usize,
        size: usize,
    ) -> Vec<Self> {
        let pixels = batch * view.area();
        let ends = (1..=pixels.div_ceil(size)).map(|piece| (piece * size).min(pixels));
        Self::cut(buffer, view, ends)
    }

    /// All values from the first pixel's to the last one's.
    pub(crate) fn values(&mut self) -> &mut [f32] {
        self.values
    }

    /// Index in [`Piece::values`] of a pixel of `view`.
    pub(crate) fn index(&self, view: &View, pixel: usize) -> usize {
        view.index(pixel) - self.from
    }

    /// The values of `pixels`, which are in one row.
    pub(crate) fn segment(&mut self, view: &View, pixels: &Range<usize>) -> &mut [f32] {
        let start = self.index(view, pixels.start);
        let len = (pixels.len() - 1) * view.pixel + view.channels;
        &mut self.values[start..][..len]
    }

    /// Calls `f` with the values of each row, or of each pixel where other values lie between.
    pub(crate) fn each_run(&mut self, view: &View, mut f: impl FnMut(&mut [f32])) {
        for segment in view.segments(self.pixels.clone()) {
            let values = self.segment(view, &segment);
            if view.is_dense() {
                f(values);
            } else {
                for pixel in values.chunks_mut(view.pixel) {
                    f(&mut pixel[..view.channels]);
                }
            }
        }
    }
}

/// Calls `f` with each of `items`, on several threads where there are several.
pub(crate) fn each<T: Send>(items: Vec<T>, f: impl Fn(T) + Send + Sync) {
    if items.len() == 1 {
        items.into_iter().for_each(f);
    } else {
        items.into_par_iter().for_each(f);
    }
}

/// How many pixels a piece has, if `pixels` are to be cut into pieces of about `size`, of which
/// each thread gets as many; a multiple of `unit`.
pub(crate) fn piece_size(pixels: usize, size: usize, unit: usize) -> usize {
    let threads = rayon::current_num_threads();
    let pieces = pixels.div_ceil(size.max(1)).next_multiple_of(threads);
    pixels.div_ceil(pieces).next_multiple_of(unit)
}
