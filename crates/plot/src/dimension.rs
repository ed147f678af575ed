//! The trials of a search and its dimensions, as far as pictures need them.

use std::iter;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    Objective,
    layout::{Scale, ScoreAxis, Span, Tick, Ticks, drawable},
    number::within,
};

/// The values and the score of each trial of a search.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trials {
    /// What the trials are compared by.
    pub objective: Objective,
    /// What was searched, in the order to show.
    pub dimensions: Vec<Dimension>,
    /// One per trial.
    pub scores: Vec<Option<f64>>,
}

impl Trials {
    /// The score of each trial, if it can be drawn.
    pub(crate) fn scores(&self) -> impl Iterator<Item = Option<f64>> {
        self.scores.iter().map(|score| score.and_then(drawable))
    }

    /// The axis of the scores, or why there is nothing to show.
    pub(crate) fn score_axis(&self) -> Result<ScoreAxis, &'static str> {
        if self.dimensions.is_empty() {
            return Err("no dimension was searched");
        }
        ScoreAxis::of(&self.objective, self.scores().flatten()).ok_or("no trial has a score")
    }
}

/// One searched dimension, with its value in each trial.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dimension {
    /// Its name, such as "learning_rate".
    pub name: String,
    /// Its values, one per trial.
    pub values: Values,
}

/// The values of a dimension; none where a trial has none, as the dimension
/// depends on another.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Numbers, which have distances.
    Numbers {
        /// Whether to spread them by their ratios; only if all are above 0.
        log: bool,
        /// One per trial.
        values: Vec<Option<f64>>,
    },
    /// Names, which have an order at most.
    Categories {
        /// The names in the order to show; others come after.
        order: Vec<String>,
        /// One per trial.
        values: Vec<Option<String>>,
    },
}

impl Default for Values {
    fn default() -> Self {
        Self::Numbers {
            log: false,
            values: Vec::new(),
        }
    }
}

/// How far to move each trial within its category, from −0.5 to 0.5; the same
/// every time, so that the same study gives the same picture.
pub(crate) fn jitters() -> impl Iterator<Item = f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    iter::repeat_with(move || rng.random_range(-0.5..0.5))
}

/// So many numbers have a tick each.
const FEW: usize = 6;
/// How far the label of a number may be off, as a share of the way to the next
/// number.
const MOST_OFF: f64 = 0.005;

/// A dimension whose values have places on an axis.
#[derive(Debug)]
pub(crate) struct Placed<'a> {
    pub(crate) name: &'a str,
    pub(crate) scale: Scale,
    pub(crate) ticks: Ticks,
    values: Vec<Option<f64>>,
}

impl<'a> Placed<'a> {
    pub(crate) fn of(dimension: &'a Dimension) -> Self {
        let name = &dimension.name;
        match &dimension.values {
            Values::Numbers { log, values } => {
                let values = values.iter().map(|value| drawable((*value)?));
                let values: Vec<_> = values.collect();
                let span = Span::of(values.iter().flatten().copied()).unwrap_or(Span::UNIT);
                Self {
                    name,
                    scale: Scale::over(span, *log),
                    ticks: few_numbers(&values),
                    values,
                }
            }
            Values::Categories { order, values } => {
                // Only what occurs: an empty place would tell nothing.
                let occurs = |name: &&String| values.iter().flatten().any(|value| value == *name);
                let mut names: Vec<&String> = Vec::new();
                for name in order.iter().filter(occurs).chain(values.iter().flatten()) {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                let place = |value: &String| names.iter().position(|name| *name == value);
                let place = |value: &String| place(value).map(|index| index as f64);
                let tick = |(index, name): (usize, &&String)| Tick::new(index as f64, *name);
                Self {
                    name,
                    scale: Scale::Linear(Span::new(-0.5, names.len().max(1) as f64 - 0.5)),
                    values: values.iter().map(|value| place(value.as_ref()?)).collect(),
                    ticks: Ticks::Names(names.iter().enumerate().map(tick).collect()),
                }
            }
        }
    }

    /// Whether the values are names, at 0, 1, ….
    pub(crate) fn is_categorical(&self) -> bool {
        matches!(self.ticks, Ticks::Names(_))
    }

    pub(crate) fn value(&self, trial: usize) -> Option<f64> {
        self.values.get(trial).copied().flatten()
    }

    /// How many of the `trials` have no value.
    pub(crate) fn unset(&self, trials: usize) -> usize {
        let unset = |trial: &usize| self.value(*trial).is_none();
        (0..trials).filter(unset).count()
    }
}

/// Ticks at the values themselves if these are few, such as image sizes.
fn few_numbers(values: &[Option<f64>]) -> Ticks {
    let mut distinct: Vec<f64> = values.iter().copied().flatten().collect();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    if distinct.len() > FEW {
        return Ticks::Round;
    }
    let tick = |(index, value): (usize, &f64)| {
        let before = index.checked_sub(1).and_then(|index| distinct.get(index));
        let neighbours = before.into_iter().chain(distinct.get(index + 1));
        let apart = neighbours.map(|neighbour| (value - neighbour).abs());
        let apart = apart.fold(value.abs(), f64::min);
        Tick::new(*value, within(*value, apart * MOST_OFF))
    };
    Ticks::Choices(vec![distinct.iter().enumerate().map(tick).collect()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{labels, owned};

    fn categories(order: &[&str], values: &[Option<&str>]) -> Dimension {
        let values = values.iter().map(|value| value.map(str::to_owned));
        Dimension {
            name: "optimizer".to_owned(),
            values: Values::Categories {
                order: owned(order),
                values: values.collect(),
            },
        }
    }

    /// The labels of a few numbers.
    fn few(values: &[Option<f64>]) -> Vec<String> {
        let Ticks::Choices(mut choices) = few_numbers(values) else {
            panic!("these numbers are few");
        };
        labels(choices.swap_remove(0))
    }

    #[test]
    fn categories_come_in_their_order_and_only_those_that_occur() {
        let values = [Some("new"), None, Some("sgd"), Some("adam")];
        let dimension = categories(&["adam", "lion", "sgd"], &values);
        let placed = Placed::of(&dimension);
        let Ticks::Names(names) = &placed.ticks else {
            panic!("categories have names");
        };
        assert_eq!(labels(names.clone()), ["adam", "sgd", "new"]);
        let places: Vec<_> = (0..5).map(|trial| placed.value(trial)).collect();
        assert_eq!(places, [Some(2.0), None, Some(1.0), Some(0.0), None]);
        assert_eq!(placed.unset(5), 2);
    }

    #[test]
    fn numbers_are_logarithmic_only_above_zero() {
        let numbers = |values: &[f64]| Dimension {
            values: Values::Numbers {
                log: true,
                values: values.iter().copied().map(Some).collect(),
            },
            ..Dimension::default()
        };
        assert!(Placed::of(&numbers(&[1e-4, 0.1])).scale.is_log());
        assert!(!Placed::of(&numbers(&[0.0, 0.1])).scale.is_log());
        assert_eq!(Placed::of(&numbers(&[f64::NAN, 3.0])).unset(2), 1);
        assert_eq!(Placed::of(&numbers(&[])).value(0), None);
    }

    #[test]
    fn a_few_numbers_have_a_tick_each() {
        let sizes = [224.0, 160.0, 192.0].map(Some).repeat(9);
        assert_eq!(few(&sizes), ["160", "192", "224"]);
        let many: Vec<Option<f64>> = (0..9).map(|index| Some(f64::from(index))).collect();
        assert!(matches!(few_numbers(&many), Ticks::Round));
    }

    #[test]
    fn numbers_that_differ_have_labels_that_differ_and_are_true() {
        let labels = |values: &[f64]| {
            let values: Vec<_> = values.iter().copied().map(Some).collect();
            few(&values)
        };
        assert_eq!(
            labels(&[0.9999, 0.99, 0.99495]),
            ["0.99", "0.99495", "0.9999"]
        );
        assert_eq!(labels(&[0.5, 0.9999]), ["0.5", "0.9999"]);
        assert_eq!(labels(&[1e-5, 1.0004e-5]), ["1.00e−5", "1.0004e−5"]);
        assert_eq!(labels(&[1_234_567.0, 1_234_568.0])[0], "1.234567e6");
        assert_eq!(labels(&[-1000.25, 1000.5]), ["−1000.25", "1000.5"]);
        // Three digits do where more would tell nothing.
        let steps = [1e-4, 1e-3_f64 / 10_f64.sqrt(), 1e-3];
        assert_eq!(labels(&steps), ["0.0001", "0.000316", "0.001"]);
        assert_eq!(labels(&[1.0 / 3.0, 1.0 / 7.0]), ["0.143", "0.333"]);
        assert_eq!(labels(&[1.0 / 3.0]), ["0.333"]);
        let close = [1.0 / 3.0, 1.0 / 3.0 + 1e-9];
        assert_eq!(labels(&close)[0], "0.33333333333");
        assert_ne!(labels(&[0.1, 0.1_f64.next_up()])[1], "0.1");
    }
}
