//! What depends on the order of values: the median and Spearman's correlation.

use crate::comoments::Comoments;

/// The indices of `values`, lowest value first, equal values in their order.
pub(crate) fn ascending(values: &[f64]) -> Vec<u32> {
    // The callers have at most 2³² rows.
    let mut order: Vec<u32> = (0..values.len()).map(|index| index as u32).collect();
    order.sort_by(|&a, &b| values[a as usize].total_cmp(&values[b as usize]));
    order
}

/// Where each run of equal values ends, for `values` taken in `order`.
pub(crate) fn tie_ends(values: &[f64], order: &[u32]) -> Vec<u32> {
    let value = |place: usize| values[order[place] as usize];
    (1..=order.len())
        // 0.0 and −0.0 are one value, which `==` knows and the order does not
        // mind.
        .filter(|&end| end == order.len() || value(end) != value(end - 1))
        .map(|end| end as u32)
        .collect()
}

/// Ranks from 1; values that tie share the mean of their ranks, as SciPy's
/// `rankdata(method="average")`.
pub(crate) fn average_ranks(values: &[f64]) -> Vec<f64> {
    let order = ascending(values);
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for end in tie_ends(values, &order) {
        let end = end as usize;
        let rank = (start + 1 + end) as f64 / 2.0;
        for &index in &order[start..end] {
            ranks[index as usize] = rank;
        }
        start = end;
    }
    ranks
}

/// Spearman's correlation: Pearson's of the average ranks, as SciPy's
/// `spearmanr`. `None` if either side is constant.
pub(crate) fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    let mut ranks = Comoments::default();
    for (x, y) in average_ranks(x).into_iter().zip(average_ranks(y)) {
        ranks.push(x, y);
    }
    ranks.pearson()
}

/// The median; the mean of the middle two of an even number of values, as
/// NumPy's. `None` of no values.
#[must_use]
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    let even = values.len().is_multiple_of(2);
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if !even {
        return Some(upper);
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some((lower + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::{average_ranks, median, spearman};

    #[test]
    fn ties_share_the_mean_of_their_ranks() {
        let ranks = average_ranks(&[0.0, 0.5, -0.0, 0.9, 0.5, 0.0]);
        assert_eq!(ranks, [2.0, 4.5, 2.0, 6.0, 4.5, 2.0]);
    }

    #[test]
    fn the_median_of_an_even_number_is_the_mean_of_the_middle_two() {
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(vec![4.0, 1.0, 3.0]), Some(3.0));
        assert_eq!(median(vec![]), None);
    }

    #[test]
    fn any_rising_curve_has_a_spearman_correlation_of_one() {
        let x: Vec<f64> = (0..30).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| x.exp()).collect();
        assert!((spearman(&x, &y).unwrap() - 1.0).abs() < 1e-14);
        assert_eq!(spearman(&x, &[0.5; 30]), None);
    }
}
