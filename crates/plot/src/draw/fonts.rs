//! Fonts, and how wide texts are in them.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef};

use super::Colour;
use crate::PlotError;

/// How texts of a kind look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    /// The em square in pixels.
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) colour: Colour,
}

impl Style {
    pub(crate) const fn regular(size: f64, colour: Colour) -> Self {
        Self {
            size,
            bold: false,
            colour,
        }
    }

    pub(crate) const fn bold(size: f64, colour: Colour) -> Self {
        Self {
            bold: true,
            ..Self::regular(size, colour)
        }
    }

    /// How far below its middle a line of figures has its baseline.
    pub(crate) fn drop(&self) -> f64 {
        0.36 * self.size
    }
}

/// DejaVu Sans in both weights.
#[derive(Debug)]
pub(crate) struct Fonts {
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

/// The fonts, parsed once.
pub(super) fn fonts() -> Result<&'static Fonts, PlotError> {
    static FONTS: OnceLock<Option<Fonts>> = OnceLock::new();
    let parse = || {
        Some(Fonts {
            regular: FontRef::try_from_slice(dejavu::sans::regular()).ok()?,
            bold: FontRef::try_from_slice(dejavu::sans::bold()).ok()?,
        })
    };
    let fonts = FONTS.get_or_init(parse).as_ref();
    fonts.ok_or_else(|| PlotError::Draw("the embedded font is not readable".to_owned()))
}

impl Fonts {
    /// The width of `text` in pixels.
    pub(super) fn width(&self, text: &str, style: Style) -> f64 {
        let font = if style.bold {
            &self.bold
        } else {
            &self.regular
        };
        let em = font.units_per_em().unwrap_or(font.height_unscaled());
        let mut previous = None;
        let widths = text.chars().map(|letter| {
            let id = font.glyph_id(letter);
            let kern = previous.replace(id);
            let kern = kern.map_or(0.0, |previous| font.kern_unscaled(previous, id));
            kern + font.h_advance_unscaled(id)
        });
        f64::from(widths.sum::<f32>() / em) * style.size
    }

    /// `text`, or its beginning and its end with "…" between, so that it is at
    /// most `room` pixels wide. Names often differ in their last part only, and
    /// a file name's end is its kind.
    pub(super) fn shorten(&self, text: &str, style: Style, room: f64) -> String {
        if self.width(text, style) <= room {
            return text.to_owned();
        }
        let letters: Vec<char> = text.chars().collect();
        let shortened = |kept: usize| -> String {
            let (head, tail) = (kept / 2, letters.len() - kept.div_ceil(2));
            let (head, tail) = (&letters[..head], &letters[tail..]);
            head.iter().chain(&['…']).chain(tail).collect()
        };
        // More letters are wider: look for the most that fit.
        let counts: Vec<usize> = (1..letters.len()).collect();
        let fit = |kept: &usize| self.width(&shortened(*kept), style) <= room;
        shortened(counts.partition_point(fit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::colour::INK;

    const STYLE: Style = Style::regular(20.0, INK);

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        let fonts = fonts().unwrap();
        let name = "perspective_score_backdoor_left.jpg";
        let short = fonts.shorten(name, STYLE, 200.0);
        assert!(
            short.starts_with("persp") && short.ends_with("left.jpg"),
            "{short}"
        );
        assert!(fonts.width(&short, STYLE) <= 200.0);
        assert_eq!(fonts.shorten("hood", STYLE, 200.0), "hood");
    }

    #[test]
    fn a_name_without_room_becomes_an_ellipsis() {
        let fonts = fonts().unwrap();
        assert_eq!(fonts.shorten("äöü", STYLE, 0.0), "…");
    }
}
