//! Mean and spread of a stream of values.

use serde::{Deserialize, Serialize};

use crate::sum::Sum;

/// Welford's running mean and sum of squared deviations, merged after Chan,
/// Golub and LeVeque (1979).
///
/// Everything is kept relative to the first value, so that labels with a large
/// common offset (1e6 plus small noise) keep their digits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Moments {
    count: u64,
    /// The first value: the origin of `mean`.
    origin: f64,
    /// The mean less `origin`.
    mean: f64,
    /// Sum of squared deviations from the mean.
    squares: Sum,
}

impl Moments {
    pub(crate) fn push(&mut self, value: f64) {
        if self.count == 0 {
            self.origin = value;
        }
        self.count += 1;
        let shifted = value - self.origin;
        let before = shifted - self.mean;
        self.mean += before / self.count as f64;
        self.squares.add(before * (shifted - self.mean));
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = other.clone();
            return;
        }
        let (ours, theirs) = (self.count as f64, other.count as f64);
        let apart = self.apart(other);
        self.count += other.count;
        self.mean += apart * (theirs / (ours + theirs));
        self.squares.merge(&other.squares);
        self.squares
            .add(apart * apart * (ours / (ours + theirs)) * theirs);
    }

    pub(crate) fn mean(&self) -> f64 {
        self.origin + self.mean
    }

    /// `value` less the mean, without the rounding of the mean itself; 0 before
    /// the first value.
    pub(crate) fn deviation(&self, value: f64) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        (value - self.origin) - self.mean
    }

    /// The mean of `other` less this one.
    pub(crate) fn apart(&self, other: &Self) -> f64 {
        (other.origin - self.origin) + (other.mean - self.mean)
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Sum of squared deviations from the mean; exactly 0 for equal values.
    pub(crate) fn squared_deviations(&self) -> f64 {
        self.squares.value().max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Moments;

    fn of(values: &[f64]) -> Moments {
        let mut moments = Moments::default();
        values.iter().for_each(|&value| moments.push(value));
        moments
    }

    #[test]
    fn equal_values_that_are_no_binary_fractions_have_no_deviation_at_all() {
        let mut moments = of(&[0.1; 1000]);
        moments.merge(&of(&[0.1; 77]));
        assert_eq!(moments.squared_deviations(), 0.0);
        assert_eq!(moments.mean(), 0.1);
    }

    #[test]
    fn a_large_offset_costs_no_digits() {
        let moments = of(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]);
        assert_eq!(moments.mean(), 1e9 + 2.0);
        assert_eq!(moments.squared_deviations(), 2.0);
    }

    #[test]
    fn merging_with_nothing_changes_nothing() {
        let some = of(&[1.0, 2.0, 4.0]);
        let mut merged = some.clone();
        merged.merge(&Moments::default());
        assert_eq!(merged, some);
        let mut empty = Moments::default();
        empty.merge(&some);
        assert_eq!(empty, some);
    }
}
