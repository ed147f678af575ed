//! The signs of a legend.

use super::Mark;
use crate::draw::{Canvas, Colour, Point, Rect, colour::FRAME, ramp::Ramp};

/// The sign of a legend's entry.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key {
    Line(Colour, f64),
    Dashes(Colour),
    Filled(Colour),
    Outlined(Colour),
    Ramp(Ramp),
    Mark(Mark, Colour),
    /// A level line with a mark in its middle.
    MarkedLine(Mark, Colour),
    /// An upright line between two short ones.
    Whisker(Colour),
}

const RAMP_STEPS: u32 = 40;

impl Key {
    pub(crate) fn width(self) -> f64 {
        match self {
            Self::Ramp(_) => 160.0,
            Self::Mark(..) | Self::Whisker(_) => 24.0,
            _ => 44.0,
        }
    }

    /// Draws the sign from `x` rightwards around the row `middle`.
    pub(crate) fn draw(self, canvas: &mut Canvas, x: f64, middle: f64) {
        let rect = Rect::new(x, middle - 12.0, self.width(), 24.0);
        let (start, end) = ((x, middle), (rect.right(), middle));
        let centre = (x + rect.width / 2.0, middle);
        match self {
            Self::Line(colour, width) => canvas.line(start, end, width, colour),
            Self::Dashes(colour) => canvas.dashes(start, end, 3.0, colour),
            Self::Filled(colour) => {
                canvas.fill(rect, colour);
                canvas.frame(rect, 1.0, FRAME);
            }
            Self::Outlined(colour) => canvas.frame(rect, 4.0, colour),
            Self::Ramp(ramp) => {
                let step = rect.width / f64::from(RAMP_STEPS);
                for index in 0..RAMP_STEPS {
                    let left = x + f64::from(index) * step;
                    let colour = ramp(f64::from(index) / f64::from(RAMP_STEPS - 1));
                    // To the end, below the next: two edges side by side would
                    // let the paper through where the figure is scaled.
                    let width = rect.right() - left;
                    canvas.fill(Rect::new(left, rect.y, width, rect.height), colour);
                }
            }
            Self::Mark(mark, colour) => mark.draw(canvas, centre, 10.0, colour),
            Self::MarkedLine(mark, colour) => {
                canvas.line(start, end, 3.0, colour);
                mark.draw_rimmed(canvas, centre, 8.0, colour);
            }
            Self::Whisker(colour) => {
                let (top, bottom) = ((centre.0, rect.y), (centre.0, rect.bottom()));
                whisker(canvas, top, bottom, colour);
            }
        }
    }
}

/// Draws an upright or level interval: a line between two short ones.
pub(crate) fn whisker(canvas: &mut Canvas, from: Point, to: Point, colour: Colour) {
    canvas.line(from, to, 3.0, colour);
    let upright = from.0 == to.0;
    let (across, along) = if upright { (7.0, 0.0) } else { (0.0, 7.0) };
    for (x, y) in [from, to] {
        let ends = ((x - across, y - along), (x + across, y + along));
        canvas.line(ends.0, ends.1, 3.0, colour);
    }
}
