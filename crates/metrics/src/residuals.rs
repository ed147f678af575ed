//! Residuals that are kept, for intervals of any level.

use serde::{Deserialize, Serialize};

/// How far predictions were from the labels of calibration rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Residuals {
    /// The number of rows.
    pub count: u64,
    /// For each target |label − prediction| in ascending order, rounded up to f32: of all
    /// rows, or of some at equal distances in that order, the largest always among them.
    pub sorted: Vec<Vec<f32>>,
}

impl Residuals {
    /// The residuals of each target's labels and predictions, one pair per row. Of more than
    /// `most` rows so many are kept, at least one.
    pub fn new<T>(targets: impl IntoIterator<Item = T>, most: usize) -> Self
    where
        T: IntoIterator<Item = (f64, f64)>,
    {
        let sorted: Vec<Vec<f32>> = targets
            .into_iter()
            .map(|pairs| {
                let pairs = pairs.into_iter();
                let mut residuals: Vec<f32> = pairs.map(|(a, b)| up((a - b).abs())).collect();
                residuals.sort_unstable_by(f32::total_cmp);
                residuals
            })
            .collect();
        let count = sorted.first().map_or(0, Vec::len);
        let kept = count.min(most.max(1));
        // The last row of each of `kept` equal parts.
        let thin = |all: Vec<f32>| {
            let places = (1..=kept).map(|part| (part * count).div_ceil(kept) - 1);
            places.map(|place| all[place]).collect()
        };
        Self {
            count: count as u64,
            sorted: sorted.into_iter().map(thin).collect(),
        }
    }

    /// Half the width of a target's interval that leaves out a share `alpha` of labels; `None`
    /// where there are too few rows for it. Where not all residuals are kept, it is the next
    /// larger one that is, so that the interval holds at least as many labels.
    pub(crate) fn radius(&self, target: usize, alpha: f64) -> Option<f64> {
        let sorted = self.sorted.get(target)?;
        let place = quantile_place(self.count as usize, alpha);
        if place as u64 > self.count {
            return None;
        }
        let kept = (place - 1) as u128 * sorted.len() as u128 / u128::from(self.count);
        sorted.get(kept as usize).map(|radius| f64::from(*radius))
    }

    /// Whether they are what [`Residuals::new`] makes of `targets` targets.
    pub fn are_valid(&self, targets: usize) -> bool {
        let are_valid = |sorted: &Vec<f32>| {
            !sorted.is_empty()
                && sorted.len() as u64 <= self.count
                && sorted.is_sorted()
                && sorted.iter().all(|one| one.is_finite() && *one >= 0.0)
        };
        self.sorted.len() == targets && self.sorted.iter().all(are_valid)
    }

    /// The fewest rows for intervals that leave out a share `alpha` of labels, between 0 and 1.
    #[must_use]
    pub fn fewest(alpha: f64) -> u64 {
        let near = ((1.0 - alpha) / alpha).floor() as usize;
        let mut counts = near.saturating_sub(1)..=near.saturating_add(1);
        let fewest = counts.find(|&count| quantile_place(count, alpha) <= count);
        fewest.unwrap_or(near) as u64
    }
}

/// The nearest f32 that is not below.
fn up(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) < value {
        near.next_up()
    } else {
        near
    }
}

/// ⌈(n + 1)(1 − alpha)⌉, from 1. The product of a whole number such as 29 and
/// its rounding error must not be lifted to 30.
pub(crate) fn quantile_place(count: usize, alpha: f64) -> usize {
    let place = (count as f64 + 1.0) * (1.0 - alpha);
    ((place - 1e-9).ceil() as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn residuals(count: u32, most: usize) -> Residuals {
        // Not in order.
        let pairs = (0..count).map(|i| (f64::from((i * 7) % count + 1), 0.0));
        Residuals::new([pairs], most)
    }

    #[test]
    fn the_place_of_the_quantile_is_that_of_the_exact_product() {
        assert_eq!(quantile_place(9, 0.1), 9);
        assert_eq!(quantile_place(8, 0.1), 9);
        assert_eq!(quantile_place(10, 0.1), 10);
        // As doubles, 50 · (1 − 0.42) is 29.000000000000004.
        assert_eq!(quantile_place(49, 0.42), 29);
        assert_eq!(quantile_place(99, 0.71), 29);
        assert_eq!(quantile_place(1, 0.999), 1);
    }

    #[test]
    fn the_radius_is_that_residual_or_the_next_that_is_kept() {
        let all = residuals(20, 100);
        assert_eq!(all.sorted[0].len(), 20);
        assert_eq!(all.radius(0, 0.1), Some(19.0));
        let some = residuals(20, 6);
        // ⌈20 / 6⌉, ⌈40 / 6⌉, …
        assert_eq!(some.sorted[0], [4.0, 7.0, 10.0, 14.0, 17.0, 20.0]);
        for place in 1..=20_u32 {
            let alpha = 1.0 - f64::from(place) / 21.0;
            let kept = some.sorted[0]
                .iter()
                .copied()
                .find(|one| *one >= place as f32);
            assert_eq!(some.radius(0, alpha), kept.map(f64::from), "{place}");
        }
        assert_eq!(some.radius(0, 0.04), None);
        assert!(all.are_valid(1) && some.are_valid(1) && !some.are_valid(2));
    }

    #[test]
    fn the_fewest_rows_are_those_of_which_the_largest_residual_is_the_bound() {
        for (alpha, fewest) in [(0.1, 9), (1.0 - 0.9, 9), (0.05, 19), (0.01, 99), (0.5, 1)] {
            assert_eq!(Residuals::fewest(alpha), fewest, "{alpha}");
            assert!(residuals(fewest as u32, 9).radius(0, alpha).is_some());
            assert_eq!(residuals(fewest as u32 - 1, 9).radius(0, alpha), None);
        }
        assert_eq!(Residuals::fewest(0.9), 1);
        assert!(Residuals::fewest(1e-15) > 1 << 49);
    }

    #[test]
    fn a_residual_is_rounded_up() {
        let one = Residuals::new([[(0.1, 0.0)]], 9).sorted[0][0];
        assert!(f64::from(one) >= 0.1 && one - 0.1 < 1e-7);
    }
}
