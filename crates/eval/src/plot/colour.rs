//! Colours.

/// Red, green, blue, and opacity from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Colour {
    pub(super) rgb: (u8, u8, u8),
    pub(super) alpha: f64,
}

const fn opaque(r: u8, g: u8, b: u8) -> Colour {
    Colour {
        rgb: (r, g, b),
        alpha: 1.0,
    }
}

pub(super) const WHITE: Colour = opaque(255, 255, 255);
pub(super) const INK: Colour = opaque(0x22, 0x22, 0x22);
pub(super) const MUTED: Colour = opaque(0x5A, 0x5A, 0x5A);
pub(super) const FRAME: Colour = opaque(0x8A, 0x8A, 0x8A);
pub(super) const GRID: Colour = opaque(0xE4, 0xE4, 0xE4);
pub(super) const SHADE: Colour = opaque(0xF3, 0xF3, 0xF3);

// Okabe and Ito's.
pub(super) const ORANGE: Colour = opaque(0xE6, 0x9F, 0x00);
/// Orange on paper, for areas that a blue line must stand out from.
pub(super) const LIGHT_ORANGE: Colour = opaque(0xF2, 0xC9, 0x70);
pub(super) const SKY: Colour = opaque(0x56, 0xB4, 0xE9);
pub(super) const GREEN: Colour = opaque(0x00, 0x9E, 0x73);
pub(super) const BLUE: Colour = opaque(0x00, 0x72, 0xB2);
pub(super) const VERMILION: Colour = opaque(0xD5, 0x5E, 0x00);

/// The dark end of [`density`].
const MIDNIGHT: Colour = opaque(0x05, 0x10, 0x28);

impl Colour {
    /// This colour at another opacity.
    pub(super) const fn fade(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    fn mix(self, other: Self, share: f64) -> Self {
        let channel = |a: u8, b: u8| (f64::from(a) * (1.0 - share) + f64::from(b) * share) as u8;
        Self {
            rgb: (
                channel(self.rgb.0, other.rgb.0),
                channel(self.rgb.1, other.rgb.1),
                channel(self.rgb.2, other.rgb.2),
            ),
            alpha: 1.0,
        }
    }
}

/// From few (0, light) to many (1, dark): sky blue, blue, nearly black, so that
/// the order shows in the lightness alone.
pub(super) fn density(share: f64) -> Colour {
    if share < 0.5 {
        SKY.mix(BLUE, share.max(0.0) * 2.0)
    } else {
        BLUE.mix(MIDNIGHT, share.min(1.0) * 2.0 - 1.0)
    }
}
