//! The inverse cosine transform of a block.
//!
//! Loeffler, Ligtenberg and Moschytz, "Practical fast 1-D DCT algorithms with
//! 11 multiplications" (ICASSP 1989), in integers that are rounded where the
//! IJG's accurate integer method rounds, so that the samples are the same.

/// Bits behind the point of the constants.
const POINT: u32 = 13;
/// Bits that the first pass keeps for the second.
const KEPT: u32 = 2;
/// No picture's first pass comes near this; more would overflow the second.
const FIRST_PASS_BOUND: i32 = 12_287;

// Cosines and their sums, times 2^13.
const C_0_298: i32 = 2446;
const C_0_390: i32 = 3196;
const C_0_541: i32 = 4433;
const C_0_765: i32 = 6270;
const C_0_899: i32 = 7373;
const C_1_175: i32 = 9633;
const C_1_501: i32 = 12_299;
const C_1_847: i32 = 15_137;
const C_1_961: i32 = 16_069;
const C_2_053: i32 = 16_819;
const C_2_562: i32 = 20_995;
const C_3_072: i32 = 25_172;

/// Eight transforms of eight values side by side: `[k][lane]` to `[x][lane]`.
#[inline(always)]
fn pass<const SHIFT: u32>(input: &[[i32; 8]; 8], bound: i32) -> [[i32; 8]; 8] {
    let mut output = [[0; 8]; 8];
    for lane in 0..8 {
        let value = |k: usize| input[k][lane];
        let shared = (value(2) + value(6)) * C_0_541;
        let (low, high) = (shared - value(6) * C_1_847, shared + value(2) * C_0_765);
        let sum = (value(0) + value(4)) << POINT;
        let difference = (value(0) - value(4)) << POINT;
        let even = [sum + high, difference + low, difference - low, sum - high];

        let all = (value(7) + value(3) + value(5) + value(1)) * C_1_175;
        let (a, b) = (
            (value(7) + value(1)) * -C_0_899,
            (value(5) + value(3)) * -C_2_562,
        );
        let (c, d) = (
            (value(7) + value(3)) * -C_1_961 + all,
            (value(5) + value(1)) * -C_0_390 + all,
        );
        let odd = [
            value(1) * C_1_501 + a + d,
            value(3) * C_3_072 + b + c,
            value(5) * C_2_053 + b + d,
            value(7) * C_0_298 + a + c,
        ];
        let round = 1 << (SHIFT - 1);
        for (x, (even, odd)) in even.into_iter().zip(odd).enumerate() {
            output[x][lane] = ((even + odd + round) >> SHIFT).clamp(-bound, bound);
            output[7 - x][lane] = ((even - odd + round) >> SHIFT).clamp(-bound, bound);
        }
    }
    output
}

/// The samples, row by row, of dequantised coefficients of the same order.
#[inline(always)]
pub(super) fn samples(coefficients: &[[i32; 8]; 8]) -> [[u8; 8]; 8] {
    let columns = pass::<{ POINT - KEPT }>(coefficients, FIRST_PASS_BOUND);
    let mut turned = [[0; 8]; 8];
    for (row, values) in columns.iter().enumerate() {
        for (column, &value) in values.iter().enumerate() {
            turned[column][row] = value;
        }
    }
    let rows = pass::<{ POINT + KEPT + 3 }>(&turned, 1 << 20);
    let mut samples = [[0; 8]; 8];
    for (column, values) in rows.iter().enumerate() {
        for (row, &value) in values.iter().enumerate() {
            samples[row][column] = (value + 128).clamp(0, 255) as u8;
        }
    }
    samples
}

/// A block of which only the mean is known.
#[inline]
pub(super) fn flat(dc: i32) -> u8 {
    let kept = dc << KEPT;
    (((kept + (1 << (KEPT + 2))) >> (KEPT + 3)) + 128).clamp(0, 255) as u8
}
