//! Products of pixels and matrices: what convolutions, linear layers and attention come to.

use std::ops::Range;
use std::slice::Chunks;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::activation::Rectifier;
use super::register::{load, store};

/// Pixels whose sums registers hold at once.
pub(crate) const PIXELS: usize = 6;

/// Rows of a matrix that are multiplied in one go, so that what they are multiplied with stays in
/// a core's cache.
pub(crate) const ROWS: usize = 1024;
/// Values of a matrix that stays in a core's cache, and pixels that it is multiplied with then.
const SMALL: usize = 1 << 16;
const FEW_PIXELS: usize = 8 * PIXELS;
/// Rows of a panel between which what comes next is fetched.
const BLOCK: usize = 64;
/// Values of a cache line.
const LINE: usize = 16;

/// How matrices are laid out for the processor at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lanes {
    /// Values of a register.
    pub(crate) lanes: usize,
    /// Registers across a panel.
    pub(crate) across: usize,
}

impl Lanes {
    pub(crate) fn of(arch: Arch) -> Self {
        struct Of;

        impl WithSimd for Of {
            type Output = Lanes;

            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> Lanes {
                Lanes {
                    lanes: S::F32_LANES,
                    across: across::<S>(),
                }
            }
        }

        arch.dispatch(Of)
    }

    /// Columns of a panel.
    pub(crate) fn panel(self) -> usize {
        self.across * self.lanes
    }

    /// Values of a matrix of so many rows and columns.
    pub(crate) fn packed(self, rows: usize, columns: usize) -> usize {
        rows * columns.next_multiple_of(self.lanes)
    }

    /// Lays out the matrix `value(row, column)`: panels of `across` registers, the last ones
    /// narrower, each row after row.
    pub(crate) fn pack(
        self,
        rows: usize,
        columns: usize,
        out: &mut [f32],
        value: impl Fn(usize, usize) -> f32 + Sync,
    ) {
        let panels = out.par_chunks_mut(rows * self.panel()).enumerate();
        panels.for_each(|(index, mut panel)| {
            let mut first = index * self.panel();
            while !panel.is_empty() {
                let width = self.width(panel.len() / rows / self.lanes);
                let (part, rest) = panel.split_at_mut(rows * width);
                for (row, part) in part.chunks_exact_mut(width).enumerate() {
                    for (column, out) in (first..columns).zip(part) {
                        *out = value(row, column);
                    }
                }
                (panel, first) = (rest, first + width);
            }
        });
    }

    /// Columns of the next part of a panel, where `registers` are left.
    fn width(self, registers: usize) -> usize {
        let mut across = self.across;
        while across > registers {
            across /= 2;
        }
        across * self.lanes
    }
}

/// Registers across a panel: with the sums of [`PIXELS`] they leave some for the operands.
const fn across<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 4 } else { 2 }
}

/// Values of pixels, and where each pixel's begin.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) starts: &'a [usize],
}

/// Each pixel times a matrix, plus a bias and another value, rectified.
pub(crate) struct Product<'a> {
    pub(crate) x: At<'a>,
    /// Where each run of a pixel's values lies, from its start.
    pub(crate) runs: &'a [usize],
    /// Length of a run. The matrix has a row for each value of each run.
    pub(crate) run: usize,
    /// As [`Lanes::pack`] lays it out.
    pub(crate) matrix: &'a [f32],
    /// One per column, filled up to whole registers.
    pub(crate) bias: Option<&'a [f32]>,
    /// What is added.
    pub(crate) other: Option<At<'a>>,
    pub(crate) rectifier: Rectifier,
    pub(crate) columns: usize,
    pub(crate) out: &'a mut [f32],
    /// Where each pixel's outputs begin.
    pub(crate) outs: &'a [usize],
}

/// Some rows of the matrix.
struct Rows<'a> {
    /// Where the runs lie that they are multiplied with, or parts of one, from a pixel's start.
    runs: &'a [usize],
    /// Length of a run.
    run: usize,
    /// Values of a run before the part.
    skipped: usize,
    is_first: bool,
    is_last: bool,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (runs, run) = (self.runs, self.run);
        let all = runs.len() * run;
        // Parts of a run, or some runs.
        let together = (ROWS / run).max(1);
        let part = run.div_ceil(run.div_ceil(ROWS));
        // A small matrix stays in the cache while it is multiplied with few pixels, and so do they
        // and what comes of them.
        let few = if all * self.columns <= SMALL {
            FEW_PIXELS
        } else {
            self.outs.len().max(1)
        };
        for first in (0..self.outs.len()).step_by(few) {
            let pixels = first..self.outs.len().min(first + few);
            for (group, runs) in runs.chunks(together).enumerate() {
                for skipped in (0..run).step_by(part) {
                    let first_row = group * together * run + skipped;
                    let run = part.min(run - skipped);
                    let rows = Rows {
                        runs,
                        run,
                        skipped,
                        is_first: first_row == 0,
                        is_last: first_row + runs.len() * run == all,
                    };
                    let range = first_row..first_row + runs.len() * run;
                    self.rows(simd, &rows, range, &pixels);
                }
            }
        }
    }
}

impl Product<'_> {
    /// Some pixels times some rows of the matrix.
    #[inline(always)]
    fn rows<S: Simd>(&mut self, simd: S, rows: &Rows, range: Range<usize>, pixels: &Range<usize>) {
        let all = self.runs.len() * self.run;
        let (mut matrix, mut first) = (self.matrix, 0);
        while first < self.columns {
            let left = (self.columns - first).div_ceil(S::F32_LANES);
            let across = if left >= across::<S>() {
                across::<S>()
            } else if left >= 2 {
                2
            } else {
                1
            };
            let width = across * S::F32_LANES;
            let (panel, rest) = matrix.split_at(all * width);
            let panel = &panel[range.start * width..range.end * width];
            let next = &rest[(range.start * width).min(rest.len())..];
            let next = &next[..panel.len().min(next.len())];
            let panel = S::as_simd_f32s(panel).0;
            match across {
                4 => self.panel::<S, 4>(simd, panel, next, first, rows, pixels),
                2 => self.panel::<S, 2>(simd, panel, next, first, rows, pixels),
                _ => self.panel::<S, 1>(simd, panel, next, first, rows, pixels),
            }
            first += width;
            matrix = rest;
        }
    }

    /// Some pixels times one panel, whose first column is `first`, while `next` comes from memory.
    #[inline(always)]
    fn panel<S: Simd, const A: usize>(
        &mut self,
        simd: S,
        panel: &[S::f32s],
        next: &[f32],
        first: usize,
        rows: &Rows,
        pixels: &Range<usize>,
    ) {
        let blocks = pixels.len().div_ceil(PIXELS) * rows.runs.len() * rows.run.div_ceil(BLOCK);
        let share = next.len().div_ceil(blocks).next_multiple_of(LINE);
        let mut next = next.chunks(share.max(LINE));
        let whole = pixels.start + pixels.len() / PIXELS * PIXELS;
        for pixel in (pixels.start..whole).step_by(PIXELS) {
            self.tile::<S, PIXELS, A>(simd, panel, &mut next, first, rows, pixel);
        }
        match pixels.end - whole {
            1 => self.tile::<S, 1, A>(simd, panel, &mut next, first, rows, whole),
            2 => self.tile::<S, 2, A>(simd, panel, &mut next, first, rows, whole),
            3 => self.tile::<S, 3, A>(simd, panel, &mut next, first, rows, whole),
            4 => self.tile::<S, 4, A>(simd, panel, &mut next, first, rows, whole),
            5 => self.tile::<S, 5, A>(simd, panel, &mut next, first, rows, whole),
            _ => {}
        }
    }

    /// `P` pixels from `pixel` on times a panel of `A` registers.
    #[inline(always)]
    fn tile<S: Simd, const P: usize, const A: usize>(
        &mut self,
        simd: S,
        panel: &[S::f32s],
        next: &mut Chunks<f32>,
        first: usize,
        rows: &Rows,
        pixel: usize,
    ) {
        let in_registers = self.sums::<S, P, A>(simd, panel, next, rows, pixel);
        // Copied one by one: an array that is indexed by variables is not kept in registers, not
        // even in the loop before.
        let mut sums = [[simd.splat_f32s(0.0); A]; P];
        for p in 0..P {
            for a in 0..A {
                sums[p][a] = in_registers[p][a];
            }
        }
        if first + A * S::F32_LANES <= self.columns {
            self.store_whole(simd, &sums, first, rows, pixel);
        } else {
            self.store_part(simd, &sums, first, rows, pixel);
        }
    }

    /// Stores a tile's sums, from column `first` on.
    #[inline(always)]
    fn store_whole<S: Simd, const P: usize, const A: usize>(
        &mut self,
        simd: S,
        sums: &[[S::f32s; A]; P],
        first: usize,
        rows: &Rows,
        pixel: usize,
    ) {
        let columns = A * S::F32_LANES;
        let mut bias = [simd.splat_f32s(0.0); A];
        if let Some(values) = self.bias.filter(|_| rows.is_first) {
            bias.copy_from_slice(S::as_simd_f32s(&values[first..][..columns]).0);
        }
        let other = self.other.filter(|_| rows.is_last);
        let rectifier = if rows.is_last {
            self.rectifier
        } else {
            Rectifier::Identity
        };
        let outs = &self.outs[pixel..][..P];
        for (p, sums) in sums.iter().enumerate() {
            let mut sums: [S::f32s; A] = std::array::from_fn(|a| simd.add_f32s(bias[a], sums[a]));
            let out = &mut self.out[outs[p] + first..][..columns];
            let out = S::as_mut_simd_f32s(out).0;
            if !rows.is_first {
                for (sum, out) in sums.iter_mut().zip(&*out) {
                    *sum = simd.add_f32s(*out, *sum);
                }
            }
            if let Some(other) = other {
                let other = &other.values[other.starts[pixel + p] + first..][..columns];
                for (sum, other) in sums.iter_mut().zip(S::as_simd_f32s(other).0) {
                    *sum = simd.add_f32s(*sum, *other);
                }
            }
            for (out, sum) in out.iter_mut().zip(sums) {
                *out = rectifier.apply(simd, sum);
            }
        }
    }

    /// The same where a panel has more columns than are left.
    #[inline(always)]
    fn store_part<S: Simd, const P: usize, const A: usize>(
        &mut self,
        simd: S,
        sums: &[[S::f32s; A]; P],
        first: usize,
        rows: &Rows,
        pixel: usize,
    ) {
        let columns = self.columns - first;
        for (p, sums) in sums.iter().enumerate() {
            let out = &mut self.out[self.outs[pixel + p] + first..][..columns];
            for (a, out) in out.chunks_mut(S::F32_LANES).enumerate() {
                let start = first + a * S::F32_LANES;
                let mut sum = sums[a];
                if !rows.is_first {
                    sum = simd.add_f32s(load(simd, out), sum);
                } else if let Some(bias) = self.bias {
                    sum = simd.add_f32s(load(simd, &bias[start..][..S::F32_LANES]), sum);
                }
                if rows.is_last {
                    if let Some(other) = self.other {
                        let other = &other.values[other.starts[pixel + p] + start..];
                        sum = simd.add_f32s(sum, load(simd, &other[..out.len()]));
                    }
                    sum = self.rectifier.apply(simd, sum);
                }
                store(simd, out, sum);
            }
        }
    }

    /// The sums of products of a tile.
    #[inline(always)]
    fn sums<S: Simd, const P: usize, const A: usize>(
        &self,
        simd: S,
        panel: &[S::f32s],
        next: &mut Chunks<f32>,
        rows: &Rows,
        pixel: usize,
    ) -> [[S::f32s; A]; P] {
        let mut sums = [[simd.splat_f32s(0.0); A]; P];
        let starts: [usize; P] = std::array::from_fn(|p| self.x.starts[pixel + p] + rows.skipped);
        for (run, panel) in rows.runs.iter().zip(panel.chunks_exact(rows.run * A)) {
            let values: [&[f32]; P] =
                std::array::from_fn(|p| &self.x.values[starts[p] + run..][..rows.run]);
            for (block, panel) in panel.chunks(BLOCK * A).enumerate() {
                // Of what comes next, as many cache lines in each block.
                next.next()
                    .unwrap_or_default()
                    .chunks(LINE)
                    .for_each(prefetch);
                let values: [&[f32]; P] =
                    std::array::from_fn(|p| &values[p][block * BLOCK..][..panel.len() / A]);
                for (index, row) in panel.chunks_exact(A).enumerate() {
                    let row: [S::f32s; A] = std::array::from_fn(|a| row[a]);
                    for p in 0..P {
                        let value = simd.splat_f32s(values[p][index]);
                        for a in 0..A {
                            sums[p][a] = simd.mul_add_e_f32s(value, row[a], sums[p][a]);
                        }
                    }
                }
            }
        }
        sums
    }
}

/// Has a cache line fetched from memory, and does not wait for it.
#[inline(always)]
fn prefetch(line: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: Fetching has no effect on the program, whatever the address.
        #[allow(unsafe_code)]
        unsafe {
            _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}
