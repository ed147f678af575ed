//! Scores over each searched dimension.

use crate::{
    Figure, PlotError, Trials,
    dimension::{Placed, jitters},
    layout::{Axis, Grid, Heading, Palette, Panel, first},
    number::counted,
};

/// The most dimensions.
const MOST_SLICES: usize = 24;
/// How far points of a category are spread, as a share of its room.
const JITTER: f64 = 0.6;

/// What [`slices`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Slices {
    /// The trials with their scores.
    pub trials: Trials,
    /// The backbone of each trial; may be empty.
    pub trial_backbones: Vec<String>,
    /// The backbones in the order of their colours; others come after.
    pub backbones: Vec<String>,
}

/// A panel per dimension (at most 24) with a dot per trial: its value to the
/// right and its score upwards, in the colour of its backbone. Dots of a category
/// are spread sideways, always in the same way.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn slices(input: &Slices) -> Result<Figure, PlotError> {
    let searched = &input.trials;
    let heading = Heading::new(format!("Trials by dimension, {}", searched.objective.name));
    let backbone = |index: usize| input.trial_backbones.get(index).map_or("", String::as_str);
    // Index and score of those that have one.
    let trials = searched.scores().enumerate();
    let trials = trials.filter_map(|(index, score)| Some((index, score?)));
    let trials: Vec<(usize, f64)> = trials.collect();
    let scores = match searched.score_axis() {
        Ok(scores) => scores,
        Err(why) => return heading.nothing(why),
    };
    let palette = Palette::new(
        &input.backbones,
        trials.iter().map(|(index, _)| backbone(*index)),
    );
    let dimensions = first(MOST_SLICES, &searched.dimensions);
    let grid = match dimensions.len() {
        1 => Grid::new(1, 620.0),
        2 | 4 => Grid::new(2, 540.0),
        _ => Grid::new(3, 500.0),
    };
    let panels = dimensions.iter().map(|dimension| {
        let dimension = Placed::of(dimension);
        let is_unset = |(index, _): &&(usize, f64)| dimension.value(*index).is_none();
        let subtitle = subtitle(&dimension, trials.iter().filter(is_unset).count());
        let categories = dimension.is_categorical();
        let margin = if categories { 0.0 } else { 0.05 };
        let x = Axis::new(dimension.scale.widen(margin), "").with(dimension.ticks.clone());
        let panel = Panel::new(x, Axis::new(scores.scale, ""));
        (panel.titled(dimension.name, subtitle), dimension)
    });
    let unscored = searched.scores.len() - trials.len();
    heading
        .fact(counted(trials.len(), "trial"))
        .fact(searched.objective.direction())
        .counted(unscored, "trial", "without a score left out")
        .fact(scores.note("trial"))
        .first_of(MOST_SLICES, searched.dimensions.len(), "dimensions")
        .keys(palette.discs())
        .facets(grid, panels.collect(), |canvas, axes, dimension| {
            let spread = if dimension.is_categorical() {
                JITTER
            } else {
                0.0
            };
            for ((index, score), jitter) in trials.iter().zip(jitters()) {
                if let Some(value) = dimension.value(*index) {
                    let at = (axes.x(value + spread * jitter), axes.y_within(*score));
                    canvas.disc(at, 6.0, palette.colour(backbone(*index)).fade(0.75));
                }
            }
        })
}

fn subtitle(dimension: &Placed, unset: usize) -> String {
    let log = dimension.scale.is_log().then(|| "log scale".to_owned());
    let unset = (unset > 0).then(|| format!("{} not set", counted(unset, "trial")));
    let parts: Vec<String> = log.into_iter().chain(unset).collect();
    match parts.join("  ·  ") {
        // A panel without one would be higher than its neighbours.
        none if none.is_empty() => " ".to_owned(),
        some => some,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Better, Values, layout::Span, testing::*};

    fn study(count: usize, dimensions: usize) -> Slices {
        let backbone = |index: usize| format!("net{}", index % 5);
        Slices {
            trials: trials(count, dimensions),
            trial_backbones: (0..count).map(backbone).collect(),
            backbones: Vec::new(),
        }
    }

    #[test]
    fn every_number_of_dimensions_is_legible() {
        for count in [1, 2, 3, 4, 7, 12, 30] {
            assert_legible(slices(&study(200, count)));
        }
        assert_legible(slices(&study(1, 5)));
    }

    #[test]
    fn the_jitter_is_the_same_every_time_and_stays_within_the_category() {
        let mut input = study(200, 1);
        input.trials.dimensions[0].values = Values::Categories {
            order: Vec::new(),
            values: (0..200)
                .map(|index| Some(["a", "b"][index % 2].to_owned()))
                .collect(),
        };
        let places = || -> Vec<f64> {
            let figure = slices(&input).unwrap();
            let discs = attributes(&figure, "circle", "cx").into_iter();
            let discs = discs.zip(attributes(&figure, "circle", "r"));
            // Those of the legend are larger.
            let dots = discs.filter(|(_, radius)| radius == "6");
            dots.map(|(x, _)| x.parse().unwrap()).collect()
        };
        assert_eq!(places(), places());
        // The two strips with a gap between.
        let places = places();
        let span = Span::of(places.iter().copied()).unwrap();
        let middle = f64::midpoint(span.low, span.high);
        let gap = 0.1 * span.length();
        assert!(places.iter().all(|x| (x - middle).abs() > gap));
    }

    #[test]
    fn scores_and_values_of_any_kind_are_legible() {
        let mut input = study(30, 9);
        input.trials.objective.better = Better::Higher;
        input.trials.scores = (0..30).map(nasty).map(Some).collect();
        input.trial_backbones.truncate(3);
        assert_legible(slices(&input));
        input.trials.dimensions.truncate(1);
        input.trials.dimensions[0].values = Values::default();
        assert_legible(slices(&input));
    }

    #[test]
    fn without_scores_or_dimensions_there_is_nothing_to_show() {
        assert_nothing_to_show(slices(&study(200, 0)));
        assert_nothing_to_show(slices(&study(0, 3)));
    }
}
