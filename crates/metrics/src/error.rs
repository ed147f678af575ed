//! What can be wrong with the numbers.

use std::fmt;

use crate::metric::Metric;

/// The largest magnitude that is accepted: its square, summed over any number
/// of rows that fits into memory, is still finite.
pub(crate) const LARGEST: f64 = 1e100;

/// Which of the two columns of a row a value stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What the model said.
    Prediction,
    /// What is true.
    Label,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prediction => "prediction",
            Self::Label => "label",
        })
    }
}

/// Why metrics cannot be computed, or models not be compared. A refused row leaves the accumulator as it
/// was.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum MetricsError {
    /// A row has not as many values as there are targets.
    Length {
        /// Whether the predictions or the labels are at fault.
        side: Side,
        /// The number of targets.
        expected: usize,
        /// The number of values in the row.
        got: usize,
    },
    /// A value is NaN, infinite or too large to be squared and summed.
    Value {
        /// Whether it is a prediction or a label.
        side: Side,
        /// The target's index, from 0.
        target: usize,
        /// The value.
        value: f64,
    },
    /// Two accumulators have different numbers of targets.
    Merge {
        /// The targets of the accumulator that is merged into.
        expected: usize,
        /// The targets of the other one.
        got: usize,
    },
    /// No row was pushed, so that no mean exists.
    Empty,
    /// There are no targets.
    NoTargets,
    /// Accumulators that hold parts of one sequence were merged out of order.
    Order {
        /// The row that follows the accumulator that is merged into.
        expected: u64,
        /// The first row of the other one.
        got: u64,
    },
    /// Two accumulators, or intervals and the rows to try them on, were made with
    /// different settings.
    Settings,
    /// A setting or an argument has a value that makes no sense.
    Argument {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What is needed instead.
        needed: &'static str,
    },
    /// A metric names a bound or a bin that the settings of the rows lack.
    Metric {
        /// The metric.
        metric: Metric,
    },
    /// There are more rows than 32 bits can number.
    TooManyRows,
}

impl fmt::Display for MetricsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length {
                side,
                expected,
                got,
            } => write!(
                f,
                "the row has {got} {side}s where there are {expected} targets"
            ),
            Self::Value {
                side,
                target,
                value,
            } => write!(
                f,
                "the {side} of target {target} is {value}; a finite number of at most {LARGEST:e} in magnitude is needed"
            ),
            Self::Merge { expected, got } => write!(
                f,
                "an accumulator of {got} targets cannot be merged into one of {expected}"
            ),
            Self::Empty => f.write_str("metrics of no rows at all are undefined"),
            Self::NoTargets => f.write_str("metrics need at least one target"),
            Self::Order { expected, got } => write!(
                f,
                "an accumulator that begins at row {got} cannot be merged where row {expected} is next; merge the parts in their order"
            ),
            Self::Settings => {
                f.write_str("the two were made with different settings and do not go together")
            }
            Self::Argument {
                name,
                value,
                needed,
            } => write!(f, "{name} is {value}; {needed} is needed"),
            Self::Metric { metric } => write!(
                f,
                "the metric \"{metric}\" needs a bound or a bin that the settings of the rows do not list"
            ),
            Self::TooManyRows => write!(f, "there are more than {} rows", u32::MAX),
        }
    }
}

impl std::error::Error for MetricsError {}

/// Refuses a row of the wrong length or with a value that would spoil the sums.
pub(crate) fn check_row(side: Side, row: &[f64], targets: usize) -> Result<(), MetricsError> {
    if row.len() != targets {
        return Err(MetricsError::Length {
            side,
            expected: targets,
            got: row.len(),
        });
    }
    let refused = |value: &f64| value.is_nan() || value.abs() > LARGEST;
    match row.iter().position(refused) {
        None => Ok(()),
        Some(target) => Err(MetricsError::Value {
            side,
            target,
            value: row[target],
        }),
    }
}

/// Refuses what is not strictly between 0 and 1.
pub(crate) fn check_share(name: &'static str, value: f64) -> Result<(), MetricsError> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    Err(MetricsError::Argument {
        name,
        value,
        needed: "a number between 0 and 1, neither of them included",
    })
}
