//! What accuracy costs.

use super::pareto::pareto_front;
use crate::{
    Figure, Interval, Objective, PlotError,
    draw::{
        Align, Canvas, Point, Rect,
        colour::{BLUE, FRAME},
    },
    layout::{
        Axes, Axis, Heading, Key, Mark, Panel, Scale, Span, drawable,
        place::{Wanted, leader, place},
        steps::steps,
        style::NOTE,
        whisker,
    },
};

/// What [`accuracy_and_cost`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AccuracyAndCost {
    /// What the models are compared by.
    pub objective: Objective,
    /// The cost, with its unit: "multiply-adds (millions)", "ms/image".
    pub cost: String,
    /// In any order.
    pub models: Vec<CostedModel>,
}

/// One model, a dot by its score over its cost.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CostedModel {
    /// Its name, set beside the dot.
    pub name: String,
    /// Above 0, or it is left out.
    pub cost: f64,
    /// NaN leaves the model out.
    pub score: f64,
    /// The score's confidence interval.
    pub interval: Option<Interval>,
}

/// What a name may take up.
const NAME_ROOM: f64 = 330.0;
const RADIUS: f64 = 9.0;

/// The score of each model over its cost, the latter on a logarithmic scale.
/// Models than which none is both cheaper and better are filled and joined by
/// steps: the Pareto front.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn accuracy_and_cost(input: &AccuracyAndCost) -> Result<Figure, PlotError> {
    let title = "Accuracy and cost";
    let models: Vec<Model> = input.models.iter().filter_map(Model::of).collect();
    let costs = Span::of(models.iter().map(|model| model.at.0));
    let scores = Span::of(models.iter().flat_map(|model| {
        let (low, high) = model.interval.unwrap_or((model.at.1, model.at.1));
        [low, high, model.at.1]
    }));
    let (Some(costs), Some(scores)) = (costs, scores) else {
        return Heading::new(title).nothing("no model has a score and a cost");
    };
    let points: Vec<Point> = models.iter().map(|model| model.at).collect();
    let front = pareto_front(&points, input.objective.better);
    let scores = Scale::over(scores, input.objective.log).widen(0.08);
    let draw = |nameless: usize| -> Result<(Figure, usize), PlotError> {
        let left_out = input.models.len() - models.len();
        let intervals = models.iter().any(|model| model.interval.is_some());
        let others = front.len() < models.len();
        let on_front = "Pareto front: none is both cheaper and better";
        let heading = Heading::new(title)
            .fact(input.objective.direction())
            .counted(left_out, "model", "without score or cost left out")
            .counted(nameless, "name", "without room left out")
            .key(Key::MarkedLine(Mark::Disc, BLUE), on_front)
            .key_if(others, Key::Mark(Mark::Ring, BLUE), "others")
            .key_if(intervals, Key::Whisker(FRAME), "interval");
        let panel = Panel::new(
            Axis::new(Scale::over(costs, true).widen(0.1), &input.cost),
            Axis::new(scores, &input.objective.name),
        );
        let mut found_no_room = 0;
        let figure = heading.panel(760.0, panel, |canvas, axes| {
            found_no_room = draw_models(canvas, axes, &models, &front);
        })?;
        Ok((figure, found_no_room))
    };
    match draw(0)? {
        (figure, 0) => Ok(figure),
        // How many names find no room is a fact that stands in the figure.
        (_, nameless) => Ok(draw(nameless)?.0),
    }
}

/// A model that can be drawn.
struct Model<'a> {
    name: &'a str,
    /// Cost and score.
    at: Point,
    interval: Option<(f64, f64)>,
}

impl<'a> Model<'a> {
    /// None for a model without a cost above 0 or a score.
    fn of(model: &'a CostedModel) -> Option<Self> {
        let cost = drawable(model.cost).filter(|cost| *cost > 0.0)?;
        Some(Self {
            name: &model.name,
            at: (cost, drawable(model.score)?),
            interval: model.interval.and_then(Interval::drawable),
        })
    }
}

/// Draws all within the frame; returns how many names find no room.
fn draw_models(canvas: &mut Canvas, axes: &Axes, models: &[Model], front: &[usize]) -> usize {
    let at = |model: &Model| axes.at(model.at.0, model.at.1);
    let mut solid = Vec::new();
    for model in models {
        if let Some((low, high)) = model.interval {
            let (x, top, bottom) = (at(model).0, axes.y(high), axes.y(low));
            whisker(canvas, (x, top), (x, bottom), FRAME);
            solid.push(Rect::new(x - 7.0, top, 14.0, bottom - top));
        }
    }
    let members = front.iter().map(|index| at(&models[*index]));
    let corners = steps(members, axes.area.right());
    let line = |ends: &[Point]| Rect::between(ends[0], ends[1]).grow(2.0);
    let lines: Vec<Rect> = corners.windows(2).map(line).collect();
    canvas.path(corners, 3.0, BLUE);
    let shorten = |model: &Model| canvas.shorten(model.name, NAME_ROOM, NOTE);
    let names: Vec<String> = models.iter().map(shorten).collect();
    let wanted = models.iter().zip(&names).map(|(model, name)| Wanted {
        at: at(model),
        // A little wider, as another font may be.
        size: (1.04 * canvas.text_width(name, NOTE), NOTE.size),
        radius: RADIUS + 2.0,
    });
    let wanted: Vec<Wanted> = wanted.collect();
    let places = place(&wanted, axes.area.grow(-4.0), &solid, &lines);
    for (place, wanted) in places.iter().zip(&wanted) {
        if let Some(end) = place.and_then(|place| leader(place, wanted)) {
            canvas.line(wanted.at, end, 2.0, FRAME);
        }
    }
    for (index, model) in models.iter().enumerate() {
        let member = front.contains(&index);
        let mark = if member { Mark::Disc } else { Mark::Ring };
        mark.draw_rimmed(canvas, at(model), RADIUS, BLUE);
    }
    for (place, name) in places.iter().zip(&names) {
        if let Some(place) = place {
            let baseline = (place.x, place.y + 0.78 * NOTE.size);
            canvas.text(name, baseline, Align::Left, NOTE);
        }
    }
    places.iter().filter(|place| place.is_none()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Better, testing::*};

    fn input(models: &[(f64, f64)]) -> AccuracyAndCost {
        let model = |(index, (cost, score)): (usize, &(f64, f64))| CostedModel {
            name: format!("{} {index}", backbones()[index % 5]),
            cost: *cost,
            score: *score,
            interval: interval(score * 0.9, score * 1.1).filter(|_| index % 3 == 0),
        };
        AccuracyAndCost {
            objective: Objective {
                better: Better::Higher,
                ..objective("test R²")
            },
            cost: "ms/image".to_owned(),
            models: models.iter().enumerate().map(model).collect(),
        }
    }

    #[test]
    fn names_in_a_crowd_stand_apart_and_each_is_there() {
        let crowd = (0..12).map(f64::from);
        let crowd = crowd.map(|n| (10.0 + 0.2 * n, 0.9 + 0.001 * n));
        let crowd: Vec<_> = crowd.chain([(100.0, 0.95), (1.0, 0.6)]).collect();
        let figure = assert_legible(accuracy_and_cost(&input(&crowd)));
        let texts = texts(&figure);
        for index in 0..14 {
            let end = format!(" {index}");
            assert!(texts.iter().any(|text| text.ends_with(&end)), "{end}");
        }
    }

    #[test]
    fn what_finds_no_room_or_has_no_place_is_counted() {
        let figure = assert_legible(accuracy_and_cost(&input(&[(10.0, 0.9); 150])));
        assert_says(&figure, "without room left out");
        let models = [(0.0, 0.9), (10.0, f64::NAN), (-3.0, 0.9), (5.0, 0.8)];
        let figure = assert_legible(accuracy_and_cost(&input(&models)));
        assert_says(&figure, "3 models without score or cost");
    }

    #[test]
    fn models_of_any_kind_are_legible() {
        let nasty: Vec<_> = NASTY.iter().map(|score| (score.abs(), *score)).collect();
        let mut input = input(&nasty);
        for model in &mut input.models {
            model.name = format!("<b>&\"{LONG}");
        }
        assert_legible(accuracy_and_cost(&input));
        input.models.truncate(1);
        assert_legible(accuracy_and_cost(&input));
    }

    #[test]
    fn without_models_there_is_nothing_to_show() {
        assert_nothing_to_show(accuracy_and_cost(&AccuracyAndCost::default()));
    }
}
