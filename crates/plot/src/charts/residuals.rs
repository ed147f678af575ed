//! Errors over labels.

use crate::{
    Figure, LabelRange, MOST_TARGETS, Pairs, PlotError,
    draw::{
        canvas::Canvas,
        colour::{INK, VERMILION, WHITE},
        geometry::{Point, Rect},
    },
    layout::{
        axes::Axes,
        density,
        heading::Heading,
        key::Key,
        label_bins::{bin_of, label_bins},
        mark::Mark,
        nothing::nothing,
        panel::{Axis, Panel},
        scale::Scale,
        sheet::{Grid, Sheet, counted, counted_if_any, first_of},
        span::Span,
    },
    number::{compact, signed},
};

/// What [`residuals`] draws.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Residuals {
    /// The split part, such as "test".
    pub split: String,
    /// A panel for each.
    pub targets: Vec<Pairs>,
}

/// A panel per target with a dot per image, its label to the right and its
/// residual (prediction − label) upwards, the darker the more dots are near;
/// the line of no error; and the mean residual of each bin of labels, with one
/// of its own for labels that are exactly 0, which shows where a model is
/// biased.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn residuals(input: &Residuals) -> Result<Figure, PlotError> {
    let title = format!("Residuals, {} split", input.split);
    let points: Vec<Vec<Point>> = input.targets.iter().map(residual_points).collect();
    if points.iter().all(Vec::is_empty) {
        return nothing(title, "there are no predictions");
    }
    let left_out = input.targets.iter().map(Pairs::left_out).max().unwrap_or(0);
    let heading = Heading {
        title,
        facts: vec![
            counted(points.iter().map(Vec::len).max().unwrap_or(0), "image"),
            "residual = prediction − label".to_owned(),
            counted_if_any(left_out, "image", "without numbers left out"),
            first_of(MOST_TARGETS, input.targets.len(), "targets"),
        ],
        legend: vec![
            (
                Key::MarkedLine(Mark::Disc, VERMILION),
                "mean per label bin".to_owned(),
            ),
            (Key::Line(INK, 3.0), "no error".to_owned()),
            density::legend(),
        ],
    };
    let panels = points.len().min(MOST_TARGETS);
    let mut sheet = Sheet::new(panels, Grid::wide(panels), &heading)?;
    let canvas = &mut sheet.canvas;
    // One scale for scores, so that the panels can be compared.
    let scores = points
        .iter()
        .flatten()
        .all(|(label, _)| Span::UNIT.contains(*label));
    let shared = scores.then(|| up_and_down(points.iter().flatten()));
    let axes: Vec<Axes> = input
        .targets
        .iter()
        .zip(&points)
        .zip(&sheet.cells)
        .map(|((target, points), cell)| {
            let y = shared.unwrap_or_else(|| up_and_down(points.iter()));
            panel(canvas, *cell, &target.target, points, y)
        })
        .collect();
    let panels: Vec<_> = axes.iter().zip(points).collect();
    density::scatter(canvas, &panels);
    for (axes, points) in &panels {
        let (area, zero) = (axes.area, axes.y(0.0));
        canvas.line((area.x, zero), (area.right(), zero), 2.0, INK);
        means(canvas, axes, points);
    }
    Ok(sheet.finish())
}

/// (label, residual) of every image.
fn residual_points(pairs: &Pairs) -> Vec<Point> {
    let pairs = pairs.drawable().into_iter();
    pairs
        .map(|(label, prediction)| (label, prediction - label))
        .collect()
}

/// As far up as down: a bias to one side is seen as such.
fn up_and_down<'a>(points: impl Iterator<Item = &'a Point>) -> Span {
    let sizes = points.map(|(_, residual)| residual.abs());
    let ends = sizes.flat_map(|size| [-size, size]);
    Span::of(ends).unwrap_or(Span::new(-1.0, 1.0))
}

fn panel(canvas: &mut Canvas, cell: Rect, name: &str, points: &[Point], y: Span) -> Axes {
    let (x, _) = Span::of_pairs(points.iter().map(|(label, _)| (*label, *label)));
    let subtitle = match deviation(points) {
        Some((mean, deviation)) => {
            format!("mean {}  ·  SD {}", signed(mean), compact(deviation))
        }
        None => "no images".to_owned(),
    };
    Panel {
        title: name,
        subtitle: &subtitle,
        ..Panel::new(
            cell,
            Axis::new(Scale::Linear(x.widen(0.04)), "label"),
            Axis::new(Scale::Linear(y.widen(0.04)), "residual"),
        )
    }
    .draw(canvas)
}

/// Mean and standard deviation.
fn deviation(points: &[Point]) -> Option<(f64, f64)> {
    let mean = mean(points.iter().map(|(_, residual)| *residual))?;
    let squares = points.iter().map(|(_, residual)| (residual - mean).powi(2));
    Some((mean, self::mean(squares)?.sqrt()))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// The mean residual of each bin that has images, as wide as the bin.
fn means(canvas: &mut Canvas, axes: &Axes, points: &[Point]) {
    let bins = label_bins(points.iter().map(|(label, _)| *label));
    // The zeros come last: the first bin would cover their mark.
    for (index, bin) in bins.iter().enumerate().rev() {
        let inside = points
            .iter()
            .filter(|(label, _)| bin_of(&bins, *label) == Some(index));
        let Some(mean) = mean(inside.map(|(_, residual)| *residual)) else {
            continue;
        };
        let y = axes.y(mean);
        let (left, right) = match *bin {
            LabelRange::Zero => (axes.x(0.0) - 14.0, axes.x(0.0) + 14.0),
            LabelRange::Between(low, high) => (axes.x(low), axes.x(high)),
        };
        let (left, right) = (left.max(axes.area.x), right.min(axes.area.right()));
        for (width, colour) in [(8.0, WHITE.fade(0.85)), (4.0, VERMILION)] {
            canvas.line((left, y), (right, y), width, colour);
        }
        Mark::Disc.draw_rimmed(canvas, ((left + right) / 2.0, y), 6.0, VERMILION);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        assert_legible, assert_nothing_to_show, names, pairs, pixels_of, score, texts,
    };

    fn figure(targets: usize, rows: usize, label: impl Fn(usize, usize) -> f64) -> Figure {
        let input = Residuals {
            split: "valid".to_owned(),
            targets: pairs(&names(targets), rows, label),
        };
        residuals(&input).unwrap()
    }

    #[test]
    fn every_number_of_targets_is_legible_and_shows_the_means() {
        for targets in [1, 2, 3, 10, 30] {
            let figure = figure(targets, 60, score);
            assert_legible(&figure);
            assert!(pixels_of(&figure, VERMILION.rgb) > 400 * targets.min(24));
        }
    }

    #[test]
    fn labels_of_any_magnitude_are_legible() {
        for scale in [1e-12, 360.0, 1e12, 1e90] {
            assert_legible(&figure(2, 20, |row, _| scale * (row as f64 - 9.0)));
            assert_legible(&figure(1, 1, |_, _| scale));
        }
    }

    #[test]
    fn a_bias_is_said_in_the_subtitle() {
        let input = Residuals {
            targets: vec![Pairs {
                labels: vec![0.0, 0.5, 1.0],
                predictions: vec![0.25, 0.75, 1.25],
                ..Pairs::default()
            }],
            ..Residuals::default()
        };
        let figure = residuals(&input).unwrap();
        assert!(texts(&figure).contains(&"mean +0.25  ·  SD 0"));
    }

    #[test]
    fn without_usable_numbers_there_is_nothing_to_show() {
        assert_nothing_to_show(residuals(&Residuals::default()));
        let some = figure(2, 9, |row, _| if row < 2 { f64::NAN } else { 0.5 });
        assert_legible(&some);
        assert!(some.description().contains("2 images without numbers"));
    }
}
