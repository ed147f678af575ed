//! The inner loops, compiled once more for processors with wider vectors.
//!
//! They compute with integers, so every version gives the same bytes.

use super::{idct, interpolate, ycbcr};

/// The inner loops for the processor that this runs on.
#[derive(Clone, Copy)]
pub(super) struct Processor {
    samples: fn(&[[i32; 8]; 8]) -> [[u8; 8]; 8],
    ycbcr: fn([&[u8]; 3], &mut [[u8; 3]]),
    interpolate: fn([&[u8]; 2], &mut [u16], &mut [u8]),
}

impl Processor {
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            return avx2::LOOPS;
        }
        Self {
            samples: idct::samples,
            ycbcr: ycbcr::row_to_rgb,
            interpolate: interpolate::between,
        }
    }

    /// The samples of a block, row by row, from its dequantised coefficients.
    #[inline]
    pub(super) fn samples(self, coefficients: &[[i32; 8]; 8]) -> [[u8; 8]; 8] {
        (self.samples)(coefficients)
    }

    /// Pixels from a row of Y, Cb and Cr, each at least as long.
    pub(super) fn ycbcr(self, rows: [&[u8]; 3], pixels: &mut [[u8; 3]]) {
        (self.ycbcr)(rows, pixels);
    }

    /// A row of twice as many samples between two rows; see [`interpolate::between`].
    pub(super) fn interpolate(self, rows: [&[u8]; 2], sums: &mut [u16], out: &mut [u8]) {
        (self.interpolate)(rows, sums, out);
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2 {
    use super::{Processor, idct, interpolate, ycbcr};

    /// To be handed out only where AVX2 was detected.
    pub(super) const LOOPS: Processor = Processor {
        // SAFETY: AVX2 was detected, or these would not have been handed out.
        samples: |coefficients| unsafe { samples(coefficients) },
        // SAFETY: likewise.
        ycbcr: |rows, pixels| unsafe { ycbcr(rows, pixels) },
        // SAFETY: likewise.
        interpolate: |rows, sums, out| unsafe { interpolate(rows, sums, out) },
    };

    #[target_feature(enable = "avx2")]
    fn samples(coefficients: &[[i32; 8]; 8]) -> [[u8; 8]; 8] {
        idct::samples(coefficients)
    }

    #[target_feature(enable = "avx2")]
    fn ycbcr(rows: [&[u8]; 3], pixels: &mut [[u8; 3]]) {
        ycbcr::row_to_rgb(rows, pixels);
    }

    #[target_feature(enable = "avx2")]
    fn interpolate(rows: [&[u8]; 2], sums: &mut [u16], out: &mut [u8]) {
        interpolate::between(rows, sums, out);
    }
}
