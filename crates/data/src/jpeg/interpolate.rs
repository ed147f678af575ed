//! Rows of samples at twice the width, interpolated linearly between sample centres.

/// A row of twice as many samples between the rows `near` and `far`; `sums` are
/// for intermediate results, two more than a row has samples.
#[inline(always)]
pub(super) fn between([near, far]: [&[u8]; 2], sums: &mut [u16], out: &mut [u8]) {
    for ((sum, &near), &far) in sums[1..].iter_mut().zip(near).zip(far) {
        *sum = 3 * u16::from(near) + u16::from(far);
    }
    across::<4>(sums, out, [8, 7]);
}

/// Three quarters of each sum and one of its neighbour, left and right of its
/// centre. `sums[1..]` are given; the ends stand for their own neighbours.
#[inline(always)]
pub(super) fn across<const SHIFT: u32>(sums: &mut [u16], out: &mut [u8], round: [u16; 2]) {
    let end = sums.len() - 1;
    sums[0] = sums[1];
    sums[end] = sums[end - 1];
    let (pairs, _) = out.as_chunks_mut::<2>();
    let neighbours = sums.iter().zip(&sums[1..]).zip(&sums[2..]);
    for (pair, ((&left, &here), &right)) in pairs.iter_mut().zip(neighbours) {
        pair[0] = ((3 * here + left + round[0]) >> SHIFT) as u8;
        pair[1] = ((3 * here + right + round[1]) >> SHIFT) as u8;
    }
}
