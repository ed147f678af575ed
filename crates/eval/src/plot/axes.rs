//! A panel: title, frame, grid, ticks and axis titles around an area for data.

use super::{
    canvas::{Align, Canvas, Rect, Style},
    colour::{FRAME, GRID, INK, MUTED, SHADE, WHITE},
    fonts::Weight,
    scale::{Span, Tick},
};

const TITLE: Style = Style {
    size: 28.0,
    weight: Weight::Bold,
    colour: INK,
};
const SUBTITLE: Style = Style {
    size: 23.0,
    weight: Weight::Regular,
    colour: MUTED,
};
const AXIS_TITLE: Style = Style {
    size: 24.0,
    weight: Weight::Regular,
    colour: INK,
};
const TICK: Style = Style {
    size: 22.0,
    weight: Weight::Regular,
    colour: INK,
};
const PAD: f64 = 16.0;
const TICK_GAP: f64 = 12.0;
const MOST_TICKS: usize = 7;

/// What to draw around the data.
#[derive(Debug)]
pub(super) struct Panel<'a> {
    /// The place on the canvas.
    pub(super) cell: Rect,
    pub(super) title: &'a str,
    pub(super) subtitle: &'a str,
    pub(super) x: Span,
    pub(super) y: Span,
    /// Ticks of the y axis; round numbers of `y` if `None`.
    pub(super) y_ticks: Option<Vec<Tick>>,
    pub(super) x_title: &'a str,
    pub(super) y_title: &'a str,
    /// Whether the data area is to be as wide as it is high.
    pub(super) square: bool,
    /// What of the x axis to leave unshaded.
    pub(super) unshaded: Option<Span>,
}

/// The area for data, in pixels and in values.
#[derive(Debug)]
pub(super) struct Axes {
    pub(super) area: Rect,
    x: Span,
    y: Span,
}

impl Axes {
    /// The pixel column of `value`.
    pub(super) fn x(&self, value: f64) -> f64 {
        self.area.x + (value - self.x.low) / self.x.length() * self.area.width
    }

    /// The pixel row of `value`.
    pub(super) fn y(&self, value: f64) -> f64 {
        self.area.bottom() - (value - self.y.low) / self.y.length() * self.area.height
    }
}

impl Panel<'_> {
    /// Draws all but the data.
    pub(super) fn draw(&self, canvas: &mut Canvas) -> Axes {
        let (axes, y_ticks) = self.lay_out(canvas);
        let area = axes.area;
        canvas.fill(area, WHITE);
        if let Some(unshaded) = self.unshaded {
            let (left, right) = (axes.x(unshaded.low), axes.x(unshaded.high));
            canvas.fill(Rect::new(area.x, area.y, left - area.x, area.height), SHADE);
            canvas.fill(
                Rect::new(right, area.y, area.right() - right, area.height),
                SHADE,
            );
        }
        self.draw_x(canvas, &axes);
        self.draw_y(canvas, &axes, &y_ticks);
        canvas.frame(area, 2.0, FRAME);

        let room = self.cell.right() - PAD - area.x;
        let title = canvas.shorten(self.title, room, TITLE);
        let baseline = self.cell.y + PAD + TITLE.size;
        canvas.text(&title, (area.x, baseline), Align::Left, TITLE);
        let subtitle = canvas.shorten(self.subtitle, room, SUBTITLE);
        let baseline = baseline + SUBTITLE.size * 1.5;
        canvas.text(&subtitle, (area.x, baseline), Align::Left, SUBTITLE);
        axes
    }

    fn lay_out(&self, canvas: &Canvas) -> (Axes, Vec<Tick>) {
        let top = self.cell.y + PAD + TITLE.size + SUBTITLE.size * 1.5 + 18.0;
        let below = TICK_GAP + TICK.size + 12.0 + AXIS_TITLE.size + PAD;
        let height = self.cell.bottom() - below - top;
        let y_ticks = self
            .y_ticks
            .clone()
            .unwrap_or_else(|| self.y.ticks(MOST_TICKS, |_| true));
        let widest = y_ticks
            .iter()
            .map(|tick| canvas.text_width(&tick.label, TICK))
            .fold(0.0, f64::max);
        let mut left = self.cell.x + PAD + AXIS_TITLE.size + 14.0 + widest + TICK_GAP;
        let mut width = self.cell.right() - PAD - 24.0 - left;
        if self.square {
            let spare = (width - height).max(0.0);
            left += spare / 2.0;
            width -= spare;
        }
        let axes = Axes {
            area: Rect::new(left.round(), top.round(), width.round(), height.round()),
            x: self.x,
            y: self.y,
        };
        (axes, y_ticks)
    }

    fn draw_x(&self, canvas: &mut Canvas, axes: &Axes) {
        let area = axes.area;
        let ticks = self.x.ticks(MOST_TICKS, |ticks| {
            // Each label's left and right end.
            let ends: Vec<_> = ticks
                .iter()
                .map(|tick| {
                    let half = canvas.text_width(&tick.label, TICK) / 2.0;
                    (axes.x(tick.value) - half, axes.x(tick.value) + half)
                })
                .collect();
            ends.windows(2)
                .all(|pair| pair[1].0 - pair[0].1 > TICK.size)
                && ends.iter().all(|end| end.1 < self.cell.right())
        });
        let baseline = area.bottom() + TICK_GAP + TICK.size * 0.8;
        for tick in ticks {
            let x = axes.x(tick.value);
            canvas.line((x, area.y), (x, area.bottom()), 2.0, GRID);
            canvas.line((x, area.bottom()), (x, area.bottom() + 6.0), 2.0, FRAME);
            canvas.text(&tick.label, (x, baseline), Align::Middle, TICK);
        }
        let middle = area.x + area.width / 2.0;
        let baseline = self.cell.bottom() - PAD - AXIS_TITLE.size * 0.25;
        canvas.text(self.x_title, (middle, baseline), Align::Middle, AXIS_TITLE);
    }

    fn draw_y(&self, canvas: &mut Canvas, axes: &Axes, ticks: &[Tick]) {
        let area = axes.area;
        let mut widest: f64 = 0.0;
        for tick in ticks {
            let y = axes.y(tick.value);
            canvas.line((area.x, y), (area.right(), y), 2.0, GRID);
            canvas.line((area.x - 6.0, y), (area.x, y), 2.0, FRAME);
            let at = (area.x - TICK_GAP, y + TICK.size * 0.36);
            canvas.text(&tick.label, at, Align::Right, TICK);
            widest = widest.max(canvas.text_width(&tick.label, TICK));
        }
        let baseline = area.x - TICK_GAP - widest - 14.0;
        let middle = area.y + area.height / 2.0;
        canvas.text_upwards(self.y_title, (baseline, middle), AXIS_TITLE);
    }
}
