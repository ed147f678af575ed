//! Errors over labels.

use crate::{
    Figure, LabelRange, MOST_TARGETS, Pairs, PlotError, Predicted,
    draw::{
        Canvas, Point,
        colour::{INK, VERMILION, WHITE},
    },
    layout::{
        Axes, Axis, Grid, Heading, Key, Mark, Panel, Span, first,
        label_bins::{bin_of, label_bins},
    },
    number::{compact, signed},
    pairs::images,
};

/// A panel per target with a dot per image, its label to the right and its
/// residual (prediction − label) upwards, the darker the more dots are near;
/// the line of no error; and the mean residual of each bin of labels, with one
/// of its own for labels that are exactly 0, which shows where a model is
/// biased.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn residuals(input: &Predicted) -> Result<Figure, PlotError> {
    let targets = first(MOST_TARGETS, &input.targets);
    let mut points: Vec<Vec<Point>> = input.targets.iter().map(residual_points).collect();
    let heading = Heading::new(format!("Residuals, {} split", input.split))
        .fact(images(&points))
        .fact("residual = prediction − label")
        .left_out(&input.targets, &points)
        .key(Key::MarkedLine(Mark::Disc, VERMILION), "mean per label bin")
        .key(Key::Line(INK, 3.0), "no error");
    points.truncate(MOST_TARGETS);
    if points.iter().all(Vec::is_empty) {
        return heading.nothing("there are no predictions");
    }
    // One scale for scores, so that the panels can be compared.
    let all = || points.iter().flatten();
    let scores = all().all(|(label, _)| Span::UNIT.contains(*label));
    let shared = scores.then(|| up_and_down(all()));
    let panels = targets.iter().zip(points).map(|(target, points)| {
        let (x, _) = Span::of_pairs(points.iter().map(|(label, _)| (*label, *label)));
        let y = shared.unwrap_or_else(|| up_and_down(points.iter()));
        let panel = Panel::new(
            Axis::linear(x.widen(0.04), "label"),
            Axis::linear(y.widen(0.04), "residual"),
        );
        (panel.titled(&target.target, bias(&points)), points)
    });
    let grid = Grid::wide(targets.len());
    heading.scatter(grid, panels.collect(), |canvas, axes, points| {
        let (area, zero) = (axes.area, axes.y(0.0));
        canvas.line((area.x, zero), (area.right(), zero), 2.0, INK);
        means(canvas, axes, points);
    })
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

/// Mean and standard deviation of the residuals.
fn bias(points: &[Point]) -> String {
    let residuals = || points.iter().map(|(_, residual)| *residual);
    let Some(average) = mean(residuals()) else {
        return "no images".to_owned();
    };
    let variance = mean(residuals().map(|residual| (residual - average).powi(2)));
    let deviation = compact(variance.unwrap_or(0.0).sqrt());
    format!("mean {}  ·  SD {deviation}", signed(average))
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
        let inside = |(label, _): &&Point| bin_of(&bins, *label) == Some(index);
        let inside = points.iter().filter(inside);
        let Some(mean) = mean(inside.map(|(_, residual)| *residual)) else {
            continue;
        };
        let y = axes.y(mean);
        let (left, right) = match *bin {
            LabelRange::Zero => (axes.x(0.0) - 14.0, axes.x(0.0) + 14.0),
            LabelRange::Between(low, high) => (axes.x(low), axes.x(high)),
        };
        let (left, right) = (left.max(axes.area.x), right.min(axes.area.right()));
        canvas.line((left, y), (right, y), 8.0, WHITE.fade(0.85));
        canvas.line((left, y), (right, y), 4.0, VERMILION);
        Mark::Disc.draw_rimmed(canvas, ((left + right) / 2.0, y), 6.0, VERMILION);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    fn figure(predicted: Predicted) -> Result<Figure, PlotError> {
        residuals(&Predicted {
            split: "valid".to_owned(),
            ..predicted
        })
    }

    #[test]
    fn every_number_of_targets_is_legible_and_shows_the_means() {
        for targets in [1, 2, 3, 10, 30] {
            let figure = assert_legible(figure(predicted(targets, 60, score)));
            assert!(pixels_of(&figure, VERMILION.rgb) > 400 * targets.min(24));
        }
    }

    #[test]
    fn labels_of_any_magnitude_are_legible() {
        for scale in [1e-12, 360.0, 1e12, 1e90] {
            let label = |row: usize, _| scale * (row as f64 - 9.0);
            assert_legible(figure(predicted(2, 20, label)));
            assert_legible(figure(predicted(1, 1, |_, _| scale)));
        }
    }

    #[test]
    fn a_bias_is_said_in_the_subtitle() {
        let input = Predicted {
            targets: vec![Pairs {
                labels: vec![0.0, 0.5, 1.0],
                predictions: vec![0.25, 0.75, 1.25],
                ..Pairs::default()
            }],
            ..Predicted::default()
        };
        let figure = residuals(&input).unwrap();
        assert!(texts(&figure).contains(&"mean +0.25  ·  SD 0"));
    }

    #[test]
    fn without_usable_numbers_there_is_nothing_to_show() {
        assert_nothing_to_show(residuals(&Predicted::default()));
        let some = predicted(2, 9, |row, _| if row < 2 { f64::NAN } else { 0.5 });
        let some = assert_legible(figure(some));
        assert_says(&some, "2 images without numbers");
    }
}
