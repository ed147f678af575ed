//! The arithmetic of minimal filtering.

use psp_models::ops::scalar::Values;
use psp_models::ops::winograd;

/// Values of a kernel.
const TAPS: usize = 9;

/// Minimal filtering of tiles of `TILE` × `TILE` output pixels at `SIDE` × `SIDE` points.
pub(super) trait Filter<const TILE: usize, const SIDE: usize>: Sync {
    /// A line of what a tile reads.
    fn at_points<T: Values>(read: [T; SIDE]) -> [T; SIDE];
    /// A line of a kernel.
    fn kernel_at_points(taps: [f32; 3]) -> [f32; SIDE];
    /// A line of a tile.
    fn pixels<T: Values>(values: [T; SIDE]) -> [T; TILE];
}

/// 4 products for a pixel and a pair of channels, not 9; at the points 0, ±1 and ∞.
pub(super) struct Small;

impl Filter<2, 4> for Small {
    #[inline(always)]
    fn at_points<T: Values>([a, b, c, d]: [T; 4]) -> [T; 4] {
        [a - c, b + c, c - b, b - d]
    }

    #[inline(always)]
    fn kernel_at_points([a, b, c]: [f32; 3]) -> [f32; 4] {
        [a, 0.5 * (a + b + c), 0.5 * (a - b + c), c]
    }

    #[inline(always)]
    fn pixels<T: Values>([a, b, c, d]: [T; 4]) -> [T; 2] {
        [a + b + c, b - c - d]
    }
}

/// 2.25 products for a pixel and a pair of channels.
pub(super) struct Large;

impl Filter<{ winograd::TILE }, { winograd::SIDE }> for Large {
    #[inline(always)]
    fn at_points<T: Values>(read: [T; winograd::SIDE]) -> [T; winograd::SIDE] {
        winograd::at_points(read)
    }

    #[inline(always)]
    fn kernel_at_points(taps: [f32; 3]) -> [f32; winograd::SIDE] {
        winograd::kernel_at_points(taps)
    }

    #[inline(always)]
    fn pixels<T: Values>(values: [T; winograd::SIDE]) -> [T; winograd::TILE] {
        winograd::pixels(values)
    }
}

/// The kernels of a weight at the points: `[point, out, in]`.
pub(super) fn kernels_at_points<F: Filter<TILE, SIDE>, const TILE: usize, const SIDE: usize>(
    weight: &[f32],
) -> Vec<f32> {
    let kernels = weight.len() / TAPS;
    let mut values = vec![0.0; SIDE * SIDE * kernels];
    for (place, kernel) in weight.chunks_exact(TAPS).enumerate() {
        let columns = [0, 1, 2].map(|column| {
            F::kernel_at_points([kernel[column], kernel[3 + column], kernel[6 + column]])
        });
        for row in 0..SIDE {
            let line = F::kernel_at_points(columns.map(|column| column[row]));
            for (column, value) in line.into_iter().enumerate() {
                values[(row * SIDE + column) * kernels + place] = value;
            }
        }
    }
    values
}

/// `f` along the columns and then along the rows. Loops, since closures that make arrays are not
/// inlined, and what is not has no registers to hand over.
#[inline(always)]
pub(super) fn in_both_directions<T: Copy, const I: usize, const O: usize>(
    values: &[[T; I]; I],
    f: impl Fn([T; I]) -> [T; O],
) -> [[T; O]; O] {
    let any = values[0][0];
    let mut half = [[any; O]; I];
    for (column, half) in half.iter_mut().enumerate() {
        let mut line = [any; I];
        for (line, row) in line.iter_mut().zip(values) {
            *line = row[column];
        }
        *half = f(line);
    }
    let mut whole = [[any; O]; O];
    for (row, whole) in whole.iter_mut().enumerate() {
        let mut line = [any; I];
        for (line, column) in line.iter_mut().zip(&half) {
            *line = column[row];
        }
        *whole = f(line);
    }
    whole
}
