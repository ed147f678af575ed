//! Figures of one panel whose rows have names.

use super::{
    Axes, Axis, Heading, Panel, Span, Tick, Ticks,
    sheet::{INSIDE, MARGIN},
    style::TICK,
};
use crate::{
    Figure, PlotError,
    draw::{Canvas, Rect},
};

const ROW: f64 = 46.0;
/// What a name may take up.
const NAME_ROOM: f64 = 430.0;

/// What to draw around rows.
pub(crate) struct Rows<'a> {
    /// Of the rows, the first on top.
    pub(crate) names: &'a [&'a str],
    pub(crate) x: Axis,
    /// The indices of the rows to shade.
    pub(crate) shaded: Vec<usize>,
    /// Room to leave to the right of the frame.
    pub(crate) right: f64,
}

impl<'a> Rows<'a> {
    /// Rows without shades, and without room to their right.
    pub(crate) fn new(names: &'a [&'a str], x: Axis) -> Self {
        Self {
            names,
            x,
            shaded: Vec::new(),
            right: 0.0,
        }
    }
}

impl Heading {
    /// A figure of rows that `draw` fills.
    pub(crate) fn rows(
        self,
        rows: Rows,
        draw: impl FnOnce(&mut Canvas, &Axes),
    ) -> Result<Figure, PlotError> {
        let Rows { names, x, .. } = rows;
        let mut sheet = self.sheet()?;
        let height = 130.0 + ROW * names.len() as f64;
        let cell = Rect::new(MARGIN, sheet.top(), INSIDE, height);
        let canvas = &mut sheet.canvas;
        let tick = |(row, name): (usize, &&str)| {
            Tick::new(value(row), canvas.shorten(name, NAME_ROOM, TICK))
        };
        let ticks = names.iter().enumerate().map(tick).collect();
        let span = Span::new(0.5 - names.len() as f64, 0.5);
        let y = Axis::linear(span, "").with(Ticks::Names(ticks));
        let panel = Panel {
            right: rows.right,
            shaded_rows: rows.shaded.into_iter().map(value).collect(),
            ..Panel::new(x, y)
        };
        let axes = panel.draw(canvas, cell);
        draw(canvas, &axes);
        Ok(sheet.end_at(cell.bottom()))
    }
}

/// Where the row with this index lies on the axis that names it.
pub(crate) fn value(row: usize) -> f64 {
    -(row as f64)
}
