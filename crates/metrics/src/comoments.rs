//! How two streams of values vary together.

use crate::{moments::Moments, sum::Sum};

/// The moments of pairs (x, y) and the sum of the products of their deviations,
/// updated as Welford's and merged after Chan, Golub and LeVeque (1979).
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Comoments {
    pub(crate) x: Moments,
    pub(crate) y: Moments,
    products: Sum,
}

impl Comoments {
    pub(crate) fn push(&mut self, x: f64, y: f64) {
        let before = self.x.deviation(x);
        self.x.push(x);
        self.y.push(y);
        self.products.add(before * self.y.deviation(y));
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let (ours, theirs) = (self.x.count() as f64, other.x.count() as f64);
        if ours > 0.0 && theirs > 0.0 {
            let apart = self.x.apart(&other.x) * self.y.apart(&other.y);
            self.products.add(apart * (ours / (ours + theirs)) * theirs);
        }
        self.products.merge(&other.products);
        self.x.merge(&other.x);
        self.y.merge(&other.y);
    }

    /// Pearson's correlation; `None` if either side is constant.
    pub(crate) fn pearson(&self) -> Option<f64> {
        correlation(
            self.products.value(),
            self.x.squared_deviations(),
            self.y.squared_deviations(),
        )
    }
}

/// A correlation from the sum of products and the two sums of squares; `None`
/// where a square is 0. Rounding may carry a quotient past ±1, hence the clamp.
pub(crate) fn correlation(products: f64, x_squares: f64, y_squares: f64) -> Option<f64> {
    if !(x_squares > 0.0 && y_squares > 0.0) {
        return None;
    }
    // Two roots, since the product of the squares could overflow.
    let quotient = products / x_squares.sqrt() / y_squares.sqrt();
    quotient.is_finite().then(|| quotient.clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::Comoments;

    fn of(pairs: &[(f64, f64)]) -> Comoments {
        let mut comoments = Comoments::default();
        pairs.iter().for_each(|&(x, y)| comoments.push(x, y));
        comoments
    }

    #[test]
    fn a_line_with_a_large_offset_has_a_correlation_of_exactly_one() {
        let pairs: Vec<_> = (0..50)
            .map(|i| (1e9 + f64::from(i), -f64::from(i) / 3.0))
            .collect();
        assert!((of(&pairs).pearson().unwrap() + 1.0).abs() < 1e-15);
    }

    #[test]
    fn merged_parts_correlate_as_the_whole_does() {
        let pairs: Vec<_> = (0..40)
            .map(|i| (f64::from(i * i % 17), f64::from(i * 7 % 11)))
            .collect();
        let whole = of(&pairs).pearson().unwrap();
        for cut in [0, 1, 13, 40] {
            let mut merged = of(&pairs[..cut]);
            merged.merge(&of(&pairs[cut..]));
            assert!((merged.pearson().unwrap() - whole).abs() < 1e-14);
        }
    }

    #[test]
    fn a_constant_side_has_no_correlation() {
        assert_eq!(of(&[(0.1, 1.0), (0.1, 2.0), (0.1, 5.0)]).pearson(), None);
        assert_eq!(of(&[(0.1, 1.0)]).pearson(), None);
        assert_eq!(of(&[]).pearson(), None);
    }
}
