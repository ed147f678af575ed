//! Luma and chroma to RGB (JFIF 1.02).

/// Pixels from a row of Y, Cb and Cr, each at least as long.
#[inline(always)]
pub(super) fn row_to_rgb(rows: [&[u8]; 3], pixels: &mut [[u8; 3]]) {
    // Colours apart first, which vector instructions are made for.
    const STEP: usize = 32;
    let [y, cb, cr] = rows.map(|row| &row[..pixels.len()]);
    let (steps, rest) = pixels.as_chunks_mut::<STEP>();
    let done = steps.len() * STEP;
    let in_steps = [y, cb, cr].map(|row| row.as_chunks::<STEP>().0);
    let [y_steps, cb_steps, cr_steps] = in_steps;
    for (((pixels, y), cb), cr) in steps.iter_mut().zip(y_steps).zip(cb_steps).zip(cr_steps) {
        let mut colours = [[0; STEP]; 3];
        for (at, ((&y, &cb), &cr)) in y.iter().zip(cb).zip(cr).enumerate() {
            let [r, g, b] = rgb(y, cb, cr);
            colours[0][at] = r;
            colours[1][at] = g;
            colours[2][at] = b;
        }
        for (at, pixel) in pixels.iter_mut().enumerate() {
            *pixel = [colours[0][at], colours[1][at], colours[2][at]];
        }
    }
    for (at, pixel) in (done..).zip(rest) {
        *pixel = rgb(y[at], cb[at], cr[at]);
    }
}

/// Factors times 2^16, rounded as in libjpeg.
#[inline(always)]
pub(super) fn rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    const HALF: i32 = 1 << 15;
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    let r = y + ((91_881 * cr + HALF) >> 16);
    let g = y + ((-22_554 * cb - 46_802 * cr + HALF) >> 16);
    let b = y + ((116_130 * cb + HALF) >> 16);
    [r, g, b].map(|value| value.clamp(0, 255) as u8)
}
