//! Densities of a dimension's values.

use std::f64::consts::{PI, SQRT_2};

use rand_chacha::ChaCha8Rng;
use toml::Value;

use super::erf::erf;
use crate::domain::Axis;
use crate::rng::{below, normal, unit};
use crate::value::same;

/// A normal distribution cut at the axis's ends.
#[derive(Clone, Debug)]
struct Kernel {
    mean: f64,
    deviation: f64,
    /// What the ends leave of it.
    mass: f64,
}

/// Parzen windows: one kernel on each value, and one for the prior, which is as
/// wide as the range and in its middle; all weigh the same.
#[derive(Clone, Debug)]
pub(crate) struct Parzen {
    kernels: Vec<Kernel>,
}

impl Parzen {
    /// Values outside the axis are left out.
    pub(crate) fn new(axis: &Axis, values: &[Value]) -> Self {
        let width = axis.high - axis.low;
        let prior = axis.low + width / 2.0;
        let mut means: Vec<f64> = values
            .iter()
            .filter_map(|value| axis.place(value))
            .collect();
        means.push(prior);
        means.sort_by(f64::total_cmp);
        // Each kernel is as wide as the distance to its farther neighbour, as in
        // the paper. The floor keeps many equal values from becoming a spike.
        let floor = width / (1.0 + means.len() as f64).min(100.0);
        let gaps: Vec<f64> = means.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let gap = |at: Option<usize>| at.and_then(|at| gaps.get(at)).copied().unwrap_or(0.0);
        let is_prior = means.iter().position(|&mean| mean == prior);
        let kernels = means.iter().enumerate().map(|(at, &mean)| {
            let farther = gap(at.checked_sub(1)).max(gap(Some(at)));
            let deviation = if is_prior == Some(at) {
                width
            } else {
                farther.clamp(floor, width)
            };
            let mass = between(mean, deviation, axis.low, axis.high);
            Kernel {
                mean,
                deviation,
                mass,
            }
        });
        Self {
            kernels: kernels.collect(),
        }
    }

    /// A place on the axis.
    pub(crate) fn draw(&self, axis: &Axis, rng: &mut ChaCha8Rng) -> f64 {
        let kernel = &self.kernels[below(rng, self.kernels.len() as u128) as usize];
        // The mean is within the ends and they are at least one deviation
        // apart: a third of the draws fit, or more.
        loop {
            let place = kernel.mean + kernel.deviation * normal(rng);
            if (axis.low..=axis.high).contains(&place) {
                return place;
            }
        }
    }

    /// The density at a place, or the probability of the integer there; above 0
    /// by the prior.
    pub(crate) fn at(&self, axis: &Axis, place: f64) -> f64 {
        let cell = axis.cell(place);
        let densities = self.kernels.iter().map(|kernel| {
            let Kernel {
                mean,
                deviation,
                mass,
            } = *kernel;
            let here = match cell {
                Some((low, high)) => between(mean, deviation, low, high),
                None => {
                    let distance = (place - mean) / deviation;
                    (-0.5 * distance * distance).exp() / (deviation * (2.0 * PI).sqrt())
                }
            };
            here / mass
        });
        densities.sum::<f64>() / self.kernels.len() as f64
    }
}

/// How much of a normal distribution lies between two places.
fn between(mean: f64, deviation: f64, low: f64, high: f64) -> f64 {
    let below = |place: f64| erf((place - mean) / (deviation * SQRT_2));
    0.5 * (below(high) - below(low))
}

/// Probabilities of a list's values: how often each came, plus one.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    probabilities: Vec<f64>,
}

impl Choice {
    /// Values that the list does not have are left out.
    pub(crate) fn new(list: &[Value], values: &[Value]) -> Self {
        let number = |value| list.iter().position(|one| same(one, value));
        Self::counted(list.len(), values.iter().filter_map(number))
    }

    /// The same of `numbers` below `count`.
    pub(crate) fn counted(count: usize, numbers: impl Iterator<Item = usize>) -> Self {
        let mut counts = vec![1.0; count];
        for number in numbers {
            counts[number] += 1.0;
        }
        let all: f64 = counts.iter().sum();
        Self {
            probabilities: counts.into_iter().map(|count| count / all).collect(),
        }
    }

    /// The number of a value in the list.
    pub(crate) fn draw(&self, rng: &mut ChaCha8Rng) -> usize {
        let mut left = unit(rng);
        let inner = self.probabilities.iter().position(|probability| {
            left -= probability;
            left < 0.0
        });
        // Rounding may leave the probabilities' sum just below 1.
        inner.unwrap_or(self.probabilities.len() - 1)
    }

    /// Those of all values, in the list's order.
    pub(crate) fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// The probability of the value with this number.
    pub(crate) fn at(&self, number: usize) -> f64 {
        self.probabilities[number]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Domain;
    use crate::rng::generator;

    const RANGE: Domain = Domain::Range {
        low: 1e-5,
        high: 1e-1,
        log: true,
        points: 5,
    };

    #[test]
    fn a_density_on_a_range_integrates_to_one() {
        let axis = Axis::new(&RANGE).unwrap();
        for values in [&[][..], &[1e-5, 1e-5, 3e-4, 0.1], &[2e-2; 30]] {
            let values: Vec<Value> = values.iter().copied().map(Value::Float).collect();
            let parzen = Parzen::new(&axis, &values);
            let cells = 20_000;
            let width = (axis.high - axis.low) / f64::from(cells);
            let middle = |cell| axis.low + (f64::from(cell) + 0.5) * width;
            let all: f64 = (0..cells)
                .map(|cell| parzen.at(&axis, middle(cell)) * width)
                .sum();
            assert!((all - 1.0).abs() < 1e-6, "{values:?}: {all}");
        }
    }

    #[test]
    fn the_probabilities_of_integers_sum_to_one() {
        let domains = [
            Domain::Integers {
                low: -3,
                high: 12,
                step: 3,
            },
            Domain::LogIntegers {
                low: 1,
                high: 40,
                points: 5,
            },
        ];
        for domain in domains {
            let axis = Axis::new(&domain).unwrap();
            let parzen = Parzen::new(&axis, &[Value::Integer(3), Value::Integer(12)]);
            let probability = |value| {
                let place = axis.place(&Value::Integer(value));
                place.map_or(0.0, |place| parzen.at(&axis, place))
            };
            let values = (-3..=40).filter(|value| match domain {
                Domain::Integers { high, .. } => *value <= high && value % 3 == 0,
                _ => *value >= 1,
            });
            let all: f64 = values.map(probability).sum();
            assert!((all - 1.0).abs() < 1e-12, "{domain:?}: {all}");
        }
    }

    #[test]
    fn a_range_is_drawn_from_as_its_density_says_with_seed_4() {
        let axis = Axis::new(&RANGE).unwrap();
        let parzen = Parzen::new(&axis, &[Value::Float(1e-4), Value::Float(2e-4)]);
        let mut rng = generator(4, 0);
        let mut counts = [0.0; 8];
        let width = (axis.high - axis.low) / 8.0;
        for _ in 0..20_000 {
            let place = parzen.draw(&axis, &mut rng);
            counts[(((place - axis.low) / width) as usize).min(7)] += 1.0;
        }
        for (cell, count) in counts.iter().enumerate() {
            let middle = |part| axis.low + (cell as f64 + (f64::from(part) + 0.5) / 100.0) * width;
            let expected: f64 = (0..100)
                .map(|part| parzen.at(&axis, middle(part)) * width / 100.0 * 20_000.0)
                .sum();
            // Five standard deviations.
            assert!(
                (count - expected).abs() < 5.0 * expected.sqrt(),
                "{counts:?}"
            );
        }
    }

    #[test]
    fn a_list_is_drawn_from_by_smoothed_counts_with_seed_5() {
        let list = ["a", "b", "c"].map(|name| Value::String(name.to_owned()));
        let seen = [list[1].clone(), list[1].clone(), Value::Integer(7)];
        let choice = Choice::new(&list, &seen);
        assert_eq!([0, 1, 2].map(|number| choice.at(number)), [0.2, 0.6, 0.2]);
        let mut rng = generator(5, 0);
        let drawn: Vec<usize> = (0..5000).map(|_| choice.draw(&mut rng)).collect();
        for (number, expected) in [(0, 1000), (1, 3000), (2, 1000)] {
            let count = drawn.iter().filter(|&&one| one == number).count();
            assert!(count.abs_diff(expected) < 180, "{number}: {count}");
        }
    }
}
