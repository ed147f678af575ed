//! A sum that does not lose small terms.

use serde::{Deserialize, Serialize};

/// Neumaier's compensated sum: its error is about one rounding of the result,
/// whatever the number of terms (A. Neumaier, 1974, *Rundungsfehleranalyse
/// einiger Verfahren zur Summation endlicher Summen*).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sum {
    total: f64,
    lost: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, term: f64) {
        let total = self.total + term;
        self.lost += if self.total.abs() >= term.abs() {
            (self.total - total) + term
        } else {
            (term - total) + self.total
        };
        self.total = total;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.add(other.total);
        self.add(other.lost);
    }

    pub(crate) fn value(&self) -> f64 {
        self.total + self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn a_small_term_survives_between_two_large_ones() {
        let mut sum = Sum::default();
        for term in [1.0, 1e100, 1.0, -1e100] {
            sum.add(term);
        }
        assert_eq!(sum.value(), 2.0);
    }

    #[test]
    fn a_tenth_added_a_million_times_is_a_hundred_thousand() {
        let mut sum = Sum::default();
        for _ in 0..1_000_000 {
            sum.add(0.1);
        }
        assert!((sum.value() - 1e5).abs() < 1e-9, "{}", sum.value());
    }
}
