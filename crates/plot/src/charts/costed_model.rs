//! Models, each with what it costs.

use super::pareto::steps;
use crate::{
    Interval,
    draw::{
        canvas::Canvas,
        colour::{BLUE, FRAME},
        geometry::{Point, Rect},
        text::Align,
    },
    layout::{
        axes::Axes,
        key::whisker,
        mark::Mark,
        place::{Wanted, leader, place},
        span::drawable,
        style::NOTE,
    },
};

const RADIUS: f64 = 9.0;

/// One model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CostedModel {
    /// Its name.
    pub name: String,
    /// Above 0, or it is left out.
    pub cost: f64,
    /// NaN leaves the model out.
    pub score: f64,
    /// The score's confidence interval.
    pub interval: Option<Interval>,
}

/// A model that can be drawn.
pub(super) struct Model<'a> {
    pub(super) name: &'a str,
    pub(super) cost: f64,
    pub(super) score: f64,
    pub(super) interval: Option<(f64, f64)>,
}

/// None for a model without a cost above 0 or a score.
pub(super) fn model(model: &CostedModel) -> Option<Model<'_>> {
    Some(Model {
        name: &model.name,
        cost: drawable(model.cost).filter(|cost| *cost > 0.0)?,
        score: drawable(model.score)?,
        interval: model.interval.and_then(Interval::drawable),
    })
}

/// Draws all within the frame; returns how many names find no room.
pub(super) fn draw_models(
    canvas: &mut Canvas,
    axes: &Axes,
    models: &[Model],
    names: &[String],
    front: &[usize],
) -> usize {
    let at: Vec<Point> = models
        .iter()
        .map(|model| axes.at(model.cost, model.score))
        .collect();
    let corners = steps(front.iter().map(|index| at[*index]), axes.area);
    let mut solid = Vec::new();
    for (model, point) in models.iter().zip(&at) {
        if let Some((low, high)) = model.interval {
            let (top, bottom) = (axes.y(high), axes.y(low));
            whisker(canvas, point.0, (top, bottom), FRAME);
            solid.push(Rect::new(point.0 - 7.0, top, 14.0, bottom - top));
        }
    }
    let lines: Vec<Rect> = corners
        .windows(2)
        .map(|pair| between(pair[0], pair[1]))
        .collect();
    canvas.path(corners, 3.0, BLUE);
    let wanted: Vec<Wanted> = at
        .iter()
        .zip(names)
        .map(|(at, name)| Wanted {
            at: *at,
            // A little wider, as another font may be.
            size: (1.04 * canvas.text_width(name, NOTE), NOTE.size),
            radius: RADIUS + 2.0,
        })
        .collect();
    let places = place(&wanted, axes.area.grow(-4.0), &solid, &lines);
    let placed = || places.iter().zip(&wanted).zip(names);
    let placed = || placed().filter_map(|((place, wanted), name)| Some(((*place)?, wanted, name)));
    for (place, wanted, _) in placed() {
        if let Some(end) = leader(place, wanted) {
            canvas.line(wanted.at, end, 2.0, FRAME);
        }
    }
    for (index, point) in at.iter().enumerate() {
        let member = front.contains(&index);
        let mark = if member { Mark::Disc } else { Mark::Ring };
        mark.draw_rimmed(canvas, *point, RADIUS, BLUE);
    }
    for (place, _, name) in placed() {
        let baseline = (place.x, place.y + 0.78 * NOTE.size);
        canvas.text(name, baseline, Align::Left, NOTE);
    }
    places.iter().filter(|place| place.is_none()).count()
}

fn between(from: Point, to: Point) -> Rect {
    let (left, top) = (from.0.min(to.0), from.1.min(to.1));
    let size = ((from.0 - to.0).abs(), (from.1 - to.1).abs());
    Rect::new(left, top, size.0, size.1).grow(2.0)
}
