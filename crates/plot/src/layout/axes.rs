//! From values to pixels.

use super::Scale;
use crate::draw::{Canvas, Colour, Point, Rect, colour::INK};

/// The area for data, in pixels and in values.
#[derive(Debug)]
pub(crate) struct Axes {
    /// All within the frame.
    pub(crate) area: Rect,
    /// The row for what has no value, at the foot of the area.
    pub(crate) slot: Rect,
    pub(crate) x: Scale,
    pub(crate) y: Scale,
}

impl Axes {
    /// The pixel column of `value`.
    pub(crate) fn x(&self, value: f64) -> f64 {
        self.area.x + self.x.place(value) * self.area.width
    }

    /// The pixel row of `value`.
    pub(crate) fn y(&self, value: f64) -> f64 {
        self.slot.y - self.y.place(value) * self.height()
    }

    /// The pixel row of `value`, or of the end of the axis beyond which it lies.
    pub(crate) fn y_within(&self, value: f64) -> f64 {
        self.slot.y - self.y.clamped(value) * self.height()
    }

    /// The pixel row in the middle of the slot.
    pub(crate) fn slot_row(&self) -> f64 {
        self.slot.y + self.slot.height / 2.0
    }

    /// The pixels of a pair of values.
    pub(crate) fn at(&self, x: f64, y: f64) -> Point {
        (self.x(x), self.y(y))
    }

    fn height(&self) -> f64 {
        self.slot.y - self.area.y
    }

    /// Draws the line on which both values are equal, where the axes are alike.
    pub(crate) fn draw_diagonal(&self, canvas: &mut Canvas) {
        let (from, to) = (
            (self.area.x, self.area.bottom()),
            (self.area.right(), self.area.y),
        );
        canvas.line(from, to, 2.0, INK.fade(0.8));
    }

    /// Draws an upright line of dashes at the value `x`.
    pub(crate) fn draw_dashes(&self, canvas: &mut Canvas, x: f64, width: f64, colour: Colour) {
        let (x, top, bottom) = (self.x(x), self.area.y, self.area.bottom());
        canvas.dashes((x, top), (x, bottom - 4.0), width, colour);
    }
}
