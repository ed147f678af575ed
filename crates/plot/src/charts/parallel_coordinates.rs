//! All searched dimensions side by side.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::parallel_axis::{Column, HEIGHT, Place, TOP, draw_scores};
use crate::{
    Dimension, Figure, Objective, PlotError,
    dimension::Placed,
    draw::{colour::FRAME, geometry::Point, ramp::quality},
    layout::{
        heading::Heading,
        key::Key,
        nothing::nothing,
        score_axis::ScoreAxis,
        sheet::{Sheet, counted, counted_if_any, first_of},
        span::drawable,
    },
};

/// The most dimensions that [`parallel_coordinates`] shows.
pub const MOST_AXES: usize = 12;

/// What [`parallel_coordinates`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ParallelCoordinates {
    /// What the trials are compared by.
    pub objective: Objective,
    /// From left to right.
    pub dimensions: Vec<Dimension>,
    /// One per trial.
    pub scores: Vec<Option<f64>>,
}

/// An axis per dimension and a line per trial through its values, coloured by
/// the score, which the last axis shows: the better, the darker and the further
/// in front. Trials without a score are grey. A value that is not set, as it
/// depends on another dimension, lies in a place of its own below the axis.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn parallel_coordinates(input: &ParallelCoordinates) -> Result<Figure, PlotError> {
    let title = "Searched dimensions and score";
    if input.dimensions.is_empty() {
        return nothing(title, "no dimension was searched");
    }
    let scores: Vec<Option<f64>> = input.scores.iter().map(|s| s.and_then(drawable)).collect();
    let Some(axis) = ScoreAxis::of(&input.objective, scores.iter().flatten().copied()) else {
        return nothing(title, "no trial has a score");
    };
    let unscored = scores.iter().filter(|score| score.is_none()).count();
    let mut legend = vec![(
        Key::Ramp(quality),
        format!("worst to best {}", input.objective.name),
    )];
    if unscored > 0 {
        legend.push((Key::Line(FRAME, 3.0), "no score".to_owned()));
    }
    let heading = Heading {
        title: title.to_owned(),
        facts: vec![
            counted(scores.len(), "trial"),
            input.objective.direction(),
            counted_if_any(unscored, "trial", "without a score"),
            axis.note("trial"),
            first_of(MOST_AXES, input.dimensions.len(), "dimensions"),
        ],
        legend,
    };
    let mut sheet = Sheet::bare(&heading)?;
    let shown = input.dimensions.len().min(MOST_AXES);
    let place = |index| Place::new(index, shown, sheet.top() + TOP);
    let columns: Vec<Column> = input.dimensions[..shown]
        .iter()
        .enumerate()
        .map(|(index, dimension)| {
            let dimension = Placed::of(dimension);
            Column {
                place: place(index),
                unset: dimension.unset(scores.len()) > 0,
                dimension,
            }
        })
        .collect();
    let bar = place(shown);
    let canvas = &mut sheet.canvas;
    for column in &columns {
        column.draw_line(canvas);
    }
    // Fixed: the same study gives the same picture.
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    for (trial, score) in from_worst_to_best(&scores, &input.objective) {
        let jitter = rng.random_range(-0.5..0.5);
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
    draw_scores(canvas, &axis, &input.objective.name, bar);
    for column in &columns {
        column.draw_texts(canvas);
    }
    sheet.end_at(bar.top + HEIGHT + 20.0);
    Ok(sheet.finish())
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
    use crate::{
        Better, Values,
        draw::canvas::Shape,
        testing::{NASTY, assert_legible, assert_nothing_to_show, dimensions, texts},
    };

    fn study(trials: usize, dimension_count: usize) -> ParallelCoordinates {
        ParallelCoordinates {
            objective: Objective {
                name: "valid MSE".to_owned(),
                ..Objective::default()
            },
            dimensions: dimensions(dimension_count, trials),
            scores: (0..trials)
                .map(|index| (index % 11 != 3).then(|| 0.01 * (1 + index * 7 % 30) as f64))
                .collect(),
        }
    }

    #[test]
    fn every_number_of_dimensions_is_legible() {
        for count in [1, 2, 3, 5, 8, 12, 30] {
            assert_legible(&parallel_coordinates(&study(200, count)).unwrap());
        }
        assert_legible(&parallel_coordinates(&study(1, 4)).unwrap());
    }

    #[test]
    fn the_best_trial_is_drawn_last_and_those_without_a_score_first() {
        let figure = parallel_coordinates(&study(50, 3)).unwrap();
        let colours: Vec<_> = figure
            .canvas
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Path { colour, .. } => Some(colour.rgb),
                _ => None,
            })
            .collect();
        assert_eq!(colours.len(), 50);
        assert_eq!(colours[0], FRAME.rgb);
        assert!(
            colours[49].0 < 0x50 && colours[49].1 < 0x20,
            "{:?}",
            colours[49]
        );
    }

    #[test]
    fn a_value_that_is_not_set_has_a_place_of_its_own() {
        let mut input = study(6, 1);
        input.dimensions[0].values = Values::Numbers {
            log: true,
            values: vec![Some(0.1), None, Some(0.2), None, Some(0.9), Some(1e-3)],
        };
        let figure = parallel_coordinates(&input).unwrap();
        assert_legible(&figure);
        assert!(texts(&figure).contains(&"not set"));
    }

    #[test]
    fn labels_of_a_few_numbers_are_never_cut_short() {
        for axes in [1, 5, 8, 12] {
            let mut input = study(30, axes);
            let grid = [0.99, 0.99495, 0.9999];
            for dimension in &mut input.dimensions {
                dimension.values = Values::Numbers {
                    log: false,
                    values: (0..30).map(|trial| Some(grid[trial % 3])).collect(),
                };
            }
            let figure = parallel_coordinates(&input).unwrap();
            assert_legible(&figure);
            let texts = texts(&figure);
            let cut: Vec<_> = texts.iter().filter(|t| t.starts_with("0.")).collect();
            assert!(cut.iter().all(|text| !text.contains('…')), "{cut:?}");
            assert!(cut.len() > axes, "{cut:?}");
            assert_eq!(texts.contains(&"0.99495"), axes <= 8);
        }
    }

    #[test]
    fn scores_and_values_of_any_kind_are_legible() {
        let mut nasty = study(40, 9);
        nasty.objective.better = Better::Higher;
        for (index, score) in nasty.scores.iter_mut().enumerate() {
            *score = Some(NASTY[index % NASTY.len()]);
        }
        for (index, dimension) in nasty.dimensions.iter_mut().enumerate() {
            if index < 3 {
                dimension.values = Values::Numbers {
                    log: index == 1,
                    values: NASTY[..index * 4].iter().copied().map(Some).collect(),
                };
            }
        }
        assert_legible(&parallel_coordinates(&nasty).unwrap());
    }

    #[test]
    fn without_scores_or_dimensions_there_is_nothing_to_show() {
        assert_nothing_to_show(parallel_coordinates(&study(5, 0)));
        assert_nothing_to_show(parallel_coordinates(&study(0, 5)));
    }
}
