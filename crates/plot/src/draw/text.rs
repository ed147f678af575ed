//! One line of text.

use super::{
    Point, Rect,
    fonts::{Fonts, Style},
};

/// Which part of a text lies at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Its beginning.
    Left,
    /// Its middle.
    Middle,
    /// Its end.
    Right,
}

/// One line of text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text {
    pub(crate) content: String,
    /// The point on the baseline that `align` speaks of.
    pub(crate) at: Point,
    pub(crate) style: Style,
    pub(crate) align: Align,
    /// Whether it reads from bottom to top.
    pub(crate) upwards: bool,
}

impl Text {
    /// What the text covers, from the ascenders to the descenders.
    pub(crate) fn bounds(&self, fonts: &Fonts) -> Rect {
        let size = self.style.size;
        let width = fonts.width(&self.content, self.style);
        let start = match self.align {
            Align::Left => 0.0,
            Align::Middle => -width / 2.0,
            Align::Right => -width,
        };
        let (above, height) = (0.76 * size, 0.99 * size);
        let (x, y) = self.at;
        if self.upwards {
            Rect::new(x - above, y - start - width, height, width)
        } else {
            Rect::new(x + start, y - above, width, height)
        }
    }
}

/// `text` without control characters and non-characters, which XML 1.0 forbids
/// even when escaped.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\u{FFFE}' | '\u{FFFF}' => '\u{FFFD}',
            letter if letter.is_control() => '\u{FFFD}',
            letter => letter,
        })
        .collect()
}
