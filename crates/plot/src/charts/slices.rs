//! Scores over each searched dimension.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    Dimension, Figure, Objective, PlotError,
    dimension::Placed,
    draw::{canvas::Canvas, geometry::Rect},
    layout::{
        heading::Heading,
        nothing::nothing,
        palette::Palette,
        panel::{Axis, Panel},
        score_axis::ScoreAxis,
        sheet::{Grid, Sheet, counted, counted_if_any, first_of},
        span::drawable,
    },
};

/// The most dimensions that [`slices`] shows.
pub const MOST_SLICES: usize = 24;
/// How far points of a category are spread, as a share of its room.
const JITTER: f64 = 0.6;

/// What [`slices`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Slices {
    /// What the trials are compared by.
    pub objective: Objective,
    /// A panel for each.
    pub dimensions: Vec<Dimension>,
    /// One per trial.
    pub scores: Vec<Option<f64>>,
    /// The backbone of each trial; may be empty.
    pub trial_backbones: Vec<String>,
    /// The backbones in the order of their colours; others come after.
    pub backbones: Vec<String>,
}

/// A panel per dimension with a dot per trial: its value to the right and its
/// score upwards, in the colour of its backbone. Dots of a category are spread
/// sideways, always in the same way.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn slices(input: &Slices) -> Result<Figure, PlotError> {
    let title = format!("Trials by dimension, {}", input.objective.name);
    let trials: Vec<Trial> = input
        .scores
        .iter()
        .enumerate()
        .filter_map(|(index, score)| {
            Some(Trial {
                index,
                score: drawable((*score)?)?,
                backbone: input.trial_backbones.get(index).map_or("", String::as_str),
            })
        })
        .collect();
    if input.dimensions.is_empty() {
        return nothing(title, "no dimension was searched");
    }
    let Some(scores) = ScoreAxis::of(&input.objective, trials.iter().map(|trial| trial.score))
    else {
        return nothing(title, "no trial has a score");
    };
    let palette = Palette::new(&input.backbones, trials.iter().map(|trial| trial.backbone));
    let panels = input.dimensions.len().min(MOST_SLICES);
    let heading = Heading {
        title,
        facts: vec![
            counted(trials.len(), "trial"),
            input.objective.direction(),
            counted_if_any(
                input.scores.len() - trials.len(),
                "trial",
                "without a score left out",
            ),
            scores.note("trial"),
            first_of(MOST_SLICES, input.dimensions.len(), "dimensions"),
        ],
        legend: palette.discs(),
    };
    let grid = match panels {
        1 => Grid::new(1, 620.0),
        2 | 4 => Grid::new(2, 540.0),
        _ => Grid::new(3, 500.0),
    };
    let mut sheet = Sheet::new(panels, grid, &heading)?;
    for (dimension, cell) in input.dimensions.iter().zip(&sheet.cells) {
        let placed = Placed::of(dimension);
        panel(
            &mut sheet.canvas,
            *cell,
            &placed,
            &trials,
            &scores,
            &palette,
        );
    }
    Ok(sheet.finish())
}

/// A trial with a score.
struct Trial<'a> {
    index: usize,
    score: f64,
    backbone: &'a str,
}

fn panel(
    canvas: &mut Canvas,
    cell: Rect,
    dimension: &Placed,
    trials: &[Trial],
    scores: &ScoreAxis,
    palette: &Palette,
) {
    let unset = trials
        .iter()
        .filter(|trial| dimension.value(trial.index).is_none());
    let subtitle = match (unset.count(), dimension.scale.is_log()) {
        (0, true) => "log scale".to_owned(),
        (0, false) => String::new(),
        (unset, true) => format!("log scale  ·  {} not set", counted(unset, "trial")),
        (unset, false) => format!("{} not set", counted(unset, "trial")),
    };
    let categories = dimension.is_categorical();
    let margin = if categories { 0.0 } else { 0.05 };
    let axes = Panel {
        title: dimension.name,
        // A panel without one would be higher than its neighbours.
        subtitle: if subtitle.is_empty() { " " } else { &subtitle },
        ..Panel::new(
            cell,
            Axis {
                ticks: dimension.ticks.clone(),
                ..Axis::new(dimension.scale.widen(margin), "")
            },
            Axis::new(scores.scale, ""),
        )
    }
    .draw(canvas);
    // Fixed: the same study gives the same picture.
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    for trial in trials {
        let jitter = JITTER * rng.random_range(-0.5..0.5);
        let Some(value) = dimension.value(trial.index) else {
            continue;
        };
        let x = axes.x(if categories { value + jitter } else { value });
        let colour = palette.colour(trial.backbone).fade(0.75);
        canvas.disc((x, axes.y_within(trial.score)), 6.0, colour);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Better, Values,
        draw::canvas::Shape,
        testing::{NASTY, assert_legible, assert_nothing_to_show, dimensions},
    };

    fn study(trials: usize, dimension_count: usize) -> Slices {
        Slices {
            objective: Objective {
                name: "valid MSE".to_owned(),
                ..Objective::default()
            },
            dimensions: dimensions(dimension_count, trials),
            scores: (0..trials)
                .map(|index| (index % 11 != 3).then(|| 0.01 * (1 + index * 7 % 30) as f64))
                .collect(),
            trial_backbones: (0..trials)
                .map(|index| format!("net{}", index % 5))
                .collect(),
            backbones: Vec::new(),
        }
    }

    #[test]
    fn every_number_of_dimensions_is_legible() {
        for count in [1, 2, 3, 4, 7, 12, 30] {
            assert_legible(&slices(&study(200, count)).unwrap());
        }
        assert_legible(&slices(&study(1, 5)).unwrap());
    }

    #[test]
    fn the_jitter_is_the_same_every_time_and_stays_within_the_category() {
        let mut input = study(200, 1);
        input.dimensions[0].values = Values::Categories {
            order: Vec::new(),
            values: (0..200)
                .map(|index| Some(["a", "b"][index % 2].to_owned()))
                .collect(),
        };
        let places = || -> Vec<f64> {
            let figure = slices(&input).unwrap();
            let shapes = figure.canvas.shapes.into_iter();
            let disc = |shape| match shape {
                // Those of the legend are larger.
                Shape::Disc {
                    centre,
                    radius: 6.0,
                    ..
                } => Some(centre.0),
                _ => None,
            };
            shapes.filter_map(disc).collect()
        };
        assert_eq!(places(), places());
        // The two strips with a gap between.
        let places = places();
        let (low, high) = places.iter().fold((f64::MAX, f64::MIN), |(low, high), x| {
            (low.min(*x), high.max(*x))
        });
        let middle = f64::midpoint(low, high);
        let gap = 0.1 * (high - low);
        assert!(places.iter().all(|x| (x - middle).abs() > gap));
    }

    #[test]
    fn scores_and_values_of_any_kind_are_legible() {
        let mut nasty = study(30, 9);
        nasty.objective.better = Better::Higher;
        for (index, score) in nasty.scores.iter_mut().enumerate() {
            *score = Some(NASTY[index % NASTY.len()]);
        }
        nasty.trial_backbones.truncate(3);
        assert_legible(&slices(&nasty).unwrap());
        nasty.dimensions.truncate(1);
        nasty.dimensions[0].values = Values::default();
        assert_legible(&slices(&nasty).unwrap());
    }

    #[test]
    fn without_scores_or_dimensions_there_is_nothing_to_show() {
        assert_nothing_to_show(slices(&study(200, 0)));
        assert_nothing_to_show(slices(&study(0, 3)));
    }
}
