//! Panels whose rows have names.

use super::{
    axes::Axes,
    panel::{Axis, Ticks},
    scale::Scale,
    sheet::{INSIDE, MARGIN},
    span::Span,
    style::TICK,
    tick::Tick,
};
use crate::draw::{canvas::Canvas, colour::Colour, geometry::Rect};

const ROW: f64 = 46.0;
/// What a name may take up.
const NAME_ROOM: f64 = 430.0;

/// The place of a panel with so many rows, from `top` downwards.
pub(crate) fn cell(top: f64, rows: usize) -> Rect {
    Rect::new(MARGIN, top, INSIDE, 130.0 + ROW * rows as f64)
}

/// The axis that names rows, the first on top.
pub(crate) fn row_axis(canvas: &Canvas, names: &[&str]) -> Axis<'static> {
    let ticks = names.iter().enumerate();
    let tick =
        |(row, name): (usize, &&str)| Tick::new(value(row), canvas.shorten(name, NAME_ROOM, TICK));
    Axis {
        ticks: Ticks::Names(ticks.map(tick).collect()),
        ..Axis::new(Scale::Linear(Span::new(0.5 - names.len() as f64, 0.5)), "")
    }
}

/// Where the row with this index lies on the axis that names it.
pub(crate) fn value(row: usize) -> f64 {
    -(row as f64)
}

/// The pixel row in the middle of the row with this index.
pub(crate) fn y(axes: &Axes, row: usize) -> f64 {
    axes.y(value(row))
}

/// A level interval between the columns `from` and `to`.
pub(crate) fn interval(canvas: &mut Canvas, (from, to): (f64, f64), y: f64, colour: Colour) {
    canvas.line((from, y), (to, y), 3.0, colour);
    for x in [from, to] {
        canvas.line((x, y - 7.0), (x, y + 7.0), 3.0, colour);
    }
}
