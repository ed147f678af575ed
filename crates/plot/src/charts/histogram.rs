//! One target's labels and predictions, counted.

use std::iter;

use crate::{
    draw::{Canvas, Point, Rect},
    layout::{
        Axes, Axis, Panel, Span, Tick, Ticks,
        bins::Bins,
        style::{LABELS, PREDICTIONS},
    },
    number::count,
};

const STROKE: f64 = 4.0;

/// The numbers of one panel.
pub(super) struct Histogram<'a> {
    name: &'a str,
    bins: Bins,
    labels: Vec<u64>,
    predictions: Vec<u64>,
    /// What is not shaded: [0, 1] for `scores`, otherwise the labels' range.
    proper: Span,
    pub(super) scores: bool,
    /// How many predictions are not in `proper`.
    outside: usize,
}

impl<'a> Histogram<'a> {
    /// Of (label, prediction) pairs that can be drawn.
    pub(super) fn of(name: &'a str, pairs: &[Point]) -> Self {
        let labels = pairs.iter().map(|(label, _)| *label);
        let predicted = pairs.iter().map(|(_, prediction)| *prediction);
        let (span, scores) = Span::of_pairs(pairs.iter().copied());
        let bins = Bins::over(span, scores);
        let proper = if scores {
            Span::UNIT
        } else {
            let all = Span::new(f64::INFINITY, f64::NEG_INFINITY);
            labels.clone().fold(all, Span::with)
        };
        Self {
            name,
            labels: bins.count(labels),
            predictions: bins.count(predicted.clone()),
            outside: predicted.filter(|value| !proper.contains(*value)).count(),
            bins,
            proper,
            scores,
        }
    }

    /// The count of the fullest bin.
    pub(super) fn most(&self) -> u64 {
        let counts = self.labels.iter().chain(&self.predictions);
        counts.copied().max().unwrap_or(0)
    }

    pub(super) fn panel(&self, most: u64) -> Panel {
        let subtitle = format!(
            "{} of {} predictions outside {}",
            count(self.outside as u64),
            count(self.predictions.iter().sum()),
            if self.scores { "[0, 1]" } else { "the labels" }
        );
        let x = Span::new(self.bins.low, self.bins.edge(self.bins.count)).widen(0.04);
        let x = Axis::linear(x, if self.scores { "score" } else { "value" });
        let y = Span::new(0.0, height(most) * 1.06);
        let y = Axis::linear(y, "images per bin (log scale)");
        Panel {
            unshaded: Some(self.proper),
            ..Panel::new(x, y.with(Ticks::Choices(count_ticks(most)))).titled(self.name, subtitle)
        }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, axes: &Axes) {
        let bins = &self.bins;
        for (index, &images) in self.labels.iter().enumerate() {
            if images == 0 {
                continue;
            }
            let (left, mut right) = (axes.x(bins.edge(index)), axes.x(bins.edge(index + 1)));
            // A little below its neighbour: two edges side by side would let the
            // paper through where the figure is scaled.
            if self.labels.get(index + 1).is_some_and(|next| *next > 0) {
                right += 1.0;
            }
            let top = axes.y(height(images));
            let bar = Rect::new(left, top, right - left, axes.area.bottom() - top);
            canvas.fill(bar, LABELS);
        }
        outline(canvas, axes, bins, &self.predictions);
    }
}

/// Steps along the tops of the bins with images.
fn outline(canvas: &mut Canvas, axes: &Axes, bins: &Bins, counts: &[u64]) {
    // Upright and level lines are sharp on whole pixels.
    let x = |edge: usize| axes.x(bins.edge(edge)).round();
    let foot = axes.y(0.0).round();
    let filled: Vec<usize> = (0..counts.len()).filter(|bin| counts[*bin] > 0).collect();
    for run in filled.chunk_by(|bin, next| bin + 1 == *next) {
        let mut corners = vec![(x(run[0]), foot)];
        for bin in run {
            let y = axes.y(height(counts[*bin])).round();
            corners.extend([(x(*bin), y), (x(bin + 1), y)]);
        }
        corners.push((x(run[0] + run.len()), foot));
        canvas.path(corners, STROKE, PREDICTIONS);
    }
}

/// The height of a bar: a logarithm that is 0 for no image.
fn height(images: u64) -> f64 {
    (images as f64).ln_1p()
}

/// Ticks of 0 and 1, 2, 5, 10, … up to `most` where that is little, and ever
/// fewer: the powers of ten, those from 10, and the highest. Round numbers of the
/// scale would be logarithms.
fn count_ticks(most: u64) -> Vec<Vec<Tick>> {
    let powers = iter::successors(Some(1_u64), |power| power.checked_mul(10));
    let powers: Vec<u64> = powers.take_while(|power| *power <= most.max(1)).collect();
    let mut choices = vec![
        powers.clone(),
        powers[powers.len().min(2) - 1..].to_vec(),
        powers[powers.len() - 1..].to_vec(),
    ];
    if most <= 500 {
        let close = powers
            .iter()
            .flat_map(|power| [1, 2, 5].map(|factor| factor * power));
        choices.insert(0, close.filter(|mark| *mark <= most.max(1)).collect());
    }
    let tick = |mark: u64| Tick::new(height(mark), count(mark));
    let ticks = |marks: Vec<u64>| iter::once(0).chain(marks).map(tick).collect();
    choices.into_iter().map(ticks).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{draw::text::Text, testing::labels};

    #[test]
    fn count_ticks_are_few_for_many_images_and_close_for_few() {
        let labels = |most| labels(count_ticks(most).swap_remove(0));
        assert_eq!(labels(1), ["0", "1"]);
        assert_eq!(labels(60), ["0", "1", "2", "5", "10", "20", "50"]);
        assert_eq!(labels(4000), ["0", "1", "10", "100", "1,000"]);
    }

    #[test]
    fn the_counts_have_numbers_whatever_the_fullest_bin_holds() {
        let histogram = Histogram::of("hood", &[(0.5, 0.5)]);
        let large = (4..=15).map(|power| 10_u64.pow(power));
        for most in (1..=3000).chain(large) {
            let mut canvas = Canvas::new(728.0, 520.0).unwrap();
            let cell = Rect::new(0.0, 0.0, 728.0, 520.0);
            histogram.panel(most).draw(&mut canvas, cell);
            let texts = canvas.texts.iter();
            let count = |text: &Text| text.content.replace(',', "").parse::<u64>().ok();
            let counts: Vec<u64> = texts.filter_map(count).collect();
            assert_eq!(counts.first(), Some(&0), "{most}");
            // The highest power of ten at least.
            assert!(counts.last().unwrap() * 10 > most, "{most}: {counts:?}");
        }
    }
}
