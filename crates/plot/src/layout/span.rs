//! A stretch of an axis.

/// From `low` to `high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Larger numbers are not drawn: the length of an axis from one to the other
/// sign would be infinite.
pub(crate) const LARGEST: f64 = 1e150;

/// `value` if it has a place on an axis: not if it is NaN, infinite or beyond
/// [`LARGEST`]; what is too small for round numbers becomes 0.
pub(crate) fn drawable(value: f64) -> Option<f64> {
    let size = value.abs();
    (size <= LARGEST).then_some(if size < 1.0 / LARGEST { 0.0 } else { value })
}

/// Two numbers, the smaller one first, if both are [`drawable`].
pub(crate) fn in_order(a: f64, b: f64) -> Option<(f64, f64)> {
    let (a, b) = (drawable(a)?, drawable(b)?);
    Some((a.min(b), a.max(b)))
}

impl Span {
    pub(crate) const UNIT: Self = Self {
        low: 0.0,
        high: 1.0,
    };

    pub(crate) const fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    /// The span of the drawable `values`, with room around them if they are the
    /// same; none if there is none.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values = values.into_iter().filter_map(drawable);
        let first = values.next()?;
        let span = values.fold(Self::new(first, first), Self::with);
        Some(span.proper())
    }

    /// The span of all labels and predictions: all of [0, 1] and what the
    /// predictions add if the labels are scores in [0, 1], otherwise just the
    /// values. The flag says whether they are such scores.
    pub(crate) fn of_pairs(pairs: impl Iterator<Item = (f64, f64)>) -> (Self, bool) {
        let mut scores = true;
        let values = pairs.flat_map(|(label, prediction)| {
            scores &= (0.0..=1.0).contains(&label);
            [label, prediction]
        });
        let mut values: Vec<f64> = values.collect();
        if scores {
            values.extend([0.0, 1.0]);
        }
        (Self::of(values).unwrap_or(Self::UNIT), scores)
    }

    /// This span, and `value` in it.
    pub(crate) fn with(self, value: f64) -> Self {
        Self::new(self.low.min(value), self.high.max(value))
    }

    /// This span, or one around it if its ends are the same but for rounding.
    fn proper(self) -> Self {
        let Self { low, high } = self;
        if high - low > 1e-9 * low.abs().max(high.abs()) {
            return self;
        }
        let more = (0.05 * low.abs()).max(0.5);
        Self::new(low - more, high + more)
    }

    pub(crate) fn length(&self) -> f64 {
        self.high - self.low
    }

    pub(crate) fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// This span and `share` of its length on both sides.
    pub(crate) fn widen(&self, share: f64) -> Self {
        let more = share * self.length();
        Self::new(self.low - more, self.high + more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_span_zero_to_one_and_what_the_predictions_add() {
        let span = |pairs: [(f64, f64); 2]| Span::of_pairs(pairs.into_iter());
        let (scores, flag) = span([(0.2, 0.3), (0.4, -0.1)]);
        assert!(flag);
        assert_eq!(span([(0.0, 0.0); 2]), (Span::UNIT, true));
        assert_eq!(scores, Span::new(-0.1, 1.0));
        let (degrees, flag) = span([(20.0, 30.0), (40.0, 25.0)]);
        assert!(!flag);
        assert_eq!(degrees, Span::new(20.0, 40.0));
    }

    #[test]
    fn a_constant_gets_room_around_it_whatever_its_size() {
        for value in [0.0, 7.0, 1e6, -1e30, 1e-300] {
            let span = Span::of([value, value]).unwrap();
            assert!(span.low < span.high, "{value}");
        }
    }

    #[test]
    fn numbers_without_a_place_on_an_axis_are_left_out() {
        let values = [f64::NAN, 1.0, f64::INFINITY, f64::MAX, 3.0];
        assert_eq!(Span::of(values), Some(Span::new(1.0, 3.0)));
        assert_eq!(Span::of([f64::NAN]), None);
        assert_eq!(drawable(f64::MIN_POSITIVE), Some(0.0));
    }
}
