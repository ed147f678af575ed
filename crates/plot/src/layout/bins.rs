//! Counts of values in bins of equal width.

use super::{Span, tick::round_step};

/// Bins whose edges are multiples of a round width, so that 0 is an edge, and 1
/// where the bins are no wider.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bins {
    pub(crate) low: f64,
    pub(crate) width: f64,
    pub(crate) count: usize,
    /// Whether 1 is the greatest proper value; as an edge it belongs to the bin
    /// below.
    scores: bool,
}

/// About so many bins.
const WANTED: f64 = 40.0;

impl Bins {
    pub(crate) fn over(span: Span, scores: bool) -> Self {
        // A few predictions just outside [0, 1] must not make the bins coarser.
        let length = match span.length() {
            near if scores && near < 1.5 => 1.0,
            length => length,
        };
        Self {
            scores,
            ..Self::of_width(span, round_step(length / WANTED), 100.0)
        }
    }

    /// Bins of this width over `span`, `most` at most.
    pub(super) fn of_width(span: Span, width: f64, most: f64) -> Self {
        let first = (span.low / width + 1e-9).floor();
        let last = (span.high / width - 1e-9).ceil();
        Self {
            low: first * width,
            width,
            count: (last - first).clamp(1.0, most) as usize,
            scores: false,
        }
    }

    /// The left edge of the bin with this index, or the right edge of the one
    /// before.
    pub(crate) fn edge(&self, index: usize) -> f64 {
        self.low + index as f64 * self.width
    }

    pub(crate) fn count(&self, values: impl Iterator<Item = f64>) -> Vec<u64> {
        let mut counts = vec![0; self.count];
        let place = |value: f64| ((value - self.low) / self.width + 1e-9).floor().max(0.0);
        let one = place(1.0) as usize;
        let one_is_an_edge = (self.edge(one) - 1.0).abs() < 1e-6 * self.width;
        for value in values {
            let below = self.scores && value == 1.0 && one_is_an_edge;
            let index = (place(value) as usize).saturating_sub(usize::from(below));
            counts[index.min(self.count - 1)] += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_fall_into_forty_bins_of_zero_to_one_with_both_ends_inside() {
        let bins = Bins::over(Span::UNIT, true);
        assert_eq!((bins.low, bins.width, bins.count), (0.0, 0.025, 40));
        let counts = bins.count([0.0, 0.0249, 0.3, 1.0].into_iter());
        assert_eq!((counts[0], counts[12], counts[39]), (2, 1, 1));
    }

    #[test]
    fn predictions_outside_zero_to_one_get_bins_of_their_own() {
        let bins = Bins::over(Span::new(-0.06, 1.01), true);
        assert_eq!(bins.width, 0.025);
        let counts = bins.count([-0.06, -0.001, 0.0, 1.0, 1.01].into_iter());
        assert_eq!(counts.iter().sum::<u64>(), 5);
        assert!((bins.edge(3)).abs() < 1e-12);
        assert_eq!(counts[..4], [1, 0, 1, 1]);
        assert_eq!(counts[42..], [1, 1]);
    }

    #[test]
    fn one_stays_in_its_bin_where_it_is_no_edge() {
        // Bins of 2.5: 0 to 2.5 has both labels.
        let bins = Bins::over(Span::new(-80.0, 1.0), true);
        let counts = bins.count([0.5, 1.0].into_iter());
        assert_eq!((bins.width, counts.last()), (2.5, Some(&2)));
        // Bins of 0.25 and of 1: 1 is an edge.
        for low in [-8.0, -30.0] {
            let bins = Bins::over(Span::new(low, 1.0), true);
            let counts = bins.count([bins.edge(bins.count) - 1.5 * bins.width, 1.0].into_iter());
            assert_eq!(counts[bins.count - 2..], [1, 1], "{bins:?}");
        }
    }

    #[test]
    fn nothing_is_lost_at_any_magnitude() {
        for value in [1e-9, 1e6, -1e30] {
            let (span, scores) = Span::of_pairs([(value, value)].into_iter());
            let counts = Bins::over(span, scores).count([value].into_iter());
            assert_eq!(counts.iter().sum::<u64>(), 1);
        }
    }
}
