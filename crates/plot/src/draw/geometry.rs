//! Places on a canvas, in pixels from its upper left corner.

/// Columns to the right, rows downwards.
pub(crate) type Point = (f64, f64);

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Rect {
    pub(crate) const fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// The square of side `2 * radius` around `centre`.
    pub(crate) fn around(centre: Point, radius: f64) -> Self {
        let side = 2.0 * radius;
        Self::new(centre.0 - radius, centre.1 - radius, side, side)
    }

    /// The rectangle with these opposite corners.
    pub(crate) fn between(a: Point, b: Point) -> Self {
        let (width, height) = ((a.0 - b.0).abs(), (a.1 - b.1).abs());
        Self::new(a.0.min(b.0), a.1.min(b.1), width, height)
    }

    pub(crate) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// This rectangle and `more` on each side.
    pub(crate) fn grow(&self, more: f64) -> Self {
        Self::new(
            self.x - more,
            self.y - more,
            self.width + 2.0 * more,
            self.height + 2.0 * more,
        )
    }

    pub(crate) fn contains(&self, other: &Self) -> bool {
        other.x >= self.x
            && other.y >= self.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }

    /// Whether the insides of both have a point in common.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.x < other.right()
            && other.x < self.right()
            && self.y < other.bottom()
            && other.y < self.bottom()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_that_only_touch_do_not_cover_each_other() {
        let left = Rect::new(0.0, 0.0, 10.0, 10.0);
        assert!(!left.covers(&Rect::new(10.0, 0.0, 5.0, 5.0)));
        assert!(left.covers(&Rect::new(9.0, 9.0, 5.0, 5.0)));
        assert!(left.contains(&Rect::around((5.0, 5.0), 5.0)));
        assert!(!left.contains(&left.grow(1.0)));
    }
}
