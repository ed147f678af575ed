//! Colours for numbers. Their order shows in the lightness alone, so that it
//! survives colour blindness and a black-and-white printer.

use super::colour::{BLUE, Colour, SKY, opaque};

/// From a number in [0, 1] to a colour.
pub(crate) type Ramp = fn(f64) -> Colour;

/// The dark end of [`density`].
const MIDNIGHT: Colour = opaque(0x05, 0x10, 0x28);

/// Viridis at nine equal steps (Smith & van der Walt 2015; matplotlib).
const VIRIDIS: [Colour; 10] = [
    opaque(0x44, 0x01, 0x54),
    opaque(0x48, 0x28, 0x78),
    opaque(0x3E, 0x4A, 0x89),
    opaque(0x31, 0x68, 0x8E),
    opaque(0x26, 0x82, 0x8E),
    opaque(0x1F, 0x9E, 0x89),
    opaque(0x35, 0xB7, 0x79),
    opaque(0x6D, 0xCD, 0x59),
    opaque(0xB4, 0xDE, 0x2C),
    opaque(0xFD, 0xE7, 0x25),
];

/// From few (0, light) to many (1, dark): sky blue, blue, nearly black.
pub(crate) fn density(share: f64) -> Colour {
    if share < 0.5 {
        SKY.mix(BLUE, share.max(0.0) * 2.0)
    } else {
        BLUE.mix(MIDNIGHT, share.min(1.0) * 2.0 - 1.0)
    }
}

/// Viridis from violet (0) to yellow (1).
pub(crate) fn viridis(share: f64) -> Colour {
    let place = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    // NaN becomes 0.
    let index = (place as usize).min(VIRIDIS.len() - 2);
    VIRIDIS[index].mix(VIRIDIS[index + 1], place - index as f64)
}

/// Viridis from a green that is seen on white (0, worst) to violet (1, best).
pub(crate) fn quality(share: f64) -> Colour {
    viridis(0.88 * (1.0 - share.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(colour: Colour) -> f64 {
        let [red, green, blue] = colour.rgb;
        0.2126 * f64::from(red) + 0.7152 * f64::from(green) + 0.0722 * f64::from(blue)
    }

    #[test]
    fn the_lightness_of_every_ramp_only_rises_or_only_falls() {
        for (ramp, sign) in [(density as Ramp, -1.0), (viridis, 1.0), (quality, -1.0)] {
            let along: Vec<f64> = (0..=100)
                .map(|step| sign * luminance(ramp(f64::from(step) / 100.0)))
                .collect();
            assert!(along.windows(2).all(|pair| pair[1] >= pair[0] - 1.0));
            assert!(along[100] - along[0] > 90.0);
        }
    }

    #[test]
    fn what_lies_outside_gets_the_colour_of_the_end() {
        assert_eq!(viridis(-1.0), viridis(0.0));
        assert_eq!(viridis(7.0), viridis(1.0));
        assert_eq!(density(7.0), density(1.0));
    }
}
