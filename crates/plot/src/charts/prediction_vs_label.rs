//! Predictions over labels.

use crate::{
    Figure, MOST_TARGETS, Metrics, Pairs, PlotError,
    draw::{canvas::Canvas, colour::INK, geometry::Rect},
    layout::{
        axes::Axes,
        density,
        heading::Heading,
        key::Key,
        names::panel_names,
        nothing::nothing,
        panel::{Axis, Panel},
        scale::Scale,
        sheet::{Grid, Sheet, counted, counted_if_any, first_of},
        span::Span,
    },
    number::{printed, printed_r2},
};

/// What [`prediction_vs_label`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PredictionVsLabel {
    /// The split part, such as "test".
    pub split: String,
    /// A panel for each.
    pub targets: Vec<Pairs>,
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
    let title = format!("Prediction vs. label, {} split", input.split);
    let points: Vec<Vec<(f64, f64)>> = input.targets.iter().map(Pairs::drawable).collect();
    if points.iter().all(Vec::is_empty) {
        return nothing(title, "there are no predictions");
    }
    let heading = Heading {
        title,
        facts: facts(input, points.iter().map(Vec::len).max().unwrap_or(0)),
        legend: vec![
            (Key::Line(INK, 3.0), "prediction = label".to_owned()),
            density::legend(),
        ],
    };
    let panels = points.len().min(MOST_TARGETS);
    let grid = Grid::squares(panels);
    let names: Vec<String> = input.targets.iter().map(|t| t.target.clone()).collect();
    let names = panel_names(&names, grid.columns);
    let mut sheet = Sheet::new(panels, grid, &heading)?;
    let canvas = &mut sheet.canvas;
    let span = |points: &mut dyn Iterator<Item = &(f64, f64)>| Span::of_pairs(points.copied());
    // One scale for scores, so that the panels can be compared.
    let shared = Some(span(&mut points.iter().flatten())).filter(|(_, scores)| *scores);
    let axes: Vec<Axes> = names
        .iter()
        .zip(&input.targets)
        .zip(&points)
        .zip(&sheet.cells)
        .map(|(((name, target), points), cell)| {
            let (span, _) = shared.unwrap_or_else(|| span(&mut points.iter()));
            panel(canvas, *cell, (name, target.metrics), span.widen(0.04))
        })
        .collect();
    let panels: Vec<_> = axes.iter().zip(points).collect();
    density::scatter(canvas, &panels);
    for (axes, _) in &panels {
        let area = axes.area;
        let (from, to) = ((area.x, area.bottom()), (area.right(), area.y));
        canvas.line(from, to, 2.0, INK.fade(0.8));
    }
    Ok(sheet.finish())
}

fn facts(input: &PredictionVsLabel, images: usize) -> Vec<String> {
    let mut facts = vec![counted(images, "image")];
    facts.extend(input.overall.map(|overall| {
        let (r2, mse) = (printed_r2(overall.r2), printed(overall.mse));
        format!("overall R² {r2}, MSE {mse}")
    }));
    let baseline = input.baseline_mse.map(printed);
    facts.extend(baseline.map(|mse| format!("predict the training mean: MSE {mse}")));
    let left_out = input.targets.iter().map(Pairs::left_out).max().unwrap_or(0);
    facts.push(counted_if_any(
        left_out,
        "image",
        "without numbers left out",
    ));
    facts.push(first_of(MOST_TARGETS, input.targets.len(), "targets"));
    facts
}

fn panel(
    canvas: &mut Canvas,
    cell: Rect,
    (name, metrics): (&str, Option<Metrics>),
    span: Span,
) -> Axes {
    let subtitle = metrics.map_or_else(String::new, |metrics| {
        let (r2, mse) = (printed_r2(metrics.r2), printed(metrics.mse));
        format!("R² {r2}  ·  MSE {mse}")
    });
    Panel {
        title: name,
        subtitle: &subtitle,
        square: true,
        ..Panel::new(
            cell,
            Axis::new(Scale::Linear(span), "label"),
            Axis::new(Scale::Linear(span), "prediction"),
        )
    }
    .draw(canvas)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        draw::{canvas::Shape, colour::Colour, ramp::density},
        testing::{assert_legible, assert_nothing_to_show, names, pairs, score, texts},
    };

    fn figure(targets: usize, rows: usize, label: impl Fn(usize, usize) -> f64) -> Figure {
        prediction_vs_label(&input(targets, rows, label)).unwrap()
    }

    fn input(
        targets: usize,
        rows: usize,
        label: impl Fn(usize, usize) -> f64,
    ) -> PredictionVsLabel {
        PredictionVsLabel {
            split: "test".to_owned(),
            targets: pairs(&names(targets), rows, label),
            overall: Some(Metrics {
                mse: 0.01,
                r2: Some(-0.5),
            }),
            baseline_mse: Some(0.1),
        }
    }

    fn dots_of(figure: &Figure) -> Vec<Colour> {
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
        assert!(many.description().contains("first 24 of 30 targets"));
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
        let mut input = input(1, 1, |_, _| 0.5);
        input.targets[0].metrics = Some(Metrics {
            mse: 0.01,
            r2: None,
        });
        let figure = prediction_vs_label(&input).unwrap();
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
    fn without_usable_numbers_there_is_nothing_to_show() {
        assert_nothing_to_show(prediction_vs_label(&PredictionVsLabel::default()));
        assert_nothing_to_show(prediction_vs_label(&input(2, 3, |_, _| f64::NAN)));
        let some = figure(2, 9, |row, _| if row < 2 { f64::MAX } else { 0.5 });
        assert_legible(&some);
        assert!(some.description().contains("2 images without numbers"));
    }
}
