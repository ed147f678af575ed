//! A panel: title, frame, grid, ticks and axis titles around an area for data.

use super::{
    Axes, Scale, Span, Tick, Ticks,
    panel_layout::Layout,
    style::{AXIS, PANEL, SUBTITLE, TICK},
};
use crate::draw::{
    Align, Canvas, Rect,
    colour::{FRAME, GRID, SHADE, WHITE},
};

pub(super) const PAD: f64 = 16.0;
pub(super) const TICK_GAP: f64 = 14.0;

/// One of a panel's two axes.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    pub(crate) scale: Scale,
    pub(crate) title: String,
    pub(crate) ticks: Ticks,
}

impl Axis {
    /// An axis with round numbers.
    pub(crate) fn new(scale: Scale, title: impl Into<String>) -> Self {
        Self {
            scale,
            title: title.into(),
            ticks: Ticks::Round,
        }
    }

    /// An axis with round numbers at equal distances.
    pub(crate) fn linear(span: Span, title: impl Into<String>) -> Self {
        Self::new(Scale::Linear(span), title)
    }

    /// This axis with other ticks.
    pub(crate) fn with(self, ticks: Ticks) -> Self {
        Self { ticks, ..self }
    }

    fn has_grid(&self) -> bool {
        !matches!(self.ticks, Ticks::Names(_))
    }
}

/// What to draw around the data.
#[derive(Debug)]
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// Whether the data area is to be as wide as it is high.
    pub(crate) square: bool,
    /// What of the x axis to leave unshaded.
    pub(crate) unshaded: Option<Span>,
    /// The rows to shade, by their y value: within the frame, and in the room to
    /// its right.
    pub(crate) shaded_rows: Vec<f64>,
    /// The name of a row at the foot for what has no y value.
    pub(crate) slot: Option<&'static str>,
    /// Room to leave to the right of the frame.
    pub(crate) right: f64,
}

impl Panel {
    /// A panel without title, shades and slot.
    pub(crate) fn new(x: Axis, y: Axis) -> Self {
        Self {
            title: String::new(),
            subtitle: String::new(),
            x,
            y,
            square: false,
            unshaded: None,
            shaded_rows: Vec::new(),
            slot: None,
            right: 0.0,
        }
    }

    /// This panel with a title and what stands below it.
    pub(crate) fn titled(self, title: impl Into<String>, subtitle: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: subtitle.into(),
            ..self
        }
    }

    /// Draws all but the data in this place on the canvas.
    pub(crate) fn draw(&self, canvas: &mut Canvas, cell: Rect) -> Axes {
        let layout = self.lay_out(canvas, cell);
        let axes = &layout.axes;
        let area = axes.area;
        canvas.fill(area, WHITE);
        if let Some(unshaded) = self.unshaded {
            shade(canvas, area, area.x, axes.x(unshaded.low));
            shade(canvas, area, axes.x(unshaded.high), area.right());
        }
        for row in &self.shaded_rows {
            let (top, bottom) = (axes.y(row + 0.5) + 2.0, axes.y(row - 0.5) - 2.0);
            let width = area.width + self.right - 4.0;
            canvas.fill(Rect::new(area.x + 2.0, top, width, bottom - top), SHADE);
        }
        if self.slot.is_some() {
            canvas.fill(axes.slot, SHADE);
        }
        self.draw_x(canvas, cell, &layout);
        self.draw_y(canvas, cell, &layout);
        canvas.frame(area, 2.0, FRAME);

        let room = cell.right() - PAD - area.x;
        let mut baseline = cell.y + PAD;
        if !self.title.is_empty() {
            baseline += PANEL.size;
            let title = canvas.shorten(&self.title, room, PANEL);
            canvas.text(&title, (area.x, baseline), Align::Left, PANEL);
        }
        baseline += SUBTITLE.size * 1.5;
        let subtitle = canvas.shorten(&self.subtitle, room, SUBTITLE);
        canvas.text(&subtitle, (area.x, baseline), Align::Left, SUBTITLE);
        layout.axes
    }

    fn draw_x(&self, canvas: &mut Canvas, cell: Rect, layout: &Layout) {
        let (axes, area) = (&layout.axes, layout.axes.area);
        for tick in &layout.x_ticks {
            let x = axes.x(tick.value);
            if self.x.has_grid() {
                canvas.line((x, area.y), (x, area.bottom()), 2.0, GRID);
            }
            canvas.line((x, area.bottom()), (x, area.bottom() + 6.0), 2.0, FRAME);
            let below = area.bottom() + TICK_GAP;
            if layout.upright {
                let at = (x + TICK.drop(), below);
                canvas.text_upwards(&tick.label, at, Align::Right, TICK);
            } else {
                let at = (x, below + TICK.size * 0.8);
                canvas.text(&tick.label, at, Align::Middle, TICK);
            }
        }
        let middle = area.x + area.width / 2.0;
        let room = 2.0 * (middle - cell.x).min(cell.right() - middle);
        let title = canvas.shorten(&self.x.title, room, AXIS);
        let baseline = cell.bottom() - PAD - AXIS.size * 0.25;
        canvas.text(&title, (middle, baseline), Align::Middle, AXIS);
    }

    fn draw_y(&self, canvas: &mut Canvas, cell: Rect, layout: &Layout) {
        let (axes, area) = (&layout.axes, layout.axes.area);
        let row = |tick: &Tick| (axes.y(tick.value), tick.label.clone());
        let mut rows: Vec<(f64, String)> = layout.y_ticks.iter().map(row).collect();
        rows.extend(self.slot.map(|label| (axes.slot_row(), label.to_owned())));
        for (y, label) in rows {
            if self.y.has_grid() {
                canvas.line((area.x, y), (area.right(), y), 2.0, GRID);
            }
            canvas.line((area.x - 6.0, y), (area.x, y), 2.0, FRAME);
            let at = (area.x - TICK_GAP, y + TICK.drop());
            canvas.text(&label, at, Align::Right, TICK);
        }
        let baseline = area.x - TICK_GAP - layout.y_labels - 14.0;
        let middle = area.y + area.height / 2.0;
        let room = 2.0 * (middle - cell.y).min(cell.bottom() - middle);
        let title = canvas.shorten(&self.y.title, room, AXIS);
        canvas.text_upwards(&title, (baseline, middle), Align::Middle, AXIS);
    }
}

fn shade(canvas: &mut Canvas, area: Rect, left: f64, right: f64) {
    if right > left {
        canvas.fill(Rect::new(left, area.y, right - left, area.height), SHADE);
    }
}
