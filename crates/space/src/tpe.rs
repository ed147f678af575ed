//! The tree-structured Parzen estimator: points where good results lie densely
//! and bad ones do not.
//!
//! Bergstra, Bardenet, Bengio, Kégl, "Algorithms for Hyper-Parameter
//! Optimization" (NIPS 2011), section 4. The results so far are split into a
//! good few and the rest. A density `l` is fitted to the good ones' values and
//! `g` to the others', for each dimension by itself; some candidates are drawn
//! from `l`, and the one with the largest `l/g` is taken, which has the largest
//! expected improvement. A dimension that exists only under a condition learns
//! from the results that have it.

pub(crate) mod density;
mod erf;

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use toml::Value;

use crate::dimension::Dimension;
use crate::domain::Axis;
use crate::error::SpaceError;
use crate::point::Point;
use crate::rng::generator;
use crate::samplers::{MOST_TRIES, Random};
use crate::seen::Seen;
use crate::space::Space;
use density::{Choice, Parzen};

/// How a suggestion is made; the defaults are those in wide use.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// With fewer results than this, points are drawn as by [`Random`].
    pub startup: usize,
    /// Candidates per dimension, at least 1.
    pub candidates: usize,
    /// Share of the results that counts as good, rounded up.
    pub good_share: f64,
    /// The most results that count as good.
    pub most_good: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            startup: 10,
            candidates: 24,
            good_share: 0.1,
            most_good: 25,
        }
    }
}

/// The point to try as number `number`, from `observations`: points and their
/// results, of which smaller is better. A result that is not a number counts as
/// the worst. The same arguments give the same point.
///
/// # Errors
/// [`SpaceError::Exhausted`] when only excluded points were drawn.
pub fn suggest(
    space: &Space,
    seed: u64,
    number: u64,
    observations: &[(Point, f64)],
    settings: &Settings,
) -> Result<Point, SpaceError> {
    let point = suggest_new(space, seed, number, observations, settings, &Seen::new())?;
    point.ok_or_else(|| space.exhausted(MOST_TRIES))
}

/// The same, but no point that was `seen`: then the next best. `None` where every
/// point was.
///
/// # Errors
/// As [`suggest`].
pub fn suggest_new(
    space: &Space,
    seed: u64,
    number: u64,
    observations: &[(Point, f64)],
    settings: &Settings,
    seen: &Seen,
) -> Result<Option<Point>, SpaceError> {
    if observations.len() < settings.startup {
        return Random::new(space, seed).nth_new(number, seen);
    }
    let (good, bad) = split(observations, settings);
    let mut rng = generator(seed, number);
    let mut models: BTreeMap<String, Model> = BTreeMap::new();
    space.assemble(MOST_TRIES, seen, |dimension, attempt| {
        // With many candidates the same best value would be taken each time. If it is
        // excluded or was seen, fewer and fewer lead away from it: one candidate is a
        // plain draw from `l`, which reaches the whole range.
        let halvings = u32::try_from(attempt).unwrap_or(u32::MAX);
        let candidates = settings.candidates.checked_shr(halvings).unwrap_or(0);
        models
            .entry(dimension.key.clone())
            .or_insert_with(|| Model::fit(dimension, &good, &bad))
            .best(candidates, &mut rng)
    })
}

/// The good results' points and the others'.
fn split<'a>(
    observations: &'a [(Point, f64)],
    settings: &Settings,
) -> (Vec<&'a Point>, Vec<&'a Point>) {
    let ranked = |result: f64| {
        if result.is_nan() {
            f64::INFINITY
        } else {
            result
        }
    };
    let mut sorted: Vec<(f64, &Point)> = observations
        .iter()
        .map(|(point, result)| (ranked(*result), point))
        .collect();
    sorted.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let good = (settings.good_share * sorted.len() as f64).ceil() as usize;
    let good = good.clamp(1, settings.most_good.max(1)).min(sorted.len());
    let points: Vec<&Point> = sorted.into_iter().map(|(_, point)| point).collect();
    (points[..good].to_vec(), points[good..].to_vec())
}

/// What results say about one dimension.
enum Model {
    /// It has one value.
    Constant(Value),
    /// `l` and `g` of a range.
    Range(Axis, Parzen, Parzen),
    /// The values of a list, `l` and `g`.
    List(Vec<Value>, Choice, Choice),
}

impl Model {
    /// Fits those points that have the dimension.
    fn fit(dimension: &Dimension, good: &[&Point], bad: &[&Point]) -> Self {
        let grid = dimension.grid();
        if let [only] = grid {
            return Self::Constant(only.clone());
        }
        let values = |points: &[&Point]| -> Vec<Value> {
            let values = points.iter().filter_map(|point| point.get(&dimension.key));
            values.cloned().collect()
        };
        let (good, bad) = (values(good), values(bad));
        match Axis::new(&dimension.domain) {
            Some(axis) => {
                let (l, g) = (Parzen::new(&axis, &good), Parzen::new(&axis, &bad));
                Self::Range(axis, l, g)
            }
            None => {
                let (l, g) = (Choice::new(grid, &good), Choice::new(grid, &bad));
                Self::List(grid.to_vec(), l, g)
            }
        }
    }

    /// The candidate drawn from `l` that has the largest `l/g`.
    fn best(&self, candidates: usize, rng: &mut ChaCha8Rng) -> Value {
        match self {
            Self::Constant(value) => value.clone(),
            Self::Range(axis, l, g) => {
                let draw = |rng: &mut _| l.draw(axis, rng);
                let ratio = |&at: &f64| l.at(axis, at) / g.at(axis, at);
                axis.value(largest(candidates, draw, ratio, rng))
            }
            Self::List(values, l, g) => {
                let ratio = |&at: &usize| l.at(at) / g.at(at);
                values[largest(candidates, |rng| l.draw(rng), ratio, rng)].clone()
            }
        }
    }
}

/// Of so many draws, at least one, that with the largest ratio.
fn largest<T>(
    candidates: usize,
    draw: impl Fn(&mut ChaCha8Rng) -> T,
    ratio: impl Fn(&T) -> f64,
    rng: &mut ChaCha8Rng,
) -> T {
    let mut best = draw(rng);
    let mut best_ratio = ratio(&best);
    for _ in 1..candidates {
        let candidate = draw(rng);
        let its_ratio = ratio(&candidate);
        if its_ratio > best_ratio {
            (best, best_ratio) = (candidate, its_ratio);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_results_rounded_up_is_good_and_never_more_than_25() {
        for (results, expected) in [(1, 1), (10, 1), (11, 2), (100, 10), (1000, 25)] {
            let observations: Vec<(Point, f64)> = (0..results)
                .map(|result| (Point::new(), f64::from(result)))
                .collect();
            let (good, bad) = split(&observations, &Settings::default());
            assert_eq!(
                (good.len(), bad.len()),
                (expected, results as usize - expected)
            );
        }
    }

    #[test]
    fn results_that_are_not_numbers_are_the_worst() {
        let point = |name: &str| Point::from([("a.a".to_owned(), Value::String(name.to_owned()))]);
        let observations = [
            (point("nan"), -f64::NAN),
            (point("best"), -1.0),
            (point("infinite"), f64::INFINITY),
        ];
        let (good, _) = split(&observations, &Settings::default());
        assert_eq!(good, [&point("best")]);
    }
}
