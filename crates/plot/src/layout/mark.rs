//! Marks for points, told apart by their shape.

use crate::draw::{Canvas, Colour, Point, Rect, colour::WHITE};

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
