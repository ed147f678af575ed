//! One axis of a panel, and which of its values have labels.

use super::{Scale, Span, Tick, Ticks, style::TICK, tick::thinned};
use crate::draw::{Canvas, Rect};

const MOST_TICKS: usize = 7;
/// What a label that stands upright may take up.
const UPRIGHT_ROOM: f64 = 190.0;
/// What a name beside a row may take up.
const NAME_ROOM: f64 = 430.0;

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

    pub(super) fn has_grid(&self) -> bool {
        !matches!(self.ticks, Ticks::Names(_))
    }

    /// The ticks of a y axis that is so high.
    pub(super) fn y_ticks(&self, canvas: &Canvas, height: f64) -> Vec<Tick> {
        let place = |tick: &Tick| self.scale.place(tick.value) * height;
        let apart = |pair: &[Tick]| place(&pair[1]) - place(&pair[0]) > TICK.size * 1.4;
        let fit = |ticks: &[Tick]| ticks.windows(2).all(apart);
        match &self.ticks {
            Ticks::Names(names) => shortened(canvas, names.iter(), NAME_ROOM),
            Ticks::Choices(choices) => {
                let choice = choices.iter().find(|ticks| fit(ticks));
                choice.or(choices.last()).cloned().unwrap_or_default()
            }
            Ticks::Round => self.scale.ticks(MOST_TICKS, fit),
        }
    }

    /// The ticks of an x axis from the column `left` on, and whether their labels
    /// stand upright: names that are too long to stand side by side.
    pub(super) fn x_ticks(
        &self,
        canvas: &Canvas,
        cell: Rect,
        (left, width): (f64, f64),
    ) -> (Vec<Tick>, bool) {
        let scale = self.scale;
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
        let ticks = match &self.ticks {
            Ticks::Names(names) if !fit(names) => {
                let names = thinned(names, width / scale.span().length().max(1.0));
                return (shortened(canvas, names, UPRIGHT_ROOM), true);
            }
            Ticks::Names(names) => Some(names.clone()),
            Ticks::Choices(choices) => choices.iter().find(|ticks| fit(ticks)).cloned(),
            Ticks::Round => None,
        };
        (ticks.unwrap_or_else(|| scale.ticks(MOST_TICKS, fit)), false)
    }
}

/// `names` in so much room.
fn shortened<'a>(canvas: &Canvas, names: impl Iterator<Item = &'a Tick>, room: f64) -> Vec<Tick> {
    names
        .map(|name| Tick::new(name.value, canvas.shorten(&name.label, room, TICK)))
        .collect()
}
