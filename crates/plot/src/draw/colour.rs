//! Colours: greys for what surrounds the data, and those of Okabe and Ito, which
//! colour-blind readers can tell apart (Okabe & Ito 2008, *Color Universal
//! Design*). Their yellow is left out, as it is hardly seen on white.

/// Red, green, blue, and opacity from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Colour {
    pub(crate) rgb: [u8; 3],
    pub(crate) alpha: f64,
}

pub(crate) const fn opaque(r: u8, g: u8, b: u8) -> Colour {
    Colour {
        rgb: [r, g, b],
        alpha: 1.0,
    }
}

pub(crate) const WHITE: Colour = opaque(255, 255, 255);
pub(crate) const INK: Colour = opaque(0x22, 0x22, 0x22);
pub(crate) const MUTED: Colour = opaque(0x5A, 0x5A, 0x5A);
pub(crate) const FRAME: Colour = opaque(0x8A, 0x8A, 0x8A);
pub(crate) const GRID: Colour = opaque(0xE4, 0xE4, 0xE4);
pub(crate) const SHADE: Colour = opaque(0xF3, 0xF3, 0xF3);

pub(crate) const ORANGE: Colour = opaque(0xE6, 0x9F, 0x00);
/// Orange on paper, for areas that a blue line must stand out from.
pub(crate) const LIGHT_ORANGE: Colour = opaque(0xF2, 0xC9, 0x70);
pub(crate) const SKY: Colour = opaque(0x56, 0xB4, 0xE9);
pub(crate) const GREEN: Colour = opaque(0x00, 0x9E, 0x73);
pub(crate) const BLUE: Colour = opaque(0x00, 0x72, 0xB2);
pub(crate) const VERMILION: Colour = opaque(0xD5, 0x5E, 0x00);
pub(crate) const PURPLE: Colour = opaque(0xCC, 0x79, 0xA7);

impl Colour {
    /// This colour at another opacity.
    pub(crate) const fn fade(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// "#RRGGBB".
    #[cfg(test)]
    pub(crate) fn hex(self) -> String {
        let [red, green, blue] = self.rgb;
        format!("#{red:02X}{green:02X}{blue:02X}")
    }

    /// From this colour (0) to `other` (1).
    pub(crate) fn mix(self, other: Self, share: f64) -> Self {
        let channel = |index: usize| {
            let (from, to) = (f64::from(self.rgb[index]), f64::from(other.rgb[index]));
            (from * (1.0 - share) + to * share).round() as u8
        };
        let [r, g, b] = [0, 1, 2].map(channel);
        opaque(r, g, b)
    }
}
