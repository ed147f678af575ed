//! Where the parts of a panel lie.

use super::{
    Axes, Panel, Tick, Ticks,
    panel::{PAD, TICK_GAP},
    style::{AXIS, PANEL, SUBTITLE, TICK},
    tick::thinned,
};
use crate::draw::{Canvas, Rect};

const MOST_TICKS: usize = 7;
/// What a label that stands upright may take up.
const UPRIGHT_ROOM: f64 = 190.0;
const SLOT: f64 = 46.0;

/// The places and ticks of a panel.
pub(super) struct Layout {
    pub(super) axes: Axes,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_ticks: Vec<Tick>,
    /// The width of the y axis's labels.
    pub(super) y_labels: f64,
    /// Whether the labels of the x axis stand upright.
    pub(super) upright: bool,
}

/// What a text takes up that may be missing.
fn room(text: &str, room: f64) -> f64 {
    if text.is_empty() { 0.0 } else { room }
}

fn widest<'a>(canvas: &Canvas, labels: impl Iterator<Item = &'a str>) -> f64 {
    let widths = labels.map(|label| canvas.text_width(label, TICK));
    widths.fold(0.0, f64::max)
}

impl Panel {
    pub(super) fn lay_out(&self, canvas: &Canvas, cell: Rect) -> Layout {
        let title = room(&self.title, PANEL.size + 12.0) + 4.0;
        let top = cell.y + PAD + title + room(&self.subtitle, SUBTITLE.size * 1.5);
        let below = PAD + room(&self.x.title, AXIS.size + 12.0) + TICK_GAP;
        let bottom = |labels: f64| cell.bottom() - below - labels;
        let slot = if self.slot.is_some() { SLOT } else { 0.0 };

        let y_ticks = self.y_ticks(bottom(TICK.size) - top - slot);
        let labels = y_ticks.iter().map(|tick| tick.label.as_str());
        let y_labels = widest(canvas, labels.chain(self.slot));
        let mut left = cell.x + PAD + room(&self.y.title, AXIS.size + 14.0) + y_labels + TICK_GAP;
        let mut width = cell.right() - PAD - 24.0 - self.right - left;
        if self.square {
            let spare = (width - (bottom(TICK.size) - top)).max(0.0);
            left += spare / 2.0;
            width -= spare;
        }
        let (x_ticks, upright) = self.x_ticks(canvas, cell, (left, width));
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

    /// The ticks of the y axis, which is so high.
    fn y_ticks(&self, height: f64) -> Vec<Tick> {
        let place = |tick: &Tick| self.y.scale.place(tick.value) * height;
        let apart = |pair: &[Tick]| place(&pair[1]) - place(&pair[0]) > TICK.size * 1.4;
        let fit = |ticks: &[Tick]| ticks.windows(2).all(apart);
        match &self.y.ticks {
            Ticks::Names(ticks) => ticks.clone(),
            Ticks::Choices(choices) => {
                let choice = choices.iter().find(|ticks| fit(ticks));
                choice.or(choices.last()).cloned().unwrap_or_default()
            }
            Ticks::Round => self.y.scale.ticks(MOST_TICKS, fit),
        }
    }

    /// The ticks of the x axis, and whether their labels stand upright: names
    /// that are too long to stand side by side.
    fn x_ticks(&self, canvas: &Canvas, cell: Rect, (left, width): (f64, f64)) -> (Vec<Tick>, bool) {
        let scale = self.x.scale;
        // A label's left and right end.
        let ends = |tick: &Tick| {
            let x = left + scale.place(tick.value) * width;
            let half = canvas.text_width(&tick.label, TICK) / 2.0;
            (x - half, x + half)
        };
        let fit = |ticks: &[Tick]| {
            let ends: Vec<_> = ticks.iter().map(ends).collect();
            let inside = |end: &(f64, f64)| end.0 > cell.x && end.1 < cell.right();
            ends.windows(2).all(|pair| pair[1].0 - pair[0].1 > 8.0) && ends.iter().all(inside)
        };
        let ticks = match &self.x.ticks {
            Ticks::Names(names) if !fit(names) => {
                let names = thinned(names, width / scale.span().length().max(1.0));
                let short = |label: &str| canvas.shorten(label, UPRIGHT_ROOM, TICK);
                let short = |tick: &Tick| Tick::new(tick.value, short(&tick.label));
                return (names.map(short).collect(), true);
            }
            Ticks::Names(names) => Some(names.clone()),
            Ticks::Choices(choices) => choices.iter().find(|ticks| fit(ticks)).cloned(),
            Ticks::Round => None,
        };
        (ticks.unwrap_or_else(|| scale.ticks(MOST_TICKS, fit)), false)
    }
}
