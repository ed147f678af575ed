//! Predictions over labels.

use super::{
    Figure,
    axes::{Axes, Panel},
    canvas::{Canvas, Rect},
    colour::{INK, density},
    density::{Dot, dots},
    left_out,
    scale::Span,
    sheet::{Heading, Key, sheet},
};
use crate::{
    EvalError, Evaluation, Predictions,
    number::{count, r2, short},
};

const RADIUS: f64 = 5.0;

/// A panel per target with a dot per image, its label to the right and its
/// prediction upwards, and the line on which both are equal. A dot is the
/// darker the more dots are near, by the logarithm of their number, so that a
/// pile-up shows. Targets whose labels are all in [0, 1] show at least that
/// range.
///
/// # Errors
/// [`EvalError::Targets`] if `evaluation` is not that of `predictions`.
pub fn prediction_vs_label(
    predictions: &Predictions,
    evaluation: &Evaluation,
) -> Result<Figure, EvalError> {
    evaluation.check_targets(predictions)?;
    let heading = Heading {
        title: format!("Prediction vs. label, {} split", evaluation.split),
        facts: facts(evaluation),
        legend: vec![
            (Key::Line(INK), "prediction = label".to_owned()),
            (
                Key::Ramp,
                "few to many images nearby (log scale)".to_owned(),
            ),
        ],
    };
    let (mut canvas, cells) = sheet(predictions.targets().len(), &heading)?;
    let panels: Vec<(Axes, Vec<Dot>)> = cells
        .iter()
        .enumerate()
        .map(|(target, &cell)| panel(&mut canvas, cell, predictions, evaluation, target))
        .collect();
    // One scale of colours for all panels, so that they can be compared.
    let most = panels
        .iter()
        .filter_map(|(_, dots)| dots.last())
        .map(|dot| dot.neighbours)
        .max()
        .unwrap_or(1);
    for (axes, dots) in panels {
        for dot in dots {
            let share = f64::from(dot.neighbours).ln() / f64::from(most.max(2)).ln();
            let at = (
                axes.area.x + f64::from(dot.x),
                axes.area.y + f64::from(dot.y),
            );
            canvas.disc(at, RADIUS, density(share).fade(0.85));
        }
        identity(&mut canvas, &axes);
    }
    Ok(Figure { canvas })
}

fn facts(evaluation: &Evaluation) -> Vec<String> {
    let (model, baseline) = (&evaluation.overall.model, &evaluation.overall.baseline);
    let mut facts = vec![
        format!("{} images", count(evaluation.count)),
        format!("overall R² {}, MSE {}", r2(model.r2), short(model.mse)),
        format!("predict the training mean: MSE {}", short(baseline.mse)),
    ];
    facts.extend(left_out(evaluation.targets.len()));
    facts
}

/// Draws the frame; the dots come with their places inside it.
fn panel(
    canvas: &mut Canvas,
    cell: Rect,
    predictions: &Predictions,
    evaluation: &Evaluation,
    target: usize,
) -> (Axes, Vec<Dot>) {
    let pairs = predictions.pairs(target);
    let span = Span::of_pairs(pairs.clone()).0.widen(0.04);
    let metrics = &evaluation.targets[target].model;
    let axes = Panel {
        cell,
        title: &predictions.targets()[target],
        subtitle: &format!("R² {}  ·  MSE {}", r2(metrics.r2), short(metrics.mse)),
        x: span,
        y: span,
        y_ticks: None,
        x_title: "label",
        y_title: "prediction",
        square: true,
        unshaded: None,
    }
    .draw(canvas);
    let area = axes.area;
    let pixels: Vec<_> = pairs
        .map(|(label, prediction)| (axes.x(label) - area.x, axes.y(prediction) - area.y))
        .collect();
    let dots = dots(&pixels, (area.width, area.height));
    (axes, dots)
}

fn identity(canvas: &mut Canvas, axes: &Axes) {
    let area = axes.area;
    let (from, to) = ((area.x, area.bottom()), (area.right(), area.y));
    canvas.line(from, to, 2.0, INK.fade(0.8));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{
        canvas::Shape,
        testing::{assert_legible, names, predictions, score, texts},
    };

    fn figure(targets: usize, rows: usize, label: impl Fn(usize, usize) -> f64) -> Figure {
        let (predictions, evaluation) = predictions(&names(targets), rows, label);
        prediction_vs_label(&predictions, &evaluation).unwrap()
    }

    fn dots_of(figure: &Figure) -> Vec<crate::plot::colour::Colour> {
        let shapes = figure.canvas.shapes.iter();
        shapes
            .filter_map(|shape| match shape {
                Shape::Disc { colour, .. } => Some(*colour),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn every_number_of_targets_is_legible() {
        for targets in 1..=10 {
            let figure = figure(targets, 50, score);
            assert_legible(&figure);
            assert!(dots_of(&figure).len() > 40 * targets);
        }
        let many = figure(30, 5, score);
        assert_legible(&many);
        assert!(
            texts(&many)
                .iter()
                .any(|text| text.contains("first 24 of 30 targets"))
        );
    }

    #[test]
    fn labels_of_any_magnitude_are_legible() {
        for scale in [1e-12, 1e-4, 360.0, 1e6, 1e12, 1e90] {
            assert_legible(&figure(4, 20, |row, _| scale * (1.0 + row as f64)));
            assert_legible(&figure(1, 20, |row, _| scale + 1e-3 * row as f64));
        }
    }

    #[test]
    fn a_single_row_is_legible_and_its_r2_undefined() {
        let figure = figure(1, 1, |_, _| 0.5);
        assert_legible(&figure);
        let mut texts = texts(&figure).into_iter();
        assert!(texts.any(|text| text.starts_with("R² undefined")));
    }

    #[test]
    fn a_pile_up_is_darker_than_a_lonely_dot_and_drawn_above_it() {
        let figure = figure(1, 500, |row, _| if row == 0 { 0.9 } else { 0.0 });
        let dots = dots_of(&figure);
        assert_eq!(dots.first(), Some(&density(0.0).fade(0.85)));
        assert_eq!(dots.last(), Some(&density(1.0).fade(0.85)));
    }

    #[test]
    fn an_evaluation_of_other_targets_is_refused() {
        let (of_a, _) = predictions(&["a"], 3, score);
        let (_, of_b) = predictions(&["b"], 3, score);
        let error = prediction_vs_label(&of_a, &of_b).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"the evaluation is for ["b"], but the predictions for ["a"]"#
        );
    }
}
