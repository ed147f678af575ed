//! Histograms of labels and predictions.

use super::{
    Figure,
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
    let mut facts = vec![format!("{} images", count(evaluation.count))];
    facts.extend(left_out(evaluation.targets.len()));
    let heading = Heading {
        title: format!("Labels and predictions, {} split", evaluation.split),
        facts,
        legend: vec![
            (Key::Filled(LABELS.fade(0.6)), "labels".to_owned()),
            (Key::Outlined(PREDICTIONS), "predictions".to_owned()),
            (Key::Filled(SHADE), "outside the labels' range".to_owned()),
        ],
    };
    let (mut canvas, cells) = sheet(predictions.targets().len(), &heading)?;
    for (target, cell) in cells.into_iter().enumerate() {
        panel(&mut canvas, cell, predictions, target);
    }
    Ok(Figure { canvas })
}

fn panel(canvas: &mut Canvas, cell: Rect, predictions: &Predictions, target: usize) {
    let pairs = predictions.pairs(target);
    let (span, scores) = Span::of_pairs(pairs.clone());
    let bins = Bins::over(span, scores);
    let labels = bins.count(pairs.clone().map(|(label, _)| label));
    let predicted = bins.count(pairs.clone().map(|(_, prediction)| prediction));
    let proper = if scores {
        Span {
            low: 0.0,
            high: 1.0,
        }
    } else {
        range(pairs.clone().map(|(label, _)| label))
    };
    let (ticks, top) = count_ticks(labels.iter().chain(&predicted).copied().max().unwrap_or(1));
    let axes = Panel {
        cell,
        title: &predictions.targets()[target],
        subtitle: &outside(pairs.map(|(_, prediction)| prediction), proper, scores),
        x: Span {
            low: bins.low,
            high: bins.edge(bins.count),
        }
        .widen(0.04),
        y: Span {
            low: 0.0,
            high: top,
        },
        y_ticks: Some(ticks),
        x_title: "score",
        y_title: "images per bin (log scale)",
        square: false,
        unshaded: Some(proper),
    }
    .draw(canvas);
    for (index, &images) in labels.iter().enumerate() {
        let (left, right) = (axes.x(bins.edge(index)), axes.x(bins.edge(index + 1)));
        let top = axes.y(height(images));
        let bar = Rect::new(left, top, right - left, axes.area.bottom() - top);
        if images > 0 {
            canvas.fill(bar, LABELS.fade(0.6));
        }
    }
    outline(canvas, &axes, &bins, &predicted);
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

/// Ticks of 0, 1, 10, 100, … (and between, for few images), and the end of the
/// axis above them.
fn count_ticks(most: u64) -> (Vec<Tick>, f64) {
    let mut marks = vec![0, 1];
    let mut power = 1_u64;
    while power < most {
        if most <= 2000 {
            marks.extend([2 * power, 5 * power].iter().filter(|&&mark| mark <= most));
        }
        power = power.saturating_mul(10);
        if power <= most {
            marks.push(power);
        }
    }
    marks.sort_unstable();
    marks.dedup();
    let ticks = marks
        .into_iter()
        .map(|mark| Tick {
            value: height(mark),
            label: count(mark),
        })
        .collect();
    (ticks, height(most.max(1)) * 1.06)
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

fn outside(predictions: impl Iterator<Item = f64>, proper: Span, scores: bool) -> String {
    let (mut all, mut out) = (0, 0);
    for prediction in predictions {
        all += 1;
        out += u64::from(!(proper.low..=proper.high).contains(&prediction));
    }
    let range = if scores { "[0, 1]" } else { "labels" };
    format!(
        "{} of {} predictions outside {range}",
        count(out),
        count(all)
    )
}
