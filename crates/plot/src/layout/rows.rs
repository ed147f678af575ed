//! Panels whose rows have names.

use super::{Axis, Panel, Span, Tick, Ticks};

const ROW: f64 = 46.0;

/// A panel with a row for each of `names`, the first on top.
pub(crate) fn panel<'a>(names: impl ExactSizeIterator<Item = &'a str>, x: Axis) -> Panel {
    let span = Span::new(0.5 - names.len() as f64, 0.5);
    let tick = |(row, name)| Tick::new(value(row), name);
    let ticks = names.enumerate().map(tick).collect();
    Panel::new(x, Axis::linear(span, "").with(Ticks::Names(ticks)))
}

/// The height of a panel with so many rows, in pixels.
pub(crate) fn height(rows: usize) -> f64 {
    130.0 + ROW * rows as f64
}

/// Where the row with this index lies on the axis that names it.
pub(crate) fn value(row: usize) -> f64 {
    -(row as f64)
}
