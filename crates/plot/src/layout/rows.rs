//! Figures of one panel whose rows have names.

use super::{
    Axes, Axis, Heading, Panel, Scale, Span, Tick, Ticks,
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

impl Heading {
    /// A figure of `panel` with a row for each of `names`, the first on top,
    /// which `draw` fills.
    pub(crate) fn rows(
        self,
        names: &[&str],
        panel: Panel,
        draw: impl FnOnce(&mut Canvas, &Axes),
    ) -> Result<Figure, PlotError> {
        let mut sheet = self.sheet()?;
        let height = 130.0 + ROW * names.len() as f64;
        let cell = Rect::new(MARGIN, sheet.top(), INSIDE, height);
        let canvas = &mut sheet.canvas;
        let tick = |(row, name): (usize, &&str)| {
            Tick::new(value(row), canvas.shorten(name, NAME_ROOM, TICK))
        };
        let ticks = names.iter().enumerate().map(tick).collect();
        let span = Span::new(0.5 - names.len() as f64, 0.5);
        let y = Axis::new(Scale::Linear(span), "").with(Ticks::Names(ticks));
        let axes = Panel { y, ..panel }.draw(canvas, cell);
        draw(canvas, &axes);
        Ok(sheet.end_at(cell.bottom()))
    }
}

/// Where the row with this index lies on the axis that names it.
pub(crate) fn value(row: usize) -> f64 {
    -(row as f64)
}
