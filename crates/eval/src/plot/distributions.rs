//! Histograms of labels and predictions.

use super::{
    Figure, MOST_TARGETS,
    axes::{Axes, Panel},
    bins::Bins,
    canvas::{Canvas, Rect},
    colour::SHADE,
    left_out,
    scale::{Span, Tick},
    sheet::{Heading, Key, LABELS, PREDICTIONS, sheet},
};
use crate::{EvalError, Evaluation, Predictions, number::count};

const STROKE: f64 = 4.0;

/// A panel per target with the histogram of its labels (filled) below that of
/// its predictions (outlined). The counts are on a logarithmic scale, as one
/// pile-up at zero would flatten everything else. What lies outside [0, 1], or
/// outside the labels where these are no scores, is shaded.
///
/// # Errors
/// [`EvalError::Targets`] if `evaluation` is not that of `predictions`.
pub fn distributions(
    predictions: &Predictions,
    evaluation: &Evaluation,
) -> Result<Figure, EvalError> {
    evaluation.check_targets(predictions)?;
    let targets = predictions.targets().len();
    let histograms: Vec<Histogram> = (0..targets.min(MOST_TARGETS))
        .map(|target| Histogram::of(predictions, target))
        .collect();
    let mut facts = vec![format!("{} images", count(evaluation.count))];
    facts.extend(left_out(targets));
    let shaded = if histograms.iter().all(|histogram| histogram.scores) {
        "outside [0, 1]"
    } else {
        "outside [0, 1] or the labels"
    };
    let heading = Heading {
        title: format!("Labels and predictions, {} split", evaluation.split),
        facts,
        legend: vec![
            (Key::Filled(LABELS), "labels".to_owned()),
            (Key::Outlined(PREDICTIONS), "predictions".to_owned()),
            (Key::Filled(SHADE), shaded.to_owned()),
        ],
    };
    // One scale of counts for all panels, so that they can be compared.
    let most = histograms.iter().map(Histogram::most).max().unwrap_or(1);
    let (mut canvas, cells) = sheet(targets, &heading)?;
    for ((histogram, cell), name) in histograms.iter().zip(cells).zip(predictions.targets()) {
        histogram.draw(&mut canvas, cell, name, most);
    }
    Ok(Figure { canvas })
}

/// The numbers of one panel.
struct Histogram {
    bins: Bins,
    labels: Vec<u64>,
    predictions: Vec<u64>,
    /// What is not shaded: [0, 1] for `scores`, otherwise the labels' range.
    proper: Span,
    scores: bool,
    /// How many predictions are not in `proper`.
    outside: usize,
}

impl Histogram {
    fn of(predictions: &Predictions, target: usize) -> Self {
        let labels = predictions.pairs(target).map(|(label, _)| label);
        let predicted = predictions.pairs(target).map(|(_, prediction)| prediction);
        let (span, scores) = Span::of_pairs(predictions.pairs(target));
        let bins = Bins::over(span, scores);
        let proper = if scores {
            Span {
                low: 0.0,
                high: 1.0,
            }
        } else {
            range(labels.clone())
        };
        let is_outside = |value: &f64| !(proper.low..=proper.high).contains(value);
        Self {
            labels: bins.count(labels),
            predictions: bins.count(predicted.clone()),
            outside: predicted.filter(is_outside).count(),
            bins,
            proper,
            scores,
        }
    }

    /// The count of the fullest bin.
    fn most(&self) -> u64 {
        let counts = self.labels.iter().chain(&self.predictions);
        counts.copied().max().unwrap_or(1)
    }

    fn draw(&self, canvas: &mut Canvas, cell: Rect, name: &str, most: u64) {
        let bins = &self.bins;
        let subtitle = format!(
            "{} of {} predictions outside {}",
            count(self.outside as u64),
            count(self.predictions.iter().sum()),
            if self.scores { "[0, 1]" } else { "the labels" }
        );
        let axes = Panel {
            cell,
            title: name,
            subtitle: &subtitle,
            x: Span {
                low: bins.low,
                high: bins.edge(bins.count),
            }
            .widen(0.04),
            y: Span {
                low: 0.0,
                high: height(most) * 1.06,
            },
            y_ticks: Some(count_ticks(most)),
            x_title: if self.scores { "score" } else { "value" },
            y_title: "images per bin (log scale)",
            square: false,
            unshaded: Some(self.proper),
        }
        .draw(canvas);
        for (index, &images) in self.labels.iter().enumerate() {
            let (left, right) = (axes.x(bins.edge(index)), axes.x(bins.edge(index + 1)));
            let top = axes.y(height(images));
            if images > 0 {
                let bar = Rect::new(left, top, right - left, axes.area.bottom() - top);
                canvas.fill(bar, LABELS);
            }
        }
        outline(canvas, &axes, bins, &self.predictions);
    }
}

/// Steps along the tops of the bins.
fn outline(canvas: &mut Canvas, axes: &Axes, bins: &Bins, counts: &[u64]) {
    let mut y = axes.y(0.0);
    for (index, &images) in counts.iter().enumerate() {
        let (left, right) = (axes.x(bins.edge(index)), axes.x(bins.edge(index + 1)));
        let next = axes.y(height(images));
        if next != y {
            canvas.line((left, y), (left, next), STROKE, PREDICTIONS);
        }
        if images > 0 {
            canvas.line((left, next), (right, next), STROKE, PREDICTIONS);
        }
        y = next;
    }
    let right = axes.x(bins.edge(bins.count));
    if y != axes.y(0.0) {
        canvas.line((right, y), (right, axes.y(0.0)), STROKE, PREDICTIONS);
    }
}

/// The height of a bar: a logarithm that is 0 for no image.
fn height(images: u64) -> f64 {
    (images as f64).ln_1p()
}

/// Ticks of 0, 1, 10, 100, … up to `most`, and between if these are few.
fn count_ticks(most: u64) -> Vec<Tick> {
    let mut marks = vec![0, 1];
    let mut power = 1_u64;
    while power < most {
        if most <= 500 {
            marks.extend([2 * power, 5 * power].iter().filter(|&&mark| mark <= most));
        }
        power = power.saturating_mul(10);
        if power <= most {
            marks.push(power);
        }
    }
    marks.sort_unstable();
    marks.dedup();
    marks
        .into_iter()
        .map(|mark| Tick {
            value: height(mark),
            label: count(mark),
        })
        .collect()
}

fn range(values: impl Iterator<Item = f64>) -> Span {
    values.fold(
        Span {
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
        },
        |span, value| Span {
            low: span.low.min(value),
            high: span.high.max(value),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::testing::{assert_legible, names, pixels_of, predictions, score, texts};

    fn figure(targets: usize, rows: usize, label: impl Fn(usize, usize) -> f64) -> Figure {
        let (predictions, evaluation) = predictions(&names(targets), rows, label);
        distributions(&predictions, &evaluation).unwrap()
    }

    #[test]
    fn every_number_of_targets_is_legible_and_shows_both_histograms() {
        for targets in 1..=10 {
            let figure = figure(targets, 50, score);
            assert_legible(&figure);
            assert!(pixels_of(&figure, LABELS.rgb) > 10_000 * targets);
            assert!(pixels_of(&figure, PREDICTIONS.rgb) > 1_000 * targets);
        }
        assert_legible(&figure(30, 5, score));
    }

    #[test]
    fn values_of_any_magnitude_are_legible() {
        for scale in [1e-12, 1e-4, 360.0, 1e6, 1e12, 1e90] {
            assert_legible(&figure(4, 20, |row, _| scale * (1.0 + row as f64)));
            assert_legible(&figure(1, 1, |_, _| scale));
        }
    }

    #[test]
    fn predictions_outside_zero_to_one_are_counted() {
        // The predictions are 0.1 sin(7 row).
        let figure = figure(1, 9, |_, _| 0.0);
        let below = (0..9).filter(|row| f64::from(row * 7).sin() < 0.0).count();
        let expected = format!("{below} of 9 predictions outside [0, 1]");
        assert!(texts(&figure).contains(&expected.as_str()));
    }

    #[test]
    fn count_ticks_are_few_for_many_images_and_close_for_few() {
        let labels = |most| -> Vec<String> {
            let ticks = count_ticks(most).into_iter();
            ticks.map(|tick| tick.label).collect()
        };
        assert_eq!(labels(1), ["0", "1"]);
        assert_eq!(labels(60), ["0", "1", "2", "5", "10", "20", "50"]);
        assert_eq!(labels(4000), ["0", "1", "10", "100", "1,000"]);
    }
}
