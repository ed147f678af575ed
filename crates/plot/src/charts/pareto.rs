//! Models than which none is both cheaper and better.

use crate::Better;

/// Returns the indices of the (cost, score) pairs on the Pareto front, by rising cost.
/// Of equal pairs all are members.
pub fn pareto_front(points: &[(f64, f64)], better: Better) -> Vec<usize> {
    let loss = |point: &(f64, f64)| better.cost(point.1);
    let dominates = |other: &(f64, f64), point: &(f64, f64)| {
        let as_good = other.0 <= point.0 && loss(other) <= loss(point);
        as_good && (other.0 < point.0 || loss(other) < loss(point))
    };
    let dominated = |point: &(f64, f64)| points.iter().any(|other| dominates(other, point));
    let mut front: Vec<usize> = (0..points.len())
        .filter(|index| !dominated(&points[*index]))
        .collect();
    front.sort_by(|a, b| points[*a].0.total_cmp(&points[*b].0));
    front
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_is_dearer_and_worse_is_not_on_the_front() {
        let points = [
            (4.0, 0.02),
            (1.0, 0.05),
            (2.0, 0.06),
            (9.0, 0.02),
            (3.0, 0.03),
        ];
        assert_eq!(pareto_front(&points, Better::Lower), [1, 4, 0]);
        assert_eq!(pareto_front(&points, Better::Higher), [1, 2]);
    }

    #[test]
    fn equal_models_are_on_the_front_together() {
        assert_eq!(
            pareto_front(&[(1.0, 0.5), (1.0, 0.5)], Better::Lower),
            [0, 1]
        );
        assert!(pareto_front(&[], Better::Lower).is_empty());
    }
}
