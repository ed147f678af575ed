//! Histograms of labels and predictions.

use super::histogram::Histogram;
use crate::{
    Figure, MOST_TARGETS, Pairs, PlotError, Predicted,
    draw::{Point, colour::SHADE},
    layout::{
        Grid, Heading, Key, first,
        style::{LABELS, PREDICTIONS},
    },
    pairs::images,
};

/// A panel per target with the histogram of its labels (filled) below that of
/// its predictions (outlined). The counts are on a logarithmic scale, as one
/// pile-up at zero would flatten everything else. What lies outside [0, 1], or
/// outside the labels where these are no scores, is shaded.
///
/// # Errors
/// [`PlotError::Draw`].
pub fn distributions(input: &Predicted) -> Result<Figure, PlotError> {
    let heading = Heading::new(format!("Labels and predictions, {} split", input.split));
    let pairs: Vec<Vec<Point>> = input.targets.iter().map(Pairs::drawable).collect();
    let histograms = first(MOST_TARGETS, &input.targets).iter().zip(&pairs);
    let histograms = histograms.map(|(target, pairs)| Histogram::of(&target.target, pairs));
    let histograms: Vec<_> = histograms.collect();
    // One scale of counts for all panels, so that they can be compared.
    let most = histograms.iter().map(Histogram::most).max().unwrap_or(0);
    if most == 0 {
        return heading.nothing("there are no predictions");
    }
    let shaded = if histograms.iter().all(|histogram| histogram.scores) {
        "outside [0, 1]"
    } else {
        "outside [0, 1] or the labels"
    };
    let grid = Grid::wide(histograms.len());
    let panels = histograms.into_iter();
    let panels = panels.map(|histogram| (histogram.panel(most), histogram));
    heading
        .fact(images(&pairs))
        .left_out(&input.targets, &pairs)
        .key(Key::Filled(LABELS), "labels")
        .key(Key::Outlined(PREDICTIONS), "predictions")
        .key(Key::Filled(SHADE), shaded)
        .facets(grid, panels.collect(), |canvas, axes, histogram| {
            histogram.draw(canvas, axes);
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    #[test]
    fn every_number_of_targets_is_legible_and_shows_both_histograms() {
        for targets in 1..=10 {
            let figure = assert_legible(distributions(&predicted(targets, 50, score)));
            assert!(pixels_of(&figure, LABELS.rgb) > 8_000 * targets);
            assert!(pixels_of(&figure, PREDICTIONS.rgb) > 1_000 * targets);
        }
        assert_legible(distributions(&predicted(30, 5, score)));
    }

    #[test]
    fn values_of_any_magnitude_are_legible() {
        for scale in [1e-12, 1e-4, 360.0, 1e6, 1e12, 1e90] {
            let label = |row: usize, _| scale * (1.0 + row as f64);
            assert_legible(distributions(&predicted(4, 20, label)));
            assert_legible(distributions(&predicted(1, 1, |_, _| scale)));
        }
    }

    #[test]
    fn predictions_outside_zero_to_one_are_counted() {
        // The predictions are 0.1 sin(7 row).
        let figure = distributions(&predicted(1, 9, |_, _| 0.0)).unwrap();
        let below = (0..9).filter(|row| f64::from(row * 7).sin() < 0.0).count();
        let expected = format!("{below} of 9 predictions outside [0, 1]");
        assert!(texts(&figure).contains(&expected.as_str()));
    }

    #[test]
    fn without_usable_numbers_there_is_nothing_to_show() {
        assert_nothing_to_show(distributions(&Predicted::default()));
        let input = Predicted {
            targets: pairs(&["a"], 3, |_, _| f64::NAN),
            ..Predicted::default()
        };
        assert_nothing_to_show(distributions(&input));
    }
}
