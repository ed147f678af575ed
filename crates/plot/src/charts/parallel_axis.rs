//! The axes of parallel coordinates.

use crate::{
    dimension::Placed,
    draw::{
        Align, Canvas, Point, Rect, Style,
        colour::{FRAME, MUTED},
        ramp::quality,
    },
    layout::{
        ScoreAxis, Tick, Ticks,
        style::{INSIDE, MARGIN, TICK},
        tick::thinned,
    },
};

/// What the names above the axes take up, in two rows.
pub(super) const TOP: f64 = 92.0;
/// From the top of an axis to its foot.
pub(super) const HEIGHT: f64 = 540.0;
/// From the lowest value of an axis to its place for values that are not set.
const UNSET: f64 = 52.0;
const NAME: Style = Style::bold(20.0, MUTED);
const BAR: f64 = 18.0;
/// To the left of the first axis, and to the right of the last.
const ENDS: (f64, f64) = (34.0, 120.0);

/// Where an axis lies among the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) top: f64,
    /// From this axis to the next.
    step: f64,
    /// Whether the name stands in the upper row, since neighbours' names would
    /// touch.
    raised: bool,
}

impl Place {
    /// The axis with this index, the last of which is `last`.
    pub(super) fn new(index: usize, last: usize, top: f64) -> Self {
        let step = (INSIDE - ENDS.0 - ENDS.1) / last.max(1) as f64;
        Self {
            x: (MARGIN + ENDS.0 + index as f64 * step).round(),
            top,
            step,
            raised: index % 2 == 1,
        }
    }

    fn foot(&self) -> f64 {
        self.top + HEIGHT
    }

    /// Draws a name above the axis. It may reach to the neighbours, whose names
    /// stand in the other row.
    fn draw_name(&self, canvas: &mut Canvas, text: &str) {
        let left = (self.x - self.step + 8.0).max(8.0);
        let right = (self.x + self.step - 8.0).min(MARGIN + INSIDE);
        let text = canvas.shorten(text, right - left, NAME);
        let half = canvas.text_width(&text, NAME) / 2.0;
        // Not quite in the middle where the page ends.
        let x = self.x.max(left + half).min(right - half);
        let y = self.top - if self.raised { 54.0 } else { 20.0 };
        canvas.text(&text, (x, y), Align::Middle, NAME);
    }
}

/// One dimension's axis.
pub(super) struct Column<'a> {
    pub(super) dimension: Placed<'a>,
    pub(super) place: Place,
    /// Whether there is a place for values that are not set.
    pub(super) unset: bool,
}

impl Column<'_> {
    /// Where the line of a trial meets the axis. Those of one category, or
    /// without a value, are spread by `jitter` in [−0.5, 0.5]: else they would
    /// be one line.
    pub(super) fn at(&self, trial: usize, jitter: f64) -> Point {
        let y = match self.dimension.value(trial) {
            None => self.place.foot() + jitter * 16.0,
            Some(value) if self.dimension.is_categorical() => {
                let room = self.length() / self.dimension.scale.span().length();
                self.y(value) + jitter * (0.4 * room).min(60.0)
            }
            Some(value) => self.y(value),
        };
        (self.place.x, y)
    }

    /// From the highest to the lowest value.
    fn length(&self) -> f64 {
        HEIGHT - if self.unset { UNSET } else { 0.0 }
    }

    fn y(&self, value: f64) -> f64 {
        self.place.top + self.length() * (1.0 - self.dimension.scale.place(value))
    }

    pub(super) fn draw_line(&self, canvas: &mut Canvas) {
        let (x, top, foot) = (self.place.x, self.place.top, self.place.foot());
        canvas.line((x, top), (x, top + self.length()), 3.0, FRAME);
        if self.unset {
            canvas.line((x - 8.0, foot), (x + 8.0, foot), 3.0, FRAME);
        }
    }

    /// The name and the values, each with room for texts up to the next axis.
    pub(super) fn draw_texts(&self, canvas: &mut Canvas) {
        self.place.draw_name(canvas, self.dimension.name);
        let (x, room) = (self.place.x, self.place.step - 30.0);
        let label = |canvas: &mut Canvas, text: &str, y: f64| {
            let text = canvas.shorten(text, room, TICK);
            let at = (x + 12.0, y + TICK.drop());
            canvas.text_on_paper(&text, at, Align::Left, TICK);
        };
        for tick in self.ticks(canvas, room) {
            let y = self.y(tick.value);
            canvas.line((x - 5.0, y), (x + 5.0, y), 2.0, FRAME);
            label(canvas, &tick.label, y);
        }
        if self.unset {
            label(canvas, "not set", self.place.foot());
        }
    }

    /// The ticks of the axis, whose labels have this `room`.
    fn ticks(&self, canvas: &Canvas, room: f64) -> Vec<Tick> {
        let apart = |ticks: &[Tick]| apart(ticks, |tick| self.y(tick.value));
        // What is cut short may look like another number.
        let whole = |tick: &Tick| canvas.text_width(&tick.label, TICK) <= room;
        let fit = |ticks: &[Tick]| apart(ticks) && ticks.iter().all(whole);
        let round = || self.dimension.scale.ticks(6, fit);
        let choice = match &self.dimension.ticks {
            Ticks::Names(names) => {
                let names = thinned(names, self.length() / names.len().max(1) as f64);
                return names.cloned().collect();
            }
            Ticks::Choices(choices) => choices.iter().find(|ticks| fit(ticks)).cloned(),
            Ticks::Round => None,
        };
        choice
            .or_else(|| Some(round()).filter(|ticks| ticks.len() > 1 && fit(ticks)))
            .unwrap_or_else(|| self.dimension.scale.ticks(6, apart))
    }
}

/// Whether the labels of ticks do not touch.
fn apart(ticks: &[Tick], y: impl Fn(&Tick) -> f64) -> bool {
    let mut pairs = ticks.windows(2);
    pairs.all(|pair| (y(&pair[0]) - y(&pair[1])).abs() > TICK.size * 1.3)
}

/// The axis of scores: a bar in the colours of the lines.
pub(super) fn draw_scores(canvas: &mut Canvas, scores: &ScoreAxis, title: &str, place: Place) {
    let (x, top, scale) = (place.x, place.top, scores.scale);
    let steps = 135;
    // Whether the upper end of the axis is the better one.
    let upwards = scores.quality(scale.span().high) > 0.5;
    for index in 0..steps {
        let above = f64::from(index) * HEIGHT / f64::from(steps);
        let share = 1.0 - (f64::from(index) + 0.5) / f64::from(steps);
        // To the foot, below the next, so that no paper shows between two.
        let slice = Rect::new(x, top + above, BAR, HEIGHT - above);
        canvas.fill(slice, quality(if upwards { share } else { 1.0 - share }));
    }
    canvas.frame(Rect::new(x, top, BAR, HEIGHT), 2.0, FRAME);
    let y = |tick: &Tick| top + HEIGHT * (1.0 - scale.place(tick.value));
    for tick in scale.ticks(6, |ticks| apart(ticks, y)) {
        let at = (x + BAR + 8.0, y(&tick) + TICK.drop());
        canvas.line((x + BAR, y(&tick)), (x + BAR + 5.0, y(&tick)), 2.0, FRAME);
        canvas.text_within(&tick.label, ENDS.1 - BAR + 8.0, at, Align::Left, TICK);
    }
    place.draw_name(canvas, title);
}
