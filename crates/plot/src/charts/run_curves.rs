//! One training run, epoch by epoch.

use super::learning_curves::epoch_panel;
use crate::{
    Figure, Objective, PlotError,
    draw::colour::{BLUE, INK, VERMILION},
    layout::{
        curve::curve,
        heading::Heading,
        key::Key,
        mark::Mark,
        nothing::nothing,
        score_axis::ScoreAxis,
        sheet::{Grid, Sheet},
        span::drawable,
    },
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
    let title = match input.name.as_str() {
        "" => "Learning curves".to_owned(),
        name => format!("Learning curves, {name}"),
    };
    let values = input.train.iter().chain(&input.valid).copied();
    let Some(scores) = ScoreAxis::of(&input.objective, values) else {
        return nothing(title, "the run has finished no epoch");
    };
    let name = &input.objective.name;
    let best = input.best_epoch.and_then(|epoch| {
        let value = input.valid.get(epoch.checked_sub(1)?)?;
        Some((epoch, drawable(*value)?))
    });
    let mut legend = vec![
        (Key::Line(BLUE, 5.0), format!("train {name}")),
        (Key::Line(VERMILION, 5.0), format!("valid {name}")),
    ];
    let mut facts = vec![input.objective.direction(), scores.note("value")];
    if let Some((epoch, value)) = best {
        facts.insert(
            0,
            format!("best epoch {epoch}, valid {name} {}", printed(value)),
        );
        legend.push((Key::Mark(Mark::Ring, INK), "best epoch".to_owned()));
    }
    let heading = Heading {
        title,
        facts,
        legend,
    };
    let mut sheet = Sheet::new(1, Grid::new(1, 620.0), &heading)?;
    let epochs = input.train.len().max(input.valid.len());
    let canvas = &mut sheet.canvas;
    let axes = epoch_panel(sheet.cells[0], epochs, scores.scale, name).draw(canvas);
    if let Some((epoch, _)) = best {
        let (x, area) = (axes.x(epoch as f64), axes.area);
        canvas.dashes((x, area.y), (x, area.bottom() - 4.0), 2.0, INK);
    }
    curve(canvas, &axes, &input.train, 4.0, BLUE);
    curve(canvas, &axes, &input.valid, 4.0, VERMILION);
    if let Some((epoch, value)) = best {
        let at = (axes.x(epoch as f64), axes.y_within(value));
        Mark::Ring.draw(canvas, at, 10.0, INK);
    }
    Ok(sheet.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Better,
        testing::{LONG, NASTY, assert_legible, assert_nothing_to_show},
    };

    fn run(train: &[f64], valid: &[f64], best_epoch: Option<usize>) -> RunCurves {
        RunCurves {
            name: LONG.to_owned(),
            objective: Objective {
                name: "R²".to_owned(),
                better: Better::Higher,
                log: false,
            },
            train: train.to_vec(),
            valid: valid.to_vec(),
            best_epoch,
        }
    }

    #[test]
    fn the_best_epoch_is_named_with_its_score() {
        let figure = run_curves(&run(&[0.1, 0.5, 0.9], &[0.1, 0.7, 0.6], Some(2))).unwrap();
        assert_legible(&figure);
        assert!(
            figure
                .description()
                .starts_with("best epoch 2, valid R² 0.7000")
        );
    }

    #[test]
    fn runs_of_any_kind_are_legible() {
        assert_legible(&run_curves(&run(&[0.5], &[], Some(1))).unwrap());
        assert_legible(&run_curves(&run(&[], &[-1e90, 0.5], Some(7))).unwrap());
        assert_legible(&run_curves(&run(&[0.5; 5], &[0.5; 500], Some(0))).unwrap());
        let mut nasty = run(&NASTY, &[0.2, f64::NAN, 0.4], Some(2));
        nasty.name = "<b>&\"x".to_owned();
        nasty.objective.log = true;
        assert_legible(&run_curves(&nasty).unwrap());
    }

    #[test]
    fn a_run_without_an_epoch_has_nothing_to_show() {
        assert_nothing_to_show(run_curves(&run(&[], &[f64::NAN], None)));
    }
}
