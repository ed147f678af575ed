//! How much each dimension says about the results.
//!
//! Watanabe, Bansal, Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter
//! Importance in Arbitrary Subspaces" (IJCAI 2023), for the whole space: a dimension
//! matters as far as its values among the best results are distributed otherwise
//! than among all, measured by Pearson's divergence. Unlike the variance that a
//! model of the results explains, this needs no such model and no minimum of results
//! that such a model could be fitted to.

use std::collections::BTreeMap;

use toml::Value;

use crate::dimension::Dimension;
use crate::domain::Axis;
use crate::point::Point;
use crate::space::Space;
use crate::tpe::density::Choice;

/// With fewer results than this nothing is said.
const FEWEST: usize = 10;
/// The best results: one in so many, but at least two, and those that equal them.
const BEST: usize = 5;
/// Equal parts into which a range is divided at most; no more than it has grid
/// points.
const PARTS: usize = 10;

/// The share of each dimension with more than one value, by its key; they sum to 1.
/// `observations` are points and their results, of which larger is better; those
/// that are not numbers are left out. `None` of fewer than ten, or where the best
/// results are spread as all are, or equal them.
pub fn importance(space: &Space, observations: &[(Point, f64)]) -> Option<BTreeMap<String, f64>> {
    let mut ranked: Vec<&(Point, f64)> = observations
        .iter()
        .filter(|(_, result)| result.is_finite())
        .collect();
    if ranked.len() < FEWEST {
        return None;
    }
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let worst = ranked[(ranked.len() / BEST).max(2) - 1].1;
    // The order of equal results says nothing about them.
    let best = ranked.partition_point(|(_, result)| *result >= worst);
    if best == ranked.len() {
        return None;
    }
    let dimensions = space.dimensions().iter();
    let mut shares: BTreeMap<String, f64> = dimensions
        .filter(|dimension| dimension.grid().len() > 1)
        .map(|dimension| {
            let values = |ranked: &[&(Point, f64)]| -> Vec<Value> {
                let points = ranked.iter().map(|(point, _)| point);
                points
                    .filter_map(|p| p.get(&dimension.key))
                    .cloned()
                    .collect()
            };
            let (all, best) = (values(&ranked), values(&ranked[..best]));
            // Where few have the dimension, it can explain little.
            let having = all.len() as f64 / ranked.len() as f64;
            let divergence = divergence(dimension, &best, &all);
            (dimension.key.clone(), having * divergence)
        })
        .collect();
    let sum: f64 = shares.values().sum();
    if sum <= f64::EPSILON {
        return None;
    }
    shares.values_mut().for_each(|share| *share /= sum);
    Some(shares)
}

/// Pearson's divergence of the best values' distribution from that of all, each as
/// smoothed counts of a list's values or of a range's parts. Both are counted in the
/// same parts: kernels of widths that differ would tell the grid's points from what
/// lies between them, and not the best from the others.
fn divergence(dimension: &Dimension, best: &[Value], all: &[Value]) -> f64 {
    if best.is_empty() {
        return 0.0;
    }
    let grid = dimension.grid();
    let (best, all) = match Axis::new(&dimension.domain) {
        None => (Choice::new(grid, best), Choice::new(grid, all)),
        Some(axis) => {
            let parts = grid.len().min(PARTS);
            let part = |value: &Value| {
                let share = (axis.place(value)? - axis.low) / (axis.high - axis.low);
                Some(((share * parts as f64) as usize).min(parts - 1))
            };
            let counted = |values: &[Value]| Choice::counted(parts, values.iter().filter_map(part));
            (counted(best), counted(all))
        }
    };
    let term = |best: f64, all: f64| all * (best / all - 1.0).powi(2);
    let pairs = best.probabilities().iter().zip(all.probabilities());
    pairs.map(|(&best, &all)| term(best, all)).sum()
}
