//! Winograd's minimal filtering for kernels of 3 × 3 pixels, F(4 × 4, 3 × 3) of Lavin and Gray
//! ("Fast Algorithms for Convolutional Neural Networks", 2015): 36 products for 16 pixels and a
//! pair of channels, not 144.
//!
//! An image is cut into tiles of 4 × 4 output pixels. What a tile reads, 6 × 6 pixels, and the
//! kernels become 36 values each, the values of polynomials at 6 × 6 points; the products of
//! these, summed over the channels by one matrix product for each point, are the values of the
//! output's polynomial. The points are 0, ±√½, ±√2 and ∞, which round less than small integers
//! do. A value that is no number makes all pixels so of the tiles that read it, and not only its
//! neighbours.

use super::scalar::Values;

/// Output pixels of a tile, in each direction.
pub const TILE: usize = 4;
/// Points in each direction, and pixels that a tile reads.
pub const SIDE: usize = 6;
/// Points of a tile.
pub const POINTS: usize = SIDE * SIDE;
/// Tiles, or channels of a kernel, that are transformed at once.
pub const LANES: usize = 16;

/// One value of each of some tiles.
pub type Lanes = [f32; LANES];

/// √½; the other points are its double and both negated.
const POINT: f32 = std::f32::consts::FRAC_1_SQRT_2;
/// What a kernel's values at ±√½ are divided by, and those at ±√2: the products of a
/// point's distances from the other four, turned into factors.
const NARROW: f32 = -2.0 / 3.0;
const WIDE: f32 = 1.0 / 6.0;

/// What a tile reads, as values at the points.
#[inline(always)]
pub fn at_points<T: Values>(d: [T; 6]) -> [T; 6] {
    let (even, odd) = (d[4] - d[2] * 2.0, (d[3] - d[1] * 2.0) * POINT);
    let (wide_even, wide_odd) = (d[4] - d[2] * 0.5, (d[3] * 2.0 - d[1]) * POINT);
    [
        d[0] - d[2] * 2.5 + d[4],
        even + odd,
        even - odd,
        wide_even + wide_odd,
        wide_even - wide_odd,
        d[1] - d[3] * 2.5 + d[5],
    ]
}

/// A kernel's values at the points.
#[inline(always)]
pub fn kernel_at_points(w: [f32; 3]) -> [f32; 6] {
    let (even, odd) = (NARROW * (w[0] + 0.5 * w[2]), NARROW * POINT * w[1]);
    let (wide_even, wide_odd) = (WIDE * (w[0] + 2.0 * w[2]), WIDE * 2.0 * POINT * w[1]);
    [
        w[0],
        even + odd,
        even - odd,
        wide_even + wide_odd,
        wide_even - wide_odd,
        w[2],
    ]
}

/// A tile's pixels, of its values at the points.
#[inline(always)]
pub fn pixels<T: Values>(m: [T; 6]) -> [T; 4] {
    let (even, odd) = (m[1] + m[2], (m[1] - m[2]) * POINT);
    let (wide_even, wide_odd) = (m[3] + m[4], (m[3] - m[4]) * (2.0 * POINT));
    [
        m[0] + even + wide_even,
        odd + wide_odd,
        even * 0.5 + wide_even * 2.0,
        odd * 0.5 + wide_odd * 2.0 + m[5],
    ]
}

/// The gradient of [`pixels`]: its transpose.
#[inline(always)]
pub fn pixels_backward(y: [f32; 4]) -> [f32; 6] {
    let (even, odd) = (y[0] + 0.5 * y[2], POINT * (y[1] + 0.5 * y[3]));
    let (wide_even, wide_odd) = (y[0] + 2.0 * y[2], 2.0 * POINT * (y[1] + 2.0 * y[3]));
    [
        y[0],
        even + odd,
        even - odd,
        wide_even + wide_odd,
        wide_even - wide_odd,
        y[3],
    ]
}

/// The gradient of [`kernel_at_points`]: its transpose.
#[inline(always)]
pub fn kernel_at_points_backward(u: [f32; 6]) -> [f32; 3] {
    let (even, odd) = (NARROW * (u[1] + u[2]), NARROW * POINT * (u[1] - u[2]));
    let (wide_even, wide_odd) = (WIDE * (u[3] + u[4]), WIDE * 2.0 * POINT * (u[3] - u[4]));
    [
        u[0] + even + wide_even,
        odd + wide_odd,
        0.5 * even + 2.0 * wide_even + u[5],
    ]
}

/// `f` along the columns and then along the rows of `I` × `I` values, to `O` × `O`.
#[inline(always)]
pub fn in_both_directions<const I: usize, const O: usize>(
    values: &[Lanes; POINTS],
    f: impl Fn([f32; I]) -> [f32; O],
) -> [Lanes; POINTS] {
    let mut half = [[0.0; LANES]; POINTS];
    for column in 0..I {
        for lane in 0..LANES {
            let of_lane = f(std::array::from_fn(|row| values[row * I + column][lane]));
            for (row, value) in of_lane.into_iter().enumerate() {
                half[row * I + column][lane] = value;
            }
        }
    }
    let mut whole = [[0.0; LANES]; POINTS];
    for row in 0..O {
        for lane in 0..LANES {
            let of_lane = f(std::array::from_fn(|column| half[row * I + column][lane]));
            for (column, value) in of_lane.into_iter().enumerate() {
                whole[row * O + column][lane] = value;
            }
        }
    }
    whole
}

/// Puts the values at each point into a row of their own, from column `first` on.
#[inline(always)]
pub fn put_lanes(rows: &mut [f32], stride: usize, first: usize, lanes: &[Lanes; POINTS]) {
    for (row, lanes) in rows.chunks_exact_mut(stride).zip(lanes) {
        row[first..][..LANES].copy_from_slice(lanes);
    }
}
