//! From values to pixels.

use super::scale::Scale;
use crate::draw::geometry::{Point, Rect};

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

    /// The pixels of a pair of values.
    pub(crate) fn at(&self, x: f64, y: f64) -> Point {
        (self.x(x), self.y(y))
    }

    fn height(&self) -> f64 {
        self.slot.y - self.area.y
    }
}
