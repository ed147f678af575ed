//! Marks for points, told apart by their shape.

use super::Key;
use crate::draw::{
    Canvas, Colour, Point, Rect,
    colour::{GREEN, ORANGE, VERMILION, WHITE},
};

/// The shape of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Disc,
    Ring,
    Triangle,
    Square,
    Cross,
}

impl Mark {
    /// Draws the mark, about `2 * radius` large.
    pub(crate) fn draw(self, canvas: &mut Canvas, at: Point, radius: f64, colour: Colour) {
        let (x, y) = at;
        match self {
            Self::Disc => canvas.disc(at, radius, colour),
            Self::Ring => {
                canvas.disc(at, radius, colour);
                canvas.disc(at, radius - 3.0, WHITE);
            }
            Self::Triangle => {
                let (wide, low) = (radius * 1.15, radius * 0.9);
                let corners = [(x - wide, y + low), (x + wide, y + low), (x, y - wide)];
                canvas.polygon(&corners, colour);
            }
            Self::Square => canvas.fill(Rect::around(at, radius * 0.9), colour),
            Self::Cross => {
                let far = radius * 0.8;
                for sign in [-1.0, 1.0] {
                    let (from, to) = ((x - far, y - sign * far), (x + far, y + sign * far));
                    canvas.path(&[from, to], 3.0, colour);
                }
            }
        }
    }

    /// Draws the mark with a white rim, which parts it from what lies below.
    pub(crate) fn draw_rimmed(self, canvas: &mut Canvas, at: Point, radius: f64, colour: Colour) {
        self.draw(canvas, at, radius + 2.0, WHITE);
        self.draw(canvas, at, radius, colour);
    }
}

/// How large an error is, by colour and by shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorSize {
    Small,
    Medium,
    Large,
}

impl ErrorSize {
    /// By the share of the labels' range.
    pub(crate) fn of(share: f64) -> Self {
        match share.abs() {
            share if share <= 0.1 => Self::Small,
            share if share <= 0.25 => Self::Medium,
            _ => Self::Large,
        }
    }

    pub(crate) fn sign(self) -> (Mark, Colour) {
        match self {
            Self::Small => (Mark::Disc, GREEN),
            Self::Medium => (Mark::Triangle, ORANGE),
            Self::Large => (Mark::Square, VERMILION),
        }
    }

    /// The legend of the marks, for targets whose labels have these ranges.
    pub(crate) fn legend(label_ranges: &[f64]) -> [(Key, String); 3] {
        let scores = label_ranges.iter().all(|range| *range == 1.0);
        let unit = if scores { "" } else { " of the labels' range" };
        [
            (Self::Small, format!("error up to 0.10{unit}")),
            (Self::Medium, "up to 0.25".to_owned()),
            (Self::Large, "larger".to_owned()),
        ]
        .map(|(size, text)| {
            let (mark, colour) = size.sign();
            (Key::Mark(mark, colour), text)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_marked_by_its_share_of_the_labels_range() {
        let sizes = [-0.1, 0.11, 0.25, -0.26, f64::NAN].map(ErrorSize::of);
        let expected = [
            ErrorSize::Small,
            ErrorSize::Medium,
            ErrorSize::Medium,
            ErrorSize::Large,
            ErrorSize::Large,
        ];
        assert_eq!(sizes, expected);
    }
}
