//! Which trials go on beyond a rung.
//!
//! A rung is a number of epochs. A trial that has done them is saved and waits
//! there until its validation score is among those that go on; as more trials come
//! to the rung, that may happen later too. Until then it counts as pruned.
//!
//! `asha` is asynchronous successive halving (Li, Jamieson, Rostamizadeh, Gonina,
//! Hardt, Recht, Talwalkar, "A System for Massively Parallel Hyperparameter
//! Tuning", MLSys 2020): a trial goes on as soon as it is among the best
//! `1/reduction` of those that have come to its rung, without waiting for the
//! others. Some are therefore promoted by the luck of having come early; those
//! that the whole rung's ranking promotes always are. `median` stops what is below
//! the median, as Google Vizier does (Golovin et al., KDD 2017).

use std::collections::BTreeSet;

use psp_schema::PrunerName;

use crate::config::StudySection;

/// The pruner of a study and its rungs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pruner {
    /// Nothing is pruned.
    None,
    /// Stops what is below the median of those at a rung.
    Median {
        /// Rising epochs; empty: the powers of `reduction`.
        rungs: Vec<u64>,
        /// At least 2.
        reduction: u64,
        /// Trials at a rung before any is stopped there.
        startup: usize,
    },
    /// Lets one in `reduction` of those at a rung go on.
    Asha {
        /// Rising epochs; empty: the powers of `reduction`.
        rungs: Vec<u64>,
        /// At least 2.
        reduction: u64,
    },
}

impl Pruner {
    /// What a study asks for.
    pub fn of(study: &StudySection) -> Self {
        let rungs = study.rungs.clone();
        match study.pruner {
            PrunerName::None => Self::None,
            PrunerName::Median => Self::Median {
                rungs,
                reduction: study.reduction,
                startup: usize::try_from(study.startup).unwrap_or(usize::MAX),
            },
            PrunerName::Asha => Self::Asha {
                rungs,
                reduction: study.reduction,
            },
        }
    }

    /// The rungs of a trial of `epochs` epochs, rising; its end is none.
    pub fn rungs(&self, epochs: u64) -> Vec<u64> {
        let (given, base) = match self {
            Self::None => return Vec::new(),
            Self::Median {
                rungs, reduction, ..
            }
            | Self::Asha { rungs, reduction } => (rungs, *reduction),
        };
        if given.is_empty() {
            std::iter::successors(Some(1), |rung: &u64| rung.checked_mul(base))
                .take_while(|rung| *rung < epochs)
                .collect()
        } else {
            given
                .iter()
                .copied()
                .filter(|rung| *rung < epochs)
                .collect()
        }
    }

    /// The share of a rung's trials that goes on.
    pub fn share(&self) -> f64 {
        match self {
            Self::None => 1.0,
            Self::Median { .. } => 0.5,
            Self::Asha { reduction, .. } => 1.0 / *reduction as f64,
        }
    }

    /// Which of a rung's trials go on: their numbers, of `scores` by number. `all`
    /// says that no further trial can come to the rung; then at least the best
    /// goes on.
    pub fn promoted(&self, scores: &[(usize, f64)], all: bool) -> BTreeSet<usize> {
        let mut ranked: Vec<(usize, f64)> = scores.to_vec();
        // Equal scores keep the order of the draw.
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let go_on = match self {
            Self::None => ranked.len(),
            Self::Median { startup, .. } if ranked.len() < *startup => ranked.len(),
            Self::Median { .. } => {
                let median = median(&ranked);
                ranked.partition_point(|(_, score)| *score >= median)
            }
            Self::Asha { reduction, .. } => {
                let reduction = usize::try_from(*reduction).unwrap_or(usize::MAX);
                ranked.len() / reduction
            }
        };
        let least = usize::from(all);
        let numbers = ranked.into_iter().map(|(number, _)| number);
        numbers.take(go_on.max(least)).collect()
    }
}

/// Of scores in falling order; of none, 0.
fn median(ranked: &[(usize, f64)]) -> f64 {
    let at = |place: usize| ranked.get(place).map_or(0.0, |(_, score)| *score);
    match ranked.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => at(odd / 2),
        even => f64::midpoint(at(even / 2 - 1), at(even / 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(values: &[f64]) -> Vec<(usize, f64)> {
        values.iter().copied().enumerate().collect()
    }

    const ASHA: Pruner = Pruner::Asha {
        rungs: Vec::new(),
        reduction: 3,
    };
    const MEDIAN: Pruner = Pruner::Median {
        rungs: Vec::new(),
        reduction: 2,
        startup: 4,
    };

    #[test]
    fn rungs_are_those_given_or_powers_and_lie_before_the_end() {
        assert_eq!(ASHA.rungs(10), [1, 3, 9]);
        assert_eq!(ASHA.rungs(9), [1, 3]);
        assert_eq!(MEDIAN.rungs(9), [1, 2, 4, 8]);
        assert_eq!(Pruner::None.rungs(9), [0; 0]);
        let given = Pruner::Asha {
            rungs: vec![2, 5],
            reduction: 3,
        };
        assert_eq!(given.rungs(5), [2]);
        assert_eq!(given.rungs(1), [0; 0]);
    }

    #[test]
    fn asha_lets_one_in_three_go_on_and_the_earlier_one_of_equals() {
        let rung = scores(&[0.1, 0.5, 0.5, 0.2, 0.4, 0.3]);
        assert_eq!(ASHA.promoted(&rung[..2], false), BTreeSet::new());
        assert_eq!(ASHA.promoted(&rung[..3], false), BTreeSet::from([1]));
        assert_eq!(ASHA.promoted(&rung, false), BTreeSet::from([1, 2]));
    }

    #[test]
    fn a_trial_that_was_pruned_is_promoted_when_worse_ones_come() {
        let mut rung = scores(&[0.9, 0.8, 0.1]);
        assert!(!ASHA.promoted(&rung, false).contains(&1));
        rung.extend([(3, 0.2), (4, 0.3), (5, 0.4)]);
        assert!(ASHA.promoted(&rung, false).contains(&1));
    }

    #[test]
    fn of_a_rung_that_is_complete_the_best_goes_on_however_few_they_are() {
        let rung = scores(&[0.1, 0.5]);
        assert_eq!(ASHA.promoted(&rung, true), BTreeSet::from([1]));
        assert_eq!(ASHA.promoted(&[], true), BTreeSet::new());
    }

    #[test]
    fn the_median_pruner_stops_what_is_below_the_median_once_enough_are_there() {
        let rung = scores(&[0.1, 0.5, 0.2, 0.4, 0.3]);
        assert_eq!(MEDIAN.promoted(&rung[..3], false).len(), 3);
        assert_eq!(MEDIAN.promoted(&rung[..4], false), BTreeSet::from([1, 3]));
        assert_eq!(MEDIAN.promoted(&rung, false), BTreeSet::from([1, 3, 4]));
    }
}
