//! The widths of letters.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef};

use crate::PlotError;

/// How thick the letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// DejaVu Sans in both weights.
#[derive(Debug)]
pub(crate) struct Fonts {
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

/// The fonts, parsed once.
pub(crate) fn fonts() -> Result<&'static Fonts, PlotError> {
    static FONTS: OnceLock<Option<Fonts>> = OnceLock::new();
    FONTS
        .get_or_init(|| {
            Some(Fonts {
                regular: FontRef::try_from_slice(dejavu::sans::regular()).ok()?,
                bold: FontRef::try_from_slice(dejavu::sans::bold()).ok()?,
            })
        })
        .as_ref()
        .ok_or_else(|| PlotError::Draw("the embedded font is not readable".to_owned()))
}

impl Fonts {
    /// The width of `text` in pixels; `size` is that of the em square.
    pub(crate) fn width(&self, text: &str, size: f64, weight: Weight) -> f64 {
        let font = match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        };
        let em = font.units_per_em().unwrap_or(font.height_unscaled());
        let mut previous = None;
        let widths = text.chars().map(|letter| {
            let id = font.glyph_id(letter);
            let kern = previous.replace(id);
            let kern = kern.map_or(0.0, |previous| font.kern_unscaled(previous, id));
            kern + font.h_advance_unscaled(id)
        });
        let width: f32 = widths.sum();
        f64::from(width / em) * size
    }

    /// `text`, or its beginning and its end with "…" between, so that it is at
    /// most `room` pixels wide. Names often differ in their last part only, and
    /// a file name's end is its kind.
    pub(crate) fn shorten(&self, text: &str, size: f64, weight: Weight, room: f64) -> String {
        if self.width(text, size, weight) <= room {
            return text.to_owned();
        }
        let letters: Vec<char> = text.chars().collect();
        let shortened = |kept: usize| -> String {
            let head = kept / 2;
            let tail = letters.len() - (kept - head);
            letters[..head]
                .iter()
                .chain(&['…'])
                .chain(&letters[tail..])
                .collect()
        };
        // More letters are wider: look for the most that fit.
        let (mut fits, mut too_many) = (0, letters.len());
        while too_many - fits > 1 {
            let kept = usize::midpoint(fits, too_many);
            if self.width(&shortened(kept), size, weight) <= room {
                fits = kept;
            } else {
                too_many = kept;
            }
        }
        shortened(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        let fonts = fonts().unwrap();
        let name = "perspective_score_backdoor_left.jpg";
        let short = fonts.shorten(name, 20.0, Weight::Regular, 200.0);
        assert!(
            short.starts_with("persp") && short.ends_with("left.jpg"),
            "{short}"
        );
        assert!(fonts.width(&short, 20.0, Weight::Regular) <= 200.0);
        assert_eq!(fonts.shorten("hood", 20.0, Weight::Regular, 200.0), "hood");
    }

    #[test]
    fn a_name_without_room_becomes_an_ellipsis() {
        let fonts = fonts().unwrap();
        assert_eq!(fonts.shorten("äöü", 20.0, Weight::Bold, 0.0), "…");
    }
}
