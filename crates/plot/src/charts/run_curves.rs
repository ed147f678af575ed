//! One training run, epoch by epoch.

use super::learning_curves::epoch_panel;
use crate::{
    Figure, Objective, PlotError,
    draw::colour::{BLUE, INK, VERMILION},
    layout::{Heading, Key, Mark, ScoreAxis, curve, drawable},
    number::printed,
};

/// What [`run_curves`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunCurves {
    /// The run's name.
    pub name: String,
    /// The score of an epoch, without the name of a split part: "MSE".
    pub objective: Objective,
    /// Scores on the training part after each epoch, from the first on; what is
    /// NaN leaves a gap.
    pub train: Vec<f64>,
    /// Those on the validation part.
    pub valid: Vec<f64>,
    /// The epoch whose weights were kept, from 1.
    pub best_epoch: Option<usize>,
}

/// Training and validation score over epochs, with the best epoch marked.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn run_curves(input: &RunCurves) -> Result<Figure, PlotError> {
    let heading = Heading::new(match input.name.as_str() {
        "" => "Learning curves".to_owned(),
        name => format!("Learning curves, {name}"),
    });
    let values = input.train.iter().chain(&input.valid).copied();
    let Some(scores) = ScoreAxis::of(&input.objective, values) else {
        return heading.nothing("the run has finished no epoch");
    };
    let name = &input.objective.name;
    let best = input.best_epoch.and_then(|epoch| {
        let value = input.valid.get(epoch.checked_sub(1)?)?;
        Some((epoch, drawable(*value)?))
    });
    let said = |(epoch, value)| format!("best epoch {epoch}, valid {name} {}", printed(value));
    let epochs = input.train.len().max(input.valid.len());
    let panel = epoch_panel(epochs, scores.scale, name);
    heading
        .facts(best.map(said))
        .fact(input.objective.direction())
        .fact(scores.note("value"))
        .key(Key::Line(BLUE, 5.0), format!("train {name}"))
        .key(Key::Line(VERMILION, 5.0), format!("valid {name}"))
        .key_if(best.is_some(), Key::Mark(Mark::Ring, INK), "best epoch")
        .panel(620.0, panel, |canvas, axes| {
            if let Some((epoch, _)) = best {
                axes.draw_dashes(canvas, epoch as f64, 2.0, INK);
            }
            curve(canvas, axes, &input.train, 4.0, BLUE);
            curve(canvas, axes, &input.valid, 4.0, VERMILION);
            if let Some((epoch, value)) = best {
                let at = (axes.x(epoch as f64), axes.y_within(value));
                Mark::Ring.draw(canvas, at, 10.0, INK);
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Better, testing::*};

    fn run(train: &[f64], valid: &[f64], best_epoch: Option<usize>) -> RunCurves {
        RunCurves {
            name: LONG.to_owned(),
            objective: Objective {
                better: Better::Higher,
                ..objective("R²")
            },
            train: train.to_vec(),
            valid: valid.to_vec(),
            best_epoch,
        }
    }

    #[test]
    fn the_best_epoch_is_named_with_its_score() {
        let figure = assert_legible(run_curves(&run(
            &[0.1, 0.5, 0.9],
            &[0.1, 0.7, 0.6],
            Some(2),
        )));
        assert!(
            figure
                .description()
                .starts_with("best epoch 2, valid R² 0.7000")
        );
    }

    #[test]
    fn runs_of_any_kind_are_legible() {
        assert_legible(run_curves(&run(&[0.5], &[], Some(1))));
        assert_legible(run_curves(&run(&[], &[-1e90, 0.5], Some(7))));
        assert_legible(run_curves(&run(&[0.5; 5], &[0.5; 500], Some(0))));
        let mut nasty = run(&NASTY, &[0.2, f64::NAN, 0.4], Some(2));
        nasty.name = "<b>&\"x".to_owned();
        nasty.objective.log = true;
        assert_legible(run_curves(&nasty));
    }

    #[test]
    fn a_run_without_an_epoch_has_nothing_to_show() {
        assert_nothing_to_show(run_curves(&run(&[], &[f64::NAN], None)));
    }
}
