//! All searched dimensions side by side.

use super::parallel_axis::{Column, HEIGHT, Place, TOP, draw_scores};
use crate::{
    Figure, Objective, PlotError, Trials,
    dimension::{Placed, jitters},
    draw::{Point, colour::FRAME, ramp::quality},
    layout::{Heading, Key, first},
    number::counted,
};

/// The most dimensions.
const MOST_AXES: usize = 12;

/// An axis per dimension (at most 12) and a line per trial through its values,
/// coloured by the score, which the last axis shows: the better, the darker and
/// the further in front. Trials without a score are grey. A value that is not
/// set, as it depends on another dimension, lies in a place of its own below the
/// axis.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn parallel_coordinates(input: &Trials) -> Result<Figure, PlotError> {
    let heading = Heading::new("Searched dimensions and score");
    let axis = match input.score_axis() {
        Ok(axis) => axis,
        Err(why) => return heading.nothing(why),
    };
    let scores: Vec<Option<f64>> = input.scores().collect();
    let name = &input.objective.name;
    let unscored = scores.iter().filter(|score| score.is_none()).count();
    let mut sheet = heading
        .fact(counted(scores.len(), "trial"))
        .fact(input.objective.direction())
        .counted(unscored, "trial", "without a score")
        .fact(axis.note("trial"))
        .first_of(MOST_AXES, input.dimensions.len(), "dimensions")
        .key(Key::Ramp(quality), format!("worst to best {name}"))
        .key_if(unscored > 0, Key::Line(FRAME, 3.0), "no score")
        .sheet()?;
    let shown = first(MOST_AXES, &input.dimensions);
    let place = |index| Place::new(index, shown.len(), sheet.top() + TOP);
    let column = |(index, dimension)| {
        let dimension = Placed::of(dimension);
        Column {
            place: place(index),
            unset: dimension.unset(scores.len()) > 0,
            dimension,
        }
    };
    let columns: Vec<Column> = shown.iter().enumerate().map(column).collect();
    let bar = place(shown.len());
    let canvas = &mut sheet.canvas;
    for column in &columns {
        column.draw_line(canvas);
    }
    let trials = from_worst_to_best(&scores, &input.objective);
    for ((trial, score), jitter) in trials.into_iter().zip(jitters()) {
        let at = |column: &Column| column.at(trial, jitter);
        let mut points: Vec<Point> = columns.iter().map(at).collect();
        let Some(score) = score else {
            canvas.path(points, 2.0, FRAME.fade(0.5));
            continue;
        };
        let share = axis.quality(score);
        let y = bar.top + HEIGHT * (1.0 - axis.scale.clamped(score));
        points.push((bar.x, y));
        // Most trials of a good search are good: only the best stand out.
        let stress = share.powi(8);
        let colour = quality(share).fade(0.25 + 0.65 * stress);
        canvas.path(points, 2.0 + 2.0 * stress, colour);
    }
    draw_scores(canvas, &axis, name, bar);
    for column in &columns {
        column.draw_texts(canvas);
    }
    Ok(sheet.end_at(bar.top + HEIGHT + 20.0))
}

/// Trials in the order to draw them; those without a score first.
fn from_worst_to_best(scores: &[Option<f64>], objective: &Objective) -> Vec<(usize, Option<f64>)> {
    let mut trials: Vec<_> = scores.iter().copied().enumerate().collect();
    let value = |score: Option<f64>| score.unwrap_or(f64::NAN);
    trials.sort_by(|a, b| objective.order(value(b.1), value(a.1)));
    trials
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Better, Values, testing::*};

    #[test]
    fn every_number_of_dimensions_is_legible() {
        for count in [1, 2, 3, 5, 8, 12, 30] {
            assert_legible(parallel_coordinates(&trials(200, count)));
        }
        assert_legible(parallel_coordinates(&trials(1, 4)));
    }

    #[test]
    fn the_best_trial_is_drawn_last_and_those_without_a_score_first() {
        let figure = parallel_coordinates(&trials(50, 3)).unwrap();
        let colours = attributes(&figure, "polyline", "stroke");
        assert_eq!(colours.len(), 50);
        assert_eq!(colours[0], FRAME.hex());
        // Nearly violet.
        assert!(colours[49].starts_with("#450"), "{}", colours[49]);
    }

    #[test]
    fn a_value_that_is_not_set_has_a_place_of_its_own() {
        let mut input = trials(6, 1);
        input.dimensions[0].values = Values::Numbers {
            log: true,
            values: vec![Some(0.1), None, Some(0.2), None, Some(0.9), Some(1e-3)],
        };
        let figure = assert_legible(parallel_coordinates(&input));
        assert!(texts(&figure).contains(&"not set"));
    }

    #[test]
    fn labels_of_a_few_numbers_are_never_cut_short() {
        for axes in [1, 5, 8, 12] {
            let mut input = trials(30, axes);
            let grid = [0.99, 0.99495, 0.9999];
            for dimension in &mut input.dimensions {
                dimension.values = Values::Numbers {
                    log: false,
                    values: (0..30).map(|trial| Some(grid[trial % 3])).collect(),
                };
            }
            let figure = assert_legible(parallel_coordinates(&input));
            let texts = texts(&figure);
            let cut: Vec<_> = texts.iter().filter(|t| t.starts_with("0.")).collect();
            assert!(cut.iter().all(|text| !text.contains('…')), "{cut:?}");
            assert!(cut.len() > axes, "{cut:?}");
            assert_eq!(texts.contains(&"0.99495"), axes <= 8);
        }
    }

    #[test]
    fn scores_and_values_of_any_kind_are_legible() {
        let mut input = trials(40, 9);
        input.objective.better = Better::Higher;
        input.scores = (0..40).map(nasty).map(Some).collect();
        for (index, dimension) in input.dimensions.iter_mut().enumerate() {
            if index < 3 {
                dimension.values = Values::Numbers {
                    log: index == 1,
                    values: NASTY[..index * 4].iter().copied().map(Some).collect(),
                };
            }
        }
        assert_legible(parallel_coordinates(&input));
    }

    #[test]
    fn without_scores_or_dimensions_there_is_nothing_to_show() {
        assert_nothing_to_show(parallel_coordinates(&trials(5, 0)));
        assert_nothing_to_show(parallel_coordinates(&trials(0, 5)));
    }
}
