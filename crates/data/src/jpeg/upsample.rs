//! Rows of a subsampled component at the picture's width.
//!
//! As libjpeg does by default: chroma of half the width or height is
//! interpolated linearly between sample centres, other factors repeat samples.

use super::coefficients::Plane;
use super::error::JpegError;
use super::frame::{Component, Frame};
use super::interpolate;
use super::processor::Processor;

/// How a component's samples become the picture's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    /// As many samples as pixels.
    Full,
    /// Interpolated across.
    Across,
    /// Interpolated down.
    Down,
    /// Interpolated across and down.
    Both,
    /// Every sample `.0` times across and `.1` times down.
    Repeat(usize, usize),
}

/// A component's samples, to be read at the picture's size.
pub(super) struct Upsampler<'a> {
    plane: &'a Plane,
    width: usize,
    height: usize,
    method: Method,
    /// Interpolated down, a neighbour more at each end.
    sums: Vec<u16>,
    row: Vec<u8>,
    processor: Processor,
}

impl<'a> Upsampler<'a> {
    /// # Errors
    /// Sampling factors that do not divide the largest.
    pub(super) fn new(
        frame: &Frame,
        component: &Component,
        plane: &'a Plane,
        processor: Processor,
    ) -> Result<Self, JpegError> {
        let ((most_h, most_v), (h, v)) = (frame.largest, component.sampling);
        if most_h % h != 0 || most_v % v != 0 {
            return Err(JpegError::Unsupported(format!(
                "sampling factors {most_h}x{most_v} beside {h}x{v}, which do not divide"
            )));
        }
        let wide_enough = component.width > 2;
        let method = match (most_h / h, most_v / v) {
            (1, 1) => Method::Full,
            (2, 1) if wide_enough => Method::Across,
            (1, 2) => Method::Down,
            (2, 2) if wide_enough => Method::Both,
            (across, down) => Method::Repeat(across, down),
        };
        Ok(Self {
            plane,
            width: component.width,
            height: component.height,
            method,
            sums: vec![0; component.width + 2],
            row: vec![0; component.width * (most_h / h)],
            processor,
        })
    }

    /// Row `y` of the picture: at least as many samples as it is wide.
    pub(super) fn row(&mut self, y: usize) -> &[u8] {
        let plane = |row: usize| self.plane.row(row, self.width);
        match self.method {
            Method::Full => return plane(y),
            Method::Across => {
                let source = plane(y);
                self.sums[1..=self.width]
                    .iter_mut()
                    .zip(source)
                    .for_each(|(sum, &sample)| *sum = u16::from(sample));
                interpolate::across::<2>(&mut self.sums, &mut self.row, [1, 2]);
            }
            Method::Down => {
                let round = if y.is_multiple_of(2) { 1 } else { 2 };
                let (near, far) = (plane(y / 2), plane(self.neighbour(y)));
                for ((out, &near), &far) in self.row.iter_mut().zip(near).zip(far) {
                    *out = ((3 * u16::from(near) + u16::from(far) + round) >> 2) as u8;
                }
            }
            Method::Both => {
                let (near, far) = (plane(y / 2), plane(self.neighbour(y)));
                self.processor
                    .interpolate([near, far], &mut self.sums, &mut self.row);
            }
            Method::Repeat(across, down) => {
                let source = plane(y / down);
                for (out, &sample) in self.row.chunks_exact_mut(across).zip(source) {
                    out.fill(sample);
                }
            }
        }
        &self.row
    }

    /// The row that is second nearest to row `y` of a picture twice as high.
    fn neighbour(&self, y: usize) -> usize {
        let row = y / 2;
        if y.is_multiple_of(2) {
            row.saturating_sub(1)
        } else {
            (row + 1).min(self.height - 1)
        }
    }
}
