//! How a search went.

use psp_schema::TrialState;

use crate::{
    Figure, Objective, PlotError,
    draw::{
        Canvas,
        colour::{INK, MUTED},
    },
    layout::{
        Axes, Axis, Heading, Key, Mark, Palette, Panel, Scale, ScoreAxis, Span, drawable,
        steps::steps,
    },
    number::{count, printed},
};

/// What [`search_history`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchHistory {
    /// What the trials are compared by.
    pub objective: Objective,
    /// The backbones in the order of their colours; others come after.
    pub backbones: Vec<String>,
    /// In any order.
    pub trials: Vec<HistoryTrial>,
}

/// One trial; it is drawn if it has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryTrial {
    /// Its place in the draw.
    pub number: u64,
    /// Its score; none if it failed before it had one.
    pub score: Option<f64>,
    /// Whether and how it ended.
    pub state: TrialState,
    /// What it is coloured by.
    pub backbone: String,
}

/// The marks of the states in which a trial has ended.
const MARKS: [(TrialState, Mark); 3] = [
    (TrialState::Finished, Mark::Disc),
    (TrialState::Pruned, Mark::Triangle),
    (TrialState::Failed, Mark::Cross),
];

/// The score of each trial by its number, the running best of the finished
/// ones, and in a row of its own what has no score.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn search_history(input: &SearchHistory) -> Result<Figure, PlotError> {
    let heading = Heading::new("Search history");
    let ended = input.trials.iter();
    let ended = ended.filter_map(|trial| Some((trial, trial.mark()?)));
    let mut ended: Vec<(&HistoryTrial, Mark)> = ended.collect();
    ended.sort_by_key(|(trial, _)| trial.number);
    let trials = || ended.iter().map(|(trial, _)| *trial);
    let Some(span) = Span::of(trials().map(|trial| trial.number as f64)) else {
        return heading.nothing("no trial has ended");
    };
    let scores = trials().filter_map(HistoryTrial::score);
    let axis = ScoreAxis::of(&input.objective, scores);
    let used = trials().map(|trial| trial.backbone.as_str());
    let palette = Palette::new(&input.backbones, used);
    let finished = || {
        let finished = trials().filter(|trial| trial.state == TrialState::Finished);
        finished.filter_map(|trial| Some((trial.number as f64, trial.score()?)))
    };
    let best = finished().map(|(_, score)| score);
    let best = best.reduce(|a, b| input.objective.best(a, b));
    let name = &input.objective.name;
    let states = MARKS.map(|(state, mark)| {
        let amount = trials().filter(|trial| trial.state == state).count();
        (amount, state, mark)
    });
    let states = || states.into_iter().filter(|(amount, ..)| *amount > 0);
    let y = axis.as_ref().map(|axis| axis.scale);
    let y = y.unwrap_or(Scale::Linear(Span::UNIT));
    let unscored = trials().any(|trial| trial.score().is_none());
    let panel = Panel {
        slot: unscored.then_some("no score"),
        ..Panel::new(
            Axis::new(Scale::Whole(span.widen(0.02)), "trial"),
            Axis::new(y, name),
        )
    };
    heading
        .facts(states().map(|(amount, state, _)| format!("{} {state}", count(amount as u64))))
        .facts(best.map(|best| format!("best {name} {}", printed(best))))
        .fact(input.objective.direction())
        .facts(axis.map(|axis| axis.note("trial")))
        .keys(palette.discs())
        .keys(states().map(|(_, state, mark)| (Key::Mark(mark, MUTED), state.to_string())))
        .key(Key::Line(INK, 3.0), "best so far")
        .panel(680.0, panel, |canvas, axes| {
            running_best(canvas, axes, finished(), &input.objective);
            for (trial, mark) in &ended {
                let y = trial
                    .score()
                    .map_or(axes.slot_row(), |score| axes.y_within(score));
                let at = (axes.x(trial.number as f64), y);
                mark.draw_rimmed(canvas, at, 7.0, palette.colour(&trial.backbone));
            }
        })
}

impl HistoryTrial {
    /// The mark of how it ended; `None` while it has not.
    fn mark(&self) -> Option<Mark> {
        let mut marks = MARKS.into_iter();
        let found = marks.find(|(state, _)| *state == self.state);
        found.map(|(_, mark)| mark)
    }

    fn score(&self) -> Option<f64> {
        self.score.and_then(drawable)
    }
}

/// Steps of the best score among the trials up to each.
fn running_best(
    canvas: &mut Canvas,
    axes: &Axes,
    finished: impl Iterator<Item = (f64, f64)>,
    objective: &Objective,
) {
    let mut best: Option<f64> = None;
    let points = finished.map(|(number, score)| {
        let better = best.map_or(score, |best| objective.best(best, score));
        best = Some(better);
        (axes.x(number), axes.y_within(better))
    });
    canvas.path(steps(points, axes.area.right()), 3.0, INK);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Better, testing::*};

    fn study(trials: usize) -> SearchHistory {
        let trial = |index: usize| HistoryTrial {
            number: index as u64,
            score: (index % 9 != 5).then(|| 0.01 + 0.1 * ((index * 7) % 10) as f64),
            state: match index % 9 {
                5 => TrialState::Failed,
                2 | 7 => TrialState::Pruned,
                _ => TrialState::Finished,
            },
            backbone: backbones()[index % 5].clone(),
        };
        SearchHistory {
            objective: objective("valid MSE"),
            backbones: backbones(),
            trials: (0..trials).map(trial).collect(),
        }
    }

    #[test]
    fn trials_that_have_not_ended_are_left_out() {
        let ended = assert_legible(search_history(&study(20)));
        let mut more = study(23);
        for trial in &mut more.trials[20..] {
            trial.state = TrialState::Paused;
        }
        let figure = assert_legible(search_history(&more));
        assert_eq!(figure.to_svg().unwrap(), ended.to_svg().unwrap());
    }

    #[test]
    fn two_hundred_trials_are_legible() {
        let figure = assert_legible(search_history(&study(200)));
        assert_says(&figure, "134 finished; 44 pruned; 22 failed");
        assert!(pixels_of(&figure, INK.rgb) > 3_000);
    }

    #[test]
    fn the_best_so_far_never_becomes_worse() {
        let figure = search_history(&study(40)).unwrap();
        let paths = attributes(&figure, "polyline", "stroke").into_iter();
        let mut paths = paths.zip(attributes(&figure, "polyline", "points"));
        let (_, best) = paths.find(|(colour, _)| *colour == INK.hex()).unwrap();
        let points = best
            .split_whitespace()
            .map(|point| point.split_once(',').unwrap());
        let rows: Vec<f64> = points.map(|(_, y)| y.parse().unwrap()).collect();
        // Lower is better, and rows count downwards.
        assert!(rows.is_sorted());
    }

    #[test]
    fn studies_of_any_kind_are_legible() {
        assert_legible(search_history(&study(1)));
        let mut input = study(20);
        input.objective.better = Better::Higher;
        for (index, trial) in input.trials.iter_mut().enumerate() {
            trial.score = Some(nasty(index));
            trial.backbone = format!("<b>&\"{index}{LONG}");
            trial.number = 1_000_000 * index as u64;
        }
        assert_legible(search_history(&input));
        for trial in &mut input.trials {
            trial.score = None;
        }
        assert_legible(search_history(&input));
    }

    #[test]
    fn without_trials_there_is_nothing_to_show() {
        assert_nothing_to_show(search_history(&SearchHistory::default()));
    }
}
