//! A panel: title, frame, grid, ticks and axis titles around an area for data.

use super::{
    Axes, Axis, Span, Tick,
    style::{AXIS, PANEL, SUBTITLE, TICK},
};
use crate::draw::{
    Align, Canvas, Rect,
    colour::{FRAME, GRID, SHADE, WHITE},
};

const PAD: f64 = 16.0;
const TICK_GAP: f64 = 14.0;
const SLOT: f64 = 46.0;

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

/// The places and ticks of a panel.
struct Layout {
    axes: Axes,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    /// The width of the y axis's labels.
    y_labels: f64,
    /// Whether the labels of the x axis stand upright.
    upright: bool,
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
            canvas.text_within(&self.title, room, (area.x, baseline), Align::Left, PANEL);
        }
        baseline += SUBTITLE.size * 1.5;
        let at = (area.x, baseline);
        canvas.text_within(&self.subtitle, room, at, Align::Left, SUBTITLE);
        layout.axes
    }

    /// Where the parts of the panel lie in this place on the canvas.
    fn lay_out(&self, canvas: &Canvas, cell: Rect) -> Layout {
        let title = room(&self.title, PANEL.size + 12.0) + 4.0;
        let top = cell.y + PAD + title + room(&self.subtitle, SUBTITLE.size * 1.5);
        let below = PAD + room(&self.x.title, AXIS.size + 12.0) + TICK_GAP;
        let bottom = |labels: f64| cell.bottom() - below - labels;
        let slot = if self.slot.is_some() { SLOT } else { 0.0 };

        let y_ticks = self.y.y_ticks(canvas, bottom(TICK.size) - top - slot);
        let labels = y_ticks.iter().map(|tick| tick.label.as_str());
        let y_labels = widest(canvas, labels.chain(self.slot));
        let mut left = cell.x + PAD + room(&self.y.title, AXIS.size + 14.0) + y_labels + TICK_GAP;
        let mut width = cell.right() - PAD - 24.0 - self.right - left;
        if self.square {
            let spare = (width - (bottom(TICK.size) - top)).max(0.0);
            left += spare / 2.0;
            width -= spare;
        }
        let (x_ticks, upright) = self.x.x_ticks(canvas, cell, (left, width));
        let labels = if upright {
            let labels = x_ticks.iter().map(|tick| tick.label.as_str());
            widest(canvas, labels).max(TICK.size)
        } else {
            TICK.size
        };
        let (top, bottom) = (top.round(), bottom(labels).round());
        let area = Rect::new(left.round(), top, width.round(), bottom - top);
        Layout {
            axes: Axes {
                area,
                slot: Rect::new(area.x, bottom - slot, area.width, slot),
                x: self.x.scale,
                y: self.y.scale,
            },
            x_ticks,
            y_ticks,
            y_labels,
            upright,
        }
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
        let at = (middle, cell.bottom() - PAD - AXIS.size * 0.25);
        canvas.text_within(&self.x.title, room, at, Align::Middle, AXIS);
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

/// What a text takes up that may be missing.
fn room(text: &str, room: f64) -> f64 {
    if text.is_empty() { 0.0 } else { room }
}

fn widest<'a>(canvas: &Canvas, labels: impl Iterator<Item = &'a str>) -> f64 {
    let widths = labels.map(|label| canvas.text_width(label, TICK));
    widths.fold(0.0, f64::max)
}
