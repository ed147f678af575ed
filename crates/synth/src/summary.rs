//! The label statistics of a data set.

use std::fmt;

/// The statistics of one target.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TargetSummary {
    /// Mean score.
    pub mean: f64,
    /// Images that score exactly 0.
    pub zeros: usize,
    /// Images that score above 0.88.
    pub good: usize,
}

/// The statistics of a data set's labels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// Images.
    pub count: usize,
    /// `perspective_score_hood`.
    pub hood: TargetSummary,
    /// `perspective_score_backdoor_left`.
    pub backdoor_left: TargetSummary,
    /// Images with both scores 0.
    pub both_zero: usize,
    /// Images with both scores above 0.
    pub both_nonzero: usize,
}

impl Summary {
    /// The statistics of `(hood, backdoor_left)` pairs.
    #[must_use]
    pub fn of(scores: &[(f32, f32)]) -> Self {
        let target = |pick: fn(&(f32, f32)) -> f32| {
            let values = || scores.iter().map(pick);
            TargetSummary {
                mean: values().map(f64::from).sum::<f64>() / scores.len().max(1) as f64,
                zeros: values().filter(|&v| v == 0.0).count(),
                good: values().filter(|&v| v > 0.88).count(),
            }
        };
        Self {
            count: scores.len(),
            hood: target(|s| s.0),
            backdoor_left: target(|s| s.1),
            both_zero: scores.iter().filter(|s| s.0 == 0.0 && s.1 == 0.0).count(),
            both_nonzero: scores.iter().filter(|s| s.0 > 0.0 && s.1 > 0.0).count(),
        }
    }
}

impl fmt::Display for Summary {
    /// One line: `1500 images; hood mean 0.30, 51 % zero; …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |n: usize| 100.0 * n as f64 / self.count.max(1) as f64;
        let images = if self.count == 1 { "image" } else { "images" };
        write!(
            f,
            "{} {images}; hood mean {:.2}, {:.0} % zero; backdoor_left mean {:.2}, {:.0} % zero; \
             both zero {:.0} %, both non-zero {:.0} %",
            self.count,
            self.hood.mean,
            percent(self.hood.zeros),
            self.backdoor_left.mean,
            percent(self.backdoor_left.zeros),
            percent(self.both_zero),
            percent(self.both_nonzero),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_zeros_and_means() {
        let summary = Summary::of(&[(0.0, 0.0), (0.9, 0.5), (0.0, 0.1)]);
        assert_eq!((summary.both_zero, summary.both_nonzero), (1, 1));
        assert_eq!((summary.hood.zeros, summary.hood.good), (2, 1));
        assert!((summary.backdoor_left.mean - 0.2).abs() < 1e-6);
    }

    #[test]
    fn no_images_make_a_summary_of_zeros() {
        assert_eq!(Summary::of(&[]), Summary::default());
    }
}
