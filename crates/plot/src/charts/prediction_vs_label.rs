//! Predictions over labels.

use crate::{
    Figure, MOST_TARGETS, Metrics, Pairs, PlotError, Predicted,
    draw::{Point, colour::INK},
    layout::{Axis, Grid, Heading, Key, Panel, Span, first, panel_names},
    number::{printed, printed_r2},
    pairs::images,
};

/// What [`prediction_vs_label`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PredictionVsLabel {
    /// The predictions with their labels.
    pub predicted: Predicted,
    /// Over all targets.
    pub overall: Option<Metrics>,
    /// The MSE of always predicting the training mean, over all targets.
    pub baseline_mse: Option<f64>,
}

/// A panel per target with a dot per image, its label to the right and its
/// prediction upwards, and the line on which both are equal. A dot is the
/// darker the more dots are near, by the logarithm of their number, so that a
/// pile-up shows. Targets whose labels are all in [0, 1] show at least that
/// range.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn prediction_vs_label(input: &PredictionVsLabel) -> Result<Figure, PlotError> {
    let Predicted { split, targets } = &input.predicted;
    let mut points: Vec<Vec<Point>> = targets.iter().map(Pairs::drawable).collect();
    let overall = metrics(input.overall, ", ");
    let baseline = input.baseline_mse.map(printed);
    let heading = Heading::new(format!("Prediction vs. label, {split} split"))
        .fact(images(&points))
        .facts(overall.map(|overall| format!("overall {overall}")))
        .facts(baseline.map(|mse| format!("predict the training mean: MSE {mse}")))
        .left_out(targets, &points)
        .key(Key::Line(INK, 3.0), "prediction = label");
    points.truncate(MOST_TARGETS);
    let targets = first(MOST_TARGETS, targets);
    if points.iter().all(Vec::is_empty) {
        return heading.nothing("there are no predictions");
    }
    let grid = Grid::squares(targets.len());
    let names: Vec<String> = targets.iter().map(|target| target.target.clone()).collect();
    let names = panel_names(&names, grid.columns);
    // One scale for scores, so that the panels can be compared.
    let (all, scores) = Span::of_pairs(points.iter().flatten().copied());
    let panels = names.into_iter().zip(targets).zip(points);
    let panels = panels.map(|((name, target), points)| {
        let own = || Span::of_pairs(points.iter().copied()).0;
        let span = if scores { all } else { own() }.widen(0.04);
        let axis = |title| Axis::linear(span, title);
        let panel = Panel {
            square: true,
            ..Panel::new(axis("label"), axis("prediction"))
        };
        let subtitle = metrics(target.metrics, "  ·  ").unwrap_or_default();
        (panel.titled(name, subtitle), points)
    });
    heading.scatter(grid, panels.collect(), |canvas, axes, _| {
        axes.draw_diagonal(canvas);
    })
}

fn metrics(metrics: Option<Metrics>, between: &str) -> Option<String> {
    let Metrics { mse, r2 } = metrics?;
    let (r2, mse) = (printed_r2(r2), printed(mse));
    Some(format!("R² {r2}{between}MSE {mse}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{draw::ramp::density, testing::*};

    fn input(predicted: Predicted) -> PredictionVsLabel {
        PredictionVsLabel {
            predicted,
            overall: Some(Metrics {
                mse: 0.01,
                r2: Some(-0.5),
            }),
            baseline_mse: Some(0.1),
        }
    }

    fn figure(predicted: Predicted) -> Result<Figure, PlotError> {
        prediction_vs_label(&input(predicted))
    }

    fn dots_of(figure: &Figure) -> Vec<String> {
        attributes(figure, "circle", "fill")
    }

    #[test]
    fn every_number_of_targets_is_legible() {
        for targets in 1..=10 {
            let figure = assert_legible(figure(predicted(targets, 50, score)));
            assert!(dots_of(&figure).len() > 40 * targets);
        }
        let many = assert_legible(figure(predicted(30, 5, score)));
        assert_says(&many, "first 24 of 30 targets");
    }

    #[test]
    fn labels_of_any_magnitude_are_legible() {
        for scale in [1e-12, 1e-4, 360.0, 1e6, 1e12, 1e90] {
            let label = |row: usize, _| scale * (1.0 + row as f64);
            assert_legible(figure(predicted(4, 20, label)));
            assert_legible(figure(predicted(1, 20, |row, _| scale + 1e-3 * row as f64)));
        }
    }

    #[test]
    fn a_single_row_is_legible_and_its_r2_undefined() {
        let mut input = input(predicted(1, 1, |_, _| 0.5));
        input.predicted.targets[0].metrics = Some(Metrics {
            mse: 0.01,
            r2: None,
        });
        let figure = assert_legible(prediction_vs_label(&input));
        let mut texts = texts(&figure).into_iter();
        assert!(texts.any(|text| text.starts_with("R² undefined")));
    }

    #[test]
    fn a_pile_up_is_darker_than_a_lonely_dot_and_drawn_above_it() {
        let figure = figure(predicted(1, 500, |row, _| if row == 0 { 0.9 } else { 0.0 })).unwrap();
        let dots = dots_of(&figure);
        assert_eq!(dots.first(), Some(&density(0.0).hex()));
        assert_eq!(dots.last(), Some(&density(1.0).hex()));
    }

    #[test]
    fn without_usable_numbers_there_is_nothing_to_show() {
        assert_nothing_to_show(prediction_vs_label(&PredictionVsLabel::default()));
        assert_nothing_to_show(figure(predicted(2, 3, |_, _| f64::NAN)));
        let some = predicted(2, 9, |row, _| if row < 2 { f64::MAX } else { 0.5 });
        let some = assert_legible(figure(some));
        assert_says(&some, "2 images without numbers");
    }
}
