//! What accuracy costs.

use super::{
    costed_model::{CostedModel, Model, draw_models, model},
    pareto::front,
};
use crate::{
    Figure, Objective, PlotError,
    draw::{
        canvas::Canvas,
        colour::{BLUE, FRAME},
        geometry::Point,
    },
    layout::{
        heading::Heading,
        key::Key,
        mark::Mark,
        nothing::nothing,
        panel::{Axis, Panel},
        scale::Scale,
        sheet::{Grid, Sheet, counted_if_any},
        span::Span,
        style::NOTE,
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

/// What a name may take up.
const NAME_ROOM: f64 = 330.0;

/// The score of each model over its cost, the latter on a logarithmic scale.
/// Models than which none is both cheaper and better are filled and joined by
/// steps: the Pareto front.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn accuracy_and_cost(input: &AccuracyAndCost) -> Result<Figure, PlotError> {
    let title = "Accuracy and cost";
    let models: Vec<Model> = input.models.iter().filter_map(model).collect();
    let costs = Span::of(models.iter().map(|model| model.cost));
    let scores = Span::of(models.iter().flat_map(|model| {
        let (low, high) = model.interval.unwrap_or((model.score, model.score));
        [low, high, model.score]
    }));
    let (Some(costs), Some(scores)) = (costs, scores) else {
        return nothing(title, "no model has a score and a cost");
    };
    let points: Vec<Point> = models
        .iter()
        .map(|model| (model.cost, model.score))
        .collect();
    let front = front(&points, input.objective.better);
    let panel_axes = (
        Axis::new(Scale::over(costs, true).widen(0.1), input.cost.as_str()),
        Axis::new(
            Scale::over(scores, input.objective.log).widen(0.08),
            input.objective.name.as_str(),
        ),
    );
    let names: Vec<String> = {
        // Measured before the figure is made: how many names find no room is a
        // fact that stands in it.
        let canvas = Canvas::new(1.0, 1.0)?;
        models
            .iter()
            .map(|model| canvas.shorten(model.name, NAME_ROOM, NOTE))
            .collect()
    };
    let draw = |nameless: usize| {
        let heading = heading(input, &models, &front, nameless, title);
        let mut sheet = Sheet::new(1, Grid::new(1, 760.0), &heading)?;
        let (x, y) = panel_axes.clone();
        let axes = Panel::new(sheet.cells[0], x, y).draw(&mut sheet.canvas);
        let nameless = draw_models(&mut sheet.canvas, &axes, &models, &names, &front);
        Ok::<_, PlotError>((sheet.finish(), nameless))
    };
    let (figure, nameless) = draw(0)?;
    if nameless == 0 {
        return Ok(figure);
    }
    Ok(draw(nameless)?.0)
}

fn heading(
    input: &AccuracyAndCost,
    models: &[Model],
    front: &[usize],
    nameless: usize,
    title: &str,
) -> Heading {
    let mut facts = vec![input.objective.direction()];
    let left_out = input.models.len() - models.len();
    facts.push(counted_if_any(
        left_out,
        "model",
        "without score or cost left out",
    ));
    facts.push(counted_if_any(nameless, "name", "without room left out"));
    let mut legend = vec![(
        Key::MarkedLine(Mark::Disc, BLUE),
        "Pareto front: none is both cheaper and better".to_owned(),
    )];
    if front.len() < models.len() {
        legend.push((Key::Mark(Mark::Ring, BLUE), "others".to_owned()));
    }
    if models.iter().any(|model| model.interval.is_some()) {
        legend.push((Key::Whisker(FRAME), "interval".to_owned()));
    }
    Heading {
        title: title.to_owned(),
        facts,
        legend,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Better, Interval,
        testing::{LONG, NASTY, assert_legible, assert_nothing_to_show, backbones, texts},
    };

    fn input(models: &[(f64, f64)]) -> AccuracyAndCost {
        let model = |(index, (cost, score)): (usize, &(f64, f64))| CostedModel {
            name: format!("{} {index}", backbones()[index % 5]),
            cost: *cost,
            score: *score,
            interval: (index % 3 == 0).then(|| Interval {
                low: score * 0.9,
                high: score * 1.1,
            }),
        };
        AccuracyAndCost {
            objective: Objective {
                name: "test R²".to_owned(),
                better: Better::Higher,
                log: false,
            },
            cost: "ms/image".to_owned(),
            models: models.iter().enumerate().map(model).collect(),
        }
    }

    #[test]
    fn names_in_a_crowd_stand_apart_and_each_is_there() {
        let crowd: Vec<_> = (0..12)
            .map(|index| {
                (
                    10.0 + 0.2 * f64::from(index),
                    0.9 + 0.001 * f64::from(index),
                )
            })
            .chain([(100.0, 0.95), (1.0, 0.6)])
            .collect();
        let figure = accuracy_and_cost(&input(&crowd)).unwrap();
        assert_legible(&figure);
        let texts = texts(&figure);
        for index in 0..14 {
            let end = format!(" {index}");
            assert!(texts.iter().any(|text| text.ends_with(&end)), "{end}");
        }
    }

    #[test]
    fn what_finds_no_room_or_has_no_place_is_counted() {
        let figure = accuracy_and_cost(&input(&[(10.0, 0.9); 150])).unwrap();
        assert_legible(&figure);
        assert!(figure.description().contains("without room left out"));
        let models = [(0.0, 0.9), (10.0, f64::NAN), (-3.0, 0.9), (5.0, 0.8)];
        let figure = accuracy_and_cost(&input(&models)).unwrap();
        assert_legible(&figure);
        assert!(
            figure
                .description()
                .contains("3 models without score or cost")
        );
    }

    #[test]
    fn models_of_any_kind_are_legible() {
        let nasty: Vec<_> = NASTY.iter().map(|score| (score.abs(), *score)).collect();
        let mut input = input(&nasty);
        for model in &mut input.models {
            model.name = format!("<b>&\"{LONG}");
        }
        assert_legible(&accuracy_and_cost(&input).unwrap());
        input.models.truncate(1);
        assert_legible(&accuracy_and_cost(&input).unwrap());
    }

    #[test]
    fn without_models_there_is_nothing_to_show() {
        assert_nothing_to_show(accuracy_and_cost(&AccuracyAndCost::default()));
    }
}
