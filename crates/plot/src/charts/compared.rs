//! One row of a comparison.

use crate::{
    Interval,
    draw::{
        canvas::Canvas,
        colour::{BLUE, INK},
        text::Align,
    },
    layout::{axes::Axes, mark::Mark, rows, span::drawable, style::NOTE},
    number::{printed, with_interval},
};

/// To the right of the panel.
pub(super) const VALUE_ROOM: f64 = 320.0;

/// One backbone or finalist.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// Over the seeds; none if all trainings failed.
    pub mean: Option<f64>,
    /// The mean's confidence interval.
    pub interval: Option<Interval>,
    /// The score of each seed.
    pub seeds: Vec<f64>,
    /// Whether it cannot be told from the best.
    pub tied: bool,
}

/// All that is to have a place on the axis.
pub(super) fn values(row: &Compared) -> Vec<f64> {
    let interval = row.interval.and_then(Interval::drawable);
    let ends = interval.into_iter().flat_map(|(low, high)| [low, high]);
    ends.chain(row.mean)
        .chain(row.seeds.iter().copied())
        .collect()
}

/// Draws what a row shows within the frame and beside it.
pub(super) fn draw_row(canvas: &mut Canvas, axes: &Axes, index: usize, row: &Compared) {
    let (y, area) = (rows::y(axes, index), axes.area);
    for seed in row.seeds.iter().filter_map(|seed| drawable(*seed)) {
        canvas.disc((axes.x(seed), y), 6.0, INK.fade(0.35));
    }
    let interval = row.interval.and_then(Interval::drawable);
    if let Some((low, high)) = interval {
        rows::interval(canvas, (axes.x(low), axes.x(high)), y, BLUE);
    }
    let mean = row.mean.and_then(drawable);
    if let Some(mean) = mean {
        Mark::Disc.draw_rimmed(canvas, (axes.x(mean), y), 9.0, BLUE);
    }
    let text = match (mean, interval) {
        (None, _) => "no score".to_owned(),
        (Some(mean), None) => printed(mean),
        (Some(mean), Some(interval)) => with_interval(mean, interval),
    };
    let text = canvas.shorten(&text, VALUE_ROOM - 16.0, NOTE);
    let at = (area.right() + 14.0, y + NOTE.drop());
    canvas.text(&text, at, Align::Left, NOTE);
}
