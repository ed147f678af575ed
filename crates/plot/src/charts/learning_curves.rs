//! The trials of a study, epoch by epoch.

use crate::{
    Figure, Objective, PlotError,
    draw::colour::WHITE,
    layout::{Axis, Grid, Heading, Key, Palette, Panel, Scale, ScoreAxis, Span, curve, drawable},
    number::counted,
};

/// What [`learning_curves`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LearningCurves {
    /// The score of an epoch, without the name of a split part: "MSE".
    pub objective: Objective,
    /// The backbones in the order of their colours; others come after.
    pub backbones: Vec<String>,
    /// One per trial.
    pub trials: Vec<TrialCurves>,
}

/// The scores of one trial after each epoch, from the first on. What is NaN
/// leaves a gap.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrialCurves {
    /// Its name, such as "trial 17".
    pub name: String,
    /// What it is coloured by.
    pub backbone: String,
    /// On the training part; may be empty.
    pub train: Vec<f64>,
    /// On the validation part; may be empty.
    pub valid: Vec<f64>,
    /// Whether it is one of those to look at, drawn bold above the others.
    pub best: bool,
}

/// Names of trials in the facts, at most.
const NAMED: usize = 5;

/// A panel for the validation part and one for the training part, on the same
/// scale, with a thin line per trial in the colour of its backbone; the best
/// trials are bold.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn learning_curves(input: &LearningCurves) -> Result<Figure, PlotError> {
    let name = &input.objective.name;
    let heading = Heading::new(format!("Learning curves, {name} per epoch"));
    let values = input.trials.iter().flat_map(TrialCurves::values);
    let Some(scores) = ScoreAxis::of(&input.objective, values) else {
        return heading.nothing("no trial has finished an epoch");
    };
    let drawn = |trial: &&TrialCurves| trial.values().any(|value| drawable(value).is_some());
    let trials: Vec<&TrialCurves> = input.trials.iter().filter(drawn).collect();
    let used = trials.iter().map(|trial| trial.backbone.as_str());
    let palette = Palette::new(&input.backbones, used);
    let epochs = trials.iter().map(|t| t.train.len().max(t.valid.len()));
    let epochs = epochs.max().unwrap_or(1);
    let mut parts: Vec<(&str, Part)> = vec![("valid", |t| &t.valid), ("train", |t| &t.train)];
    parts.retain(|(_, part)| trials.iter().any(|trial| !part(trial).is_empty()));
    let grid = Grid::new(parts.len(), 640.0);
    let panels = parts.into_iter().map(|(of_part, part)| {
        let panel = epoch_panel(epochs, scores.scale, format!("{of_part} {name}"));
        (panel, part)
    });
    let missing = input.trials.len() - trials.len();
    heading
        .fact(counted(trials.len(), "trial"))
        .fact(input.objective.direction())
        .fact(best_names(&trials))
        .counted(missing, "trial", "without an epoch left out")
        .fact(scores.note("value"))
        .keys(palette.legend(|colour| Key::Line(colour, 4.0)))
        .facets(grid, panels.collect(), |canvas, axes, part| {
            // The bold lines lie above all others.
            for trial in trials.iter().filter(|trial| !trial.best) {
                let colour = palette.colour(&trial.backbone).fade(0.4);
                curve(canvas, axes, part(trial), 2.0, colour);
            }
            for trial in trials.iter().filter(|trial| trial.best) {
                let colour = palette.colour(&trial.backbone);
                curve(canvas, axes, part(trial), 8.0, WHITE.fade(0.8));
                curve(canvas, axes, part(trial), 5.0, colour);
            }
        })
}

type Part = fn(&TrialCurves) -> &Vec<f64>;

impl TrialCurves {
    fn values(&self) -> impl Iterator<Item = f64> {
        self.train.iter().chain(&self.valid).copied()
    }
}

/// A panel over epochs 1, 2, … up to `epochs`.
pub(super) fn epoch_panel(epochs: usize, y: Scale, y_title: impl Into<String>) -> Panel {
    let x = Span::new(1.0, (epochs as f64).max(2.0)).widen(0.02);
    Panel::new(Axis::new(Scale::Whole(x), "epoch"), Axis::new(y, y_title))
}

fn best_names(trials: &[&TrialCurves]) -> String {
    let best = trials.iter().filter(|trial| trial.best);
    let best: Vec<&str> = best.map(|trial| trial.name.as_str()).collect();
    match best.len() {
        0 => String::new(),
        count if count > NAMED => format!("bold: the best {count} trials"),
        _ => format!("bold: {}", best.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Better,
        draw::colour::{BLUE, ORANGE},
        testing::*,
    };

    fn study(trials: usize, epochs: usize) -> LearningCurves {
        let score = |trial: usize, epoch: usize| {
            0.02 + 0.3 / (1.0 + epoch as f64) + 0.001 * ((trial * 7) % 50) as f64
        };
        let trial = |index: usize| TrialCurves {
            name: format!("trial {index}"),
            backbone: backbones()[index % 5].clone(),
            train: (0..epochs).map(|epoch| score(index, epoch) * 0.8).collect(),
            valid: (0..epochs).map(|epoch| score(index, epoch)).collect(),
            best: index < 3,
        };
        LearningCurves {
            objective: objective("MSE"),
            backbones: backbones(),
            trials: (0..trials).map(trial).collect(),
        }
    }

    #[test]
    fn two_hundred_trials_of_five_backbones_are_legible_and_the_best_are_seen() {
        let figure = assert_legible(learning_curves(&study(200, 30)));
        assert_says(&figure, "bold: trial 0, trial 1, trial 2");
        // Those of the first two backbones are opaque where they are bold.
        assert!(pixels_of(&figure, BLUE.rgb) > 1_000);
        assert!(pixels_of(&figure, ORANGE.rgb) > 1_000);
    }

    #[test]
    fn studies_of_any_kind_are_legible() {
        assert_legible(learning_curves(&study(1, 1)));
        assert_legible(learning_curves(&study(3, 2)));
        let mut nasty = study(8, 8);
        nasty.objective.better = Better::Higher;
        nasty.trials[0].valid = NASTY.to_vec();
        nasty.trials[1].train.clear();
        for (index, trial) in nasty.trials.iter_mut().enumerate() {
            trial.name = LONG.to_owned();
            trial.backbone = format!("<b>&\"{index}{LONG}");
            trial.best = true;
        }
        assert_legible(learning_curves(&nasty));
        nasty.objective.log = true;
        assert_legible(learning_curves(&nasty));
    }

    #[test]
    fn without_training_scores_the_validation_has_the_whole_width() {
        let mut input = study(4, 5);
        for trial in &mut input.trials {
            trial.train.clear();
        }
        input.trials[3].valid.clear();
        let figure = assert_legible(learning_curves(&input));
        assert_says(&figure, "1 trial without an epoch left out");
    }

    #[test]
    fn without_an_epoch_there_is_nothing_to_show() {
        assert_nothing_to_show(learning_curves(&LearningCurves::default()));
        assert_nothing_to_show(learning_curves(&study(5, 0)));
    }
}
