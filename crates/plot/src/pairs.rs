//! Labels and predictions.

use crate::{
    draw::Point,
    layout::{Heading, MOST_TARGETS, drawable, in_order},
    number::counted,
};

/// The labels of a target, and what a model predicted for the same images.
///
/// A pair with a number that cannot be drawn (NaN, infinite, or beyond 1e150)
/// is left out of a figure, which says how many were.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pairs {
    /// The target's name.
    pub target: String,
    /// The true scores, one per image.
    pub labels: Vec<f64>,
    /// The model's scores, one per image in the same order.
    pub predictions: Vec<f64>,
    /// How good the predictions are, to stand above the panel.
    pub metrics: Option<Metrics>,
}

/// The predictions of a model for a part of a split.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predicted {
    /// The split part, such as "test".
    pub split: String,
    /// A panel is drawn for each of the first 24.
    pub targets: Vec<Pairs>,
}

/// How good some predictions are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    /// The mean squared error.
    pub mse: f64,
    /// The coefficient of determination; none where the labels are all the same.
    pub r2: Option<f64>,
}

/// From the low to the high end of what is likely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The low end.
    pub low: f64,
    /// The high end.
    pub high: f64,
}

impl Pairs {
    /// (label, prediction) of every image for which both can be drawn.
    pub(crate) fn drawable(&self) -> Vec<Point> {
        let pairs = self.labels.iter().zip(&self.predictions);
        pairs
            .filter_map(|(label, prediction)| Some((drawable(*label)?, drawable(*prediction)?)))
            .collect()
    }

    /// How many images are not among those that are `drawable`.
    fn left_out(&self, drawable: &[Point]) -> usize {
        self.labels.len().max(self.predictions.len()) - drawable.len()
    }
}

/// "4,000 images": the most that any target has, of the `drawable` ones of each.
pub(crate) fn images(drawable: &[Vec<Point>]) -> String {
    counted(drawable.iter().map(Vec::len).max().unwrap_or(0), "image")
}

impl Heading {
    /// Adds how many images and targets are not shown; `drawable` are the
    /// points of each target that can be drawn.
    pub(crate) fn left_out(self, targets: &[Pairs], drawable: &[Vec<Point>]) -> Self {
        let left_out = targets.iter().zip(drawable);
        let left_out = left_out.map(|(target, drawable)| target.left_out(drawable));
        let left_out = left_out.max().unwrap_or(0);
        self.counted(left_out, "image", "without numbers left out")
            .first_of(MOST_TARGETS, targets.len(), "targets")
    }
}

impl Interval {
    /// The interval, its ends in order, if both can be drawn.
    pub(crate) fn drawable(self) -> Option<(f64, f64)> {
        in_order(self.low, self.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_with_a_number_that_cannot_be_drawn_are_left_out_and_counted() {
        let pairs = Pairs {
            labels: vec![0.0, f64::NAN, 0.5, 0.6],
            predictions: vec![0.1, 0.2, f64::INFINITY],
            ..Pairs::default()
        };
        let drawable = pairs.drawable();
        assert_eq!(drawable, [(0.0, 0.1)]);
        assert_eq!(pairs.left_out(&drawable), 3);
    }

    #[test]
    fn an_interval_is_turned_the_right_way_round() {
        let interval = Interval {
            low: 3.0,
            high: 1.0,
        };
        assert_eq!(interval.drawable(), Some((1.0, 3.0)));
    }
}
