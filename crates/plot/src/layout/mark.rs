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
                let corners = vec![(x - wide, y + low), (x + wide, y + low), (x, y - wide)];
                canvas.polygon(corners, colour);
            }
            Self::Square => canvas.fill(Rect::around(at, radius * 0.9), colour),
            Self::Cross => {
                let far = radius * 0.8;
                for sign in [-1.0, 1.0] {
                    let (from, to) = ((x - far, y - sign * far), (x + far, y + sign * far));
                    canvas.path(vec![from, to], 3.0, colour);
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

/// The mark of an error by its share of the labels' range: small up to 0.1,
/// medium up to 0.25, or large.
pub(crate) fn error_mark(share: f64) -> (Mark, Colour) {
    match share.abs() {
        share if share <= 0.1 => (Mark::Disc, GREEN),
        share if share <= 0.25 => (Mark::Triangle, ORANGE),
        _ => (Mark::Square, VERMILION),
    }
}

/// The legend of [`error_mark`], for targets whose labels have these ranges.
pub(crate) fn error_marks(label_ranges: &[f64]) -> [(Key, String); 3] {
    let scores = label_ranges.iter().all(|range| *range == 1.0);
    let unit = if scores { "" } else { " of the labels' range" };
    let entry = |share, text| {
        let (mark, colour) = error_mark(share);
        (Key::Mark(mark, colour), text)
    };
    [
        entry(0.1, format!("error up to 0.10{unit}")),
        entry(0.25, "up to 0.25".to_owned()),
        entry(1.0, "larger".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_marked_by_its_share_of_the_labels_range() {
        let marks = [-0.1, 0.11, 0.25, -0.26, f64::NAN].map(|share| error_mark(share).0);
        let (medium, large) = (Mark::Triangle, Mark::Square);
        assert_eq!(marks, [Mark::Disc, medium, medium, large, large]);
    }
}
