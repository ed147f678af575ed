//! Blocks of coefficients, and the planes of samples that they become.

use super::error::JpegError;
use super::frame::{BLOCK, Component};
use super::processor::Processor;

/// The row-by-row place of the coefficient that comes n-th (ITU-T T.81, figure A.6).
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// A dequantised coefficient of 8-bit samples is at most 1024, and up to twice
/// that after coarse quantisation; twice again is none but a misread one.
pub(super) const MAX_COEFFICIENT: u32 = 4095;

/// The samples of one component, with those that fill up the last MCUs.
pub(super) struct Plane {
    samples: Vec<u8>,
    stride: usize,
}

impl Plane {
    pub(super) fn new(component: &Component) -> Self {
        let stride = component.padded_wide * BLOCK;
        Self {
            samples: vec![0; stride * component.padded_high * BLOCK],
            stride,
        }
    }

    /// The first `width` samples of a row.
    pub(super) fn row(&self, row: usize, width: usize) -> &[u8] {
        &self.samples[row * self.stride..][..width]
    }

    fn rows_of_block(&mut self, row: usize, column: usize) -> impl Iterator<Item = &mut [u8]> {
        let start = row * BLOCK * self.stride + column * BLOCK;
        self.samples[start..]
            .chunks_mut(self.stride)
            .take(BLOCK)
            .map(|rest| &mut rest[..BLOCK])
    }

    #[inline]
    pub(super) fn put(&mut self, row: usize, column: usize, block: &[[u8; 8]; 8]) {
        for (into, from) in self.rows_of_block(row, column).zip(block) {
            into.copy_from_slice(from);
        }
    }

    #[inline]
    pub(super) fn put_flat(&mut self, row: usize, column: usize, sample: u8) {
        for into in self.rows_of_block(row, column) {
            into.fill(sample);
        }
    }
}

/// The coefficients of one component, kept until its last scan.
pub(super) struct Coefficients {
    blocks: Vec<[i16; 64]>,
    wide: usize,
}

impl Coefficients {
    pub(super) fn new(component: &Component) -> Self {
        Self {
            blocks: vec![[0; 64]; component.padded_wide * component.padded_high],
            wide: component.padded_wide,
        }
    }

    /// The block's quantised coefficients in zigzag order.
    #[inline]
    pub(super) fn block(&mut self, row: usize, column: usize) -> &mut [i16; 64] {
        &mut self.blocks[row * self.wide + column]
    }

    /// Samples of all blocks, by the table in zigzag order.
    ///
    /// # Errors
    /// A coefficient that no picture has.
    pub(super) fn into_plane(
        self,
        component: &Component,
        quantisation: &[u16; 64],
        processor: Processor,
    ) -> Result<Plane, JpegError> {
        let mut plane = Plane::new(component);
        for (at, block) in self.blocks.iter().enumerate() {
            let mut natural = [[0; 8]; 8];
            let mut largest = 0;
            for ((&value, &step), &place) in block.iter().zip(quantisation).zip(&ZIGZAG) {
                let value = i32::from(value) * i32::from(step);
                largest = largest.max(value.unsigned_abs());
                natural.as_flattened_mut()[usize::from(place & 63)] = value;
            }
            if largest > MAX_COEFFICIENT {
                return Err(JpegError::Damaged(
                    "a coefficient is larger than any picture's",
                ));
            }
            let samples = processor.samples(&natural);
            plane.put(at / self.wide, at % self.wide, &samples);
        }
        Ok(plane)
    }
}
