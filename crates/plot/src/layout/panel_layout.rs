//! Where the parts of a panel lie.

use super::{
    axes::Axes,
    panel::{PAD, Panel, TICK_GAP, Ticks},
    style::{AXIS, PANEL, SUBTITLE, TICK},
    tick::Tick,
};
use crate::draw::{canvas::Canvas, geometry::Rect};

const MOST_TICKS: usize = 7;
/// What a label that stands upright may take up.
const UPRIGHT_ROOM: f64 = 190.0;
const SLOT: f64 = 46.0;

/// The places and ticks of a panel.
pub(super) struct Layout {
    pub(super) axes: Axes,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_ticks: Vec<Tick>,
    /// Whether the labels of the x axis stand upright.
    pub(super) upright: bool,
}

impl Panel<'_> {
    pub(super) fn lay_out(&self, canvas: &Canvas) -> Layout {
        let mut top = self.cell.y + PAD;
        for (text, height) in [
            (self.title, PANEL.size),
            (self.subtitle, SUBTITLE.size * 1.5),
        ] {
            top += if text.is_empty() { 0.0 } else { height };
        }
        top += if self.title.is_empty() { 4.0 } else { 16.0 };
        let title = |title: &str, gap: f64| match title {
            "" => 0.0,
            _ => AXIS.size + gap,
        };
        let below = PAD + title(self.x.title, 12.0) + TICK_GAP;
        let bottom = |labels: f64| self.cell.bottom() - below - labels;
        let slot = if self.slot.is_some() { SLOT } else { 0.0 };

        let y_ticks = self.y_ticks(bottom(TICK.size) - top - slot);
        let labels = y_ticks.iter().map(|tick| tick.label.as_str());
        let widest = labels
            .chain(self.slot)
            .map(|label| canvas.text_width(label, TICK))
            .fold(0.0, f64::max);
        let mut left = self.cell.x + PAD + title(self.y.title, 14.0) + widest + TICK_GAP;
        let mut width = self.cell.right() - PAD - 24.0 - self.right - left;
        if self.square {
            let spare = (width - (bottom(TICK.size) - top)).max(0.0);
            left += spare / 2.0;
            width -= spare;
        }
        let (x_ticks, upright) = self.x_ticks(canvas, left, width);
        let labels = if upright {
            let labels = x_ticks.iter();
            let widths = labels.map(|tick| canvas.text_width(&tick.label, TICK));
            widths.fold(TICK.size, f64::max)
        } else {
            TICK.size
        };
        let (top, bottom) = (top.round(), bottom(labels).round());
        let area = Rect::new(left.round(), top, width.round(), bottom - top);
        let axes = Axes {
            area,
            slot: Rect::new(area.x, bottom - slot, area.width, slot),
            x: self.x.scale,
            y: self.y.scale,
        };
        Layout {
            axes,
            x_ticks,
            y_ticks,
            upright,
        }
    }

    /// The ticks of the y axis, which is so high.
    fn y_ticks(&self, height: f64) -> Vec<Tick> {
        let fit = |ticks: &[Tick]| {
            let place = |tick: &Tick| self.y.scale.place(tick.value) * height;
            let apart = |pair: &[Tick]| place(&pair[1]) - place(&pair[0]) > TICK.size * 1.4;
            ticks.windows(2).all(apart)
        };
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
    fn x_ticks(&self, canvas: &Canvas, left: f64, width: f64) -> (Vec<Tick>, bool) {
        let scale = self.x.scale;
        let fit = |ticks: &[Tick]| {
            // Each label's left and right end.
            let ends: Vec<_> = ticks
                .iter()
                .map(|tick| {
                    let x = left + scale.place(tick.value) * width;
                    let half = canvas.text_width(&tick.label, TICK) / 2.0;
                    (x - half, x + half)
                })
                .collect();
            ends.windows(2).all(|pair| pair[1].0 - pair[0].1 > 8.0)
                && ends
                    .iter()
                    .all(|end| end.0 > self.cell.x && end.1 < self.cell.right())
        };
        match &self.x.ticks {
            Ticks::Names(names) if fit(names) => (names.clone(), false),
            Ticks::Names(names) => {
                let apart = width / scale.span().length().max(1.0);
                let every = (TICK.size * 1.2 / apart).ceil().max(1.0) as usize;
                let short = |tick: &Tick| {
                    Tick::new(tick.value, canvas.shorten(&tick.label, UPRIGHT_ROOM, TICK))
                };
                (names.iter().step_by(every).map(short).collect(), true)
            }
            Ticks::Choices(choices) => {
                let choice = choices.iter().find(|ticks| fit(ticks)).cloned();
                let round = || scale.ticks(MOST_TICKS, fit);
                (choice.unwrap_or_else(round), false)
            }
            Ticks::Round => (scale.ticks(MOST_TICKS, fit), false),
        }
    }
}
