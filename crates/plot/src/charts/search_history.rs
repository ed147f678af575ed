//! How a search went.

use super::history_trial::{Dot, HistoryAxis, HistoryTrial, STATES, TrialState, dot};
use crate::{
    Figure, Objective, PlotError,
    draw::{
        canvas::Canvas,
        colour::{INK, MUTED},
        geometry::Point,
    },
    layout::{
        axes::Axes,
        heading::Heading,
        key::Key,
        nothing::nothing,
        palette::Palette,
        panel::{Axis, Panel},
        scale::Scale,
        score_axis::ScoreAxis,
        sheet::{Grid, Sheet, counted_if_any},
        span::Span,
    },
    number::{count, printed},
};

/// What [`search_history`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchHistory {
    /// What the trials are compared by.
    pub objective: Objective,
    /// What lies to the right.
    pub over: HistoryAxis,
    /// The backbones in the order of their colours; others come after.
    pub backbones: Vec<String>,
    /// In any order.
    pub trials: Vec<HistoryTrial>,
}

/// The score of each trial by its number or time, the running best of the
/// finished ones, and in a row of its own what has no score.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn search_history(input: &SearchHistory) -> Result<Figure, PlotError> {
    let title = "Search history";
    let mut dots: Vec<Dot> = input
        .trials
        .iter()
        .filter_map(|t| dot(t, input.over))
        .collect();
    dots.sort_by(|a, b| a.x.total_cmp(&b.x));
    let Some(span) = Span::of(dots.iter().map(|dot| dot.x)) else {
        return nothing(title, "no trial has ended");
    };
    let scores = ScoreAxis::of(&input.objective, dots.iter().filter_map(|dot| dot.score));
    let palette = Palette::new(&input.backbones, dots.iter().map(|dot| dot.backbone));
    let heading = Heading {
        title: title.to_owned(),
        facts: facts(input, &dots, scores.as_ref()),
        legend: legend(&palette, &dots),
    };
    let mut sheet = Sheet::new(1, Grid::new(1, 680.0), &heading)?;
    let x = match input.over {
        HistoryAxis::Number => Axis::new(Scale::Whole(span.widen(0.02)), "trial"),
        HistoryAxis::Hours => Axis::new(Scale::Linear(span.widen(0.02)), "hours"),
    };
    let y = scores.map_or(Scale::Linear(Span::UNIT), |scores| scores.scale);
    let unscored = dots.iter().any(|dot| dot.score.is_none());
    let axes = Panel {
        slot: unscored.then_some("no score"),
        ..Panel::new(sheet.cells[0], x, Axis::new(y, &input.objective.name))
    }
    .draw(&mut sheet.canvas);
    running_best(&mut sheet.canvas, &axes, &dots, &input.objective);
    for dot in &dots {
        let y = dot
            .score
            .map_or(axes.slot.y + axes.slot.height / 2.0, |s| axes.y_within(s));
        let colour = palette.colour(dot.backbone);
        let at = (axes.x(dot.x), y);
        dot.mark().draw_rimmed(&mut sheet.canvas, at, 7.0, colour);
    }
    Ok(sheet.finish())
}

fn facts(input: &SearchHistory, dots: &[Dot], scores: Option<&ScoreAxis>) -> Vec<String> {
    let mut facts: Vec<String> = STATES
        .iter()
        .map(|(state, _, name)| (dots.iter().filter(|dot| dot.state == *state).count(), name))
        .filter(|(amount, _)| *amount > 0)
        .map(|(amount, name)| format!("{} {name}", count(amount as u64)))
        .collect();
    let best = finished(dots).reduce(|a, b| input.objective.best(a, b));
    let name = &input.objective.name;
    facts.extend(best.map(|best| format!("best {name} {}", printed(best))));
    facts.push(input.objective.direction());
    let missing = input.trials.len() - dots.len();
    facts.push(counted_if_any(missing, "trial", "without a time left out"));
    facts.extend(scores.map(|scores| scores.note("trial")));
    facts
}

fn legend(palette: &Palette, dots: &[Dot]) -> Vec<(Key, String)> {
    let mut legend = palette.discs();
    let present = |state| dots.iter().any(|dot| dot.state == state);
    let states = STATES.iter().filter(|(state, ..)| present(*state));
    legend.extend(states.map(|(_, mark, name)| (Key::Mark(*mark, MUTED), (*name).to_owned())));
    legend.push((Key::Line(INK, 3.0), "best so far".to_owned()));
    legend
}

fn finished<'a>(dots: &'a [Dot]) -> impl Iterator<Item = f64> + use<'a> {
    let finished = dots.iter().filter(|dot| dot.state == TrialState::Finished);
    finished.filter_map(|dot| dot.score)
}

/// Steps of the best score among the trials up to each.
fn running_best(canvas: &mut Canvas, axes: &Axes, dots: &[Dot], objective: &Objective) {
    let mut corners: Vec<Point> = Vec::new();
    let mut best: Option<f64> = None;
    let finished = dots.iter().filter(|dot| dot.state == TrialState::Finished);
    for (dot, score) in finished.filter_map(|dot| Some((dot, dot.score?))) {
        let better = best.map_or(score, |best| objective.best(best, score));
        let (x, y) = (axes.x(dot.x), axes.y_within(better));
        corners.extend(corners.last().map(|last| (x, last.1)));
        corners.push((x, y));
        best = Some(better);
    }
    corners.extend(corners.last().map(|last| (axes.area.right(), last.1)));
    canvas.path(corners, 3.0, INK);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Better,
        testing::{LONG, NASTY, assert_legible, assert_nothing_to_show, backbones, pixels_of},
    };

    fn study(trials: usize) -> SearchHistory {
        let trial = |index: usize| HistoryTrial {
            number: index as u64,
            hours: Some(index as f64 * 0.3),
            score: (index % 9 != 5).then(|| 0.01 + 0.1 * ((index * 7) % 10) as f64),
            state: match index % 9 {
                5 => TrialState::Failed,
                2 | 7 => TrialState::Pruned,
                _ => TrialState::Finished,
            },
            backbone: backbones()[index % 5].clone(),
        };
        SearchHistory {
            objective: Objective {
                name: "valid MSE".to_owned(),
                ..Objective::default()
            },
            backbones: backbones(),
            trials: (0..trials).map(trial).collect(),
            ..SearchHistory::default()
        }
    }

    #[test]
    fn two_hundred_trials_are_legible_by_number_and_by_time() {
        let mut input = study(200);
        let figure = search_history(&input).unwrap();
        assert_legible(&figure);
        assert!(
            figure
                .description()
                .contains("134 finished; 44 pruned; 22 failed")
        );
        assert!(pixels_of(&figure, INK.rgb) > 3_000);
        input.over = HistoryAxis::Hours;
        input.trials[0].hours = None;
        let figure = search_history(&input).unwrap();
        assert_legible(&figure);
        assert!(
            figure
                .description()
                .contains("1 trial without a time left out")
        );
    }

    #[test]
    fn the_best_so_far_never_becomes_worse() {
        let figure = search_history(&study(40)).unwrap();
        let best = figure.canvas.shapes.iter().find_map(|shape| match shape {
            crate::draw::canvas::Shape::Path { points, colour, .. } if *colour == INK => {
                Some(points)
            }
            _ => None,
        });
        // Lower is better, and rows count downwards.
        assert!(best.unwrap().windows(2).all(|pair| pair[1].1 >= pair[0].1));
    }

    #[test]
    fn studies_of_any_kind_are_legible() {
        assert_legible(&search_history(&study(1)).unwrap());
        let mut nasty = study(20);
        nasty.objective.better = Better::Higher;
        for (index, trial) in nasty.trials.iter_mut().enumerate() {
            trial.score = Some(NASTY[index % NASTY.len()]);
            trial.backbone = format!("<b>&\"{index}{LONG}");
            trial.number = 1_000_000 * index as u64;
        }
        assert_legible(&search_history(&nasty).unwrap());
        for trial in &mut nasty.trials {
            trial.score = None;
        }
        assert_legible(&search_history(&nasty).unwrap());
    }

    #[test]
    fn without_trials_there_is_nothing_to_show() {
        assert_nothing_to_show(search_history(&SearchHistory::default()));
    }
}
