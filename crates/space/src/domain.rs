//! What values a key takes: lists, ranges and integers.

mod axis;
mod read;

use std::fmt;

use toml::Value;

pub(crate) use axis::Axis;
pub(crate) use read::read;

use crate::value::{rounded, value_text};

/// The values that a dimension ranges over.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// `[…]` or `{ values = […] }`: each of these, in the order given.
    Values(Vec<Value>),
    /// `{ range = [low, high], points }` or `{ log = [low, high], points }`.
    Range {
        /// The smallest value.
        low: f64,
        /// The largest value.
        high: f64,
        /// Whether equal ratios count the same, instead of equal differences.
        log: bool,
        /// Values of the grid, both ends included.
        points: usize,
    },
    /// `{ int = [low, high], step }`.
    Integers {
        /// The smallest value.
        low: i64,
        /// The largest value, a whole number of steps above it.
        high: i64,
        /// From one value to the next, at least 1.
        step: i64,
    },
    /// `{ int = [low, high], log = true, points }`.
    LogIntegers {
        /// The smallest value, at least 1.
        low: i64,
        /// The largest value.
        high: i64,
        /// Values of the grid before those that round to the same are counted
        /// once.
        points: usize,
    },
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Values(values) => {
                let values: Vec<String> = values.iter().map(value_text).collect();
                f.write_str(&values.join(", "))
            }
            Self::Range {
                low,
                high,
                log,
                points,
            } => {
                let scale = if *log { ", logarithmic" } else { "" };
                write!(f, "{low:?} to {high:?}{scale}, {points} grid points")
            }
            Self::Integers { low, high, step } => {
                write!(f, "{low} to {high} in steps of {step}")
            }
            Self::LogIntegers { low, high, points } => {
                write!(f, "{low} to {high}, logarithmic, {points} grid points")
            }
        }
    }
}

impl Domain {
    /// Whether equal ratios of its numbers count the same, instead of equal differences.
    pub fn is_log(&self) -> bool {
        matches!(
            self,
            Self::Range { log: true, .. } | Self::LogIntegers { .. }
        )
    }

    /// The values on the grid, distinct, and ascending where they are numbers
    /// of a range. Those between the ends of a range are rounded to 12
    /// significant digits.
    pub(crate) fn grid(&self) -> Vec<Value> {
        match *self {
            Self::Values(ref values) => values.clone(),
            Self::Range {
                low,
                high,
                log,
                points,
            } => floats(low, high, log, points)
                .into_iter()
                .map(Value::Float)
                .collect(),
            // Fits: it is between two i64.
            Self::Integers { low, high, step } => {
                let (low, high) = (i128::from(low), i128::from(high));
                let values = (low..=high).step_by(usize::try_from(step).unwrap_or(usize::MAX));
                values.map(|value| Value::Integer(value as i64)).collect()
            }
            Self::LogIntegers { low, high, points } => {
                let mut values: Vec<i64> = floats(low as f64, high as f64, true, points)
                    .into_iter()
                    .map(|value| (value.round() as i64).clamp(low, high))
                    .collect();
                values.dedup();
                values.into_iter().map(Value::Integer).collect()
            }
        }
    }
}

/// `points` numbers at equal distances, or ratios.
fn floats(low: f64, high: f64, log: bool, points: usize) -> Vec<f64> {
    let Some(last) = points.checked_sub(1).filter(|&last| last > 0) else {
        return vec![low];
    };
    // Weighting both ends gives an exact 0 halfway between -x and x.
    let between = |low: f64, high: f64, at: usize| {
        (low * (last - at) as f64 + high * at as f64) / last as f64
    };
    let value = |at: usize| match at {
        0 => low,
        _ if at == last => high,
        _ if log => rounded(between(low.ln(), high.ln(), at).exp()),
        _ => rounded(between(low, high, at)),
    };
    (0..points).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_grid_has_the_decimal_values_that_one_expects() {
        let grid = floats(0.0, 0.5, false, 6);
        assert_eq!(grid, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]);
        assert_eq!(floats(-0.3, 0.3, false, 3), [-0.3, 0.0, 0.3]);
        let fine = floats(-0.1, 0.1, false, 21);
        assert_eq!((fine[1], fine[9], fine[11]), (-0.09, -0.01, 0.01));
    }

    #[test]
    fn a_logarithmic_grid_over_powers_of_ten_hits_them_exactly() {
        assert_eq!(floats(1e-5, 1e-2, true, 4), [1e-5, 1e-4, 1e-3, 1e-2]);
        let grid = floats(1e-5, 1e-2, true, 7);
        assert_eq!(grid[1], 3.162_277_660_17e-5);
    }

    #[test]
    fn ends_with_more_than_12_digits_are_kept_as_written() {
        let (low, high) = (0.123_456_789_012_345_6, 0.987_654_321_098_765_4);
        let grid = floats(low, high, false, 3);
        assert_eq!((grid[0], grid[2]), (low, high));
    }

    #[test]
    fn a_domain_in_words_says_what_it_ranges_over() {
        let lists = r#"[["layer4", "head"], "all", 0.5, 32]"#;
        let Ok(Value::Array(values)) = lists.parse() else {
            unreachable!("it is an array");
        };
        let words = Domain::Values(values).to_string();
        assert_eq!(words, "layer4+head, all, 0.5, 32");
        let range = |log| Domain::Range {
            low: 1e-5,
            high: 1.0,
            log,
            points: 6,
        };
        assert_eq!(range(false).to_string(), "1e-5 to 1.0, 6 grid points");
        let words = range(true).to_string();
        assert_eq!(words, "1e-5 to 1.0, logarithmic, 6 grid points");
    }

    #[test]
    fn integers_step_from_end_to_end_of_the_whole_type() {
        let domain = Domain::Integers {
            low: i64::MIN,
            high: i64::MAX - 1,
            step: i64::MAX,
        };
        let expected = [i64::MIN, -1, i64::MAX - 1].map(Value::Integer);
        assert_eq!(domain.grid(), expected);
    }

    #[test]
    fn integers_that_round_to_the_same_are_on_the_grid_once() {
        let domain = Domain::LogIntegers {
            low: 1,
            high: 8,
            points: 7,
        };
        let expected = [1, 2, 3, 4, 6, 8].map(Value::Integer);
        assert_eq!(domain.grid(), expected);
    }
}
