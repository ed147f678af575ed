//! Errors of labels.

use std::path::PathBuf;

use crate::stray_label::StrayLabel;

/// Why a label can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// A label is not a number within the range.
    #[error(
        "{path}: line {row}: column `{column}`{} {problem}{}",
        quoted(value),
        advice_on_label(problem, *low, *high)
    )]
    Value {
        /// The labels file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// The target's column.
        column: String,
        /// The refused text.
        value: String,
        /// Why it was refused ("is not a number").
        problem: &'static str,
        /// The smallest value that is accepted.
        low: f32,
        /// The largest value that is accepted.
        high: f32,
    },
    /// Labels that differ by less than single precision can compute with.
    #[error(
        "{}: column `{column}`: all labels lie within {spread:.1e}, too close together for single \
         precision; scale the column up", path.display()
    )]
    TooNarrow {
        /// The labels file.
        path: PathBuf,
        /// The target's column.
        column: String,
        /// From the lowest label to the highest.
        spread: f64,
    },
    /// A label outside the range that nearly all lie in.
    #[error(
        "{}: line {}: column `{}`: `{}` is out of range, since {} of {} labels lie from 0 to 1; \
         correct it, or set data.label_range = \"none\" or [low, high] if it is right",
        .0.path.display(), .0.row, .0.column, .0.value, .0.inside, .0.total
    )]
    Stray(StrayLabel),
}

/// What is wrong with a label beyond the range.
pub(crate) const OUT_OF_RANGE: &str = "is out of range";

impl LabelError {
    pub(super) fn is_out_of_range(&self) -> bool {
        matches!(self, Self::Value { problem, .. } if *problem == OUT_OF_RANGE)
    }
}

/// A field between its column's name and what is wrong with it; nothing for an
/// empty one.
fn quoted(value: &str) -> String {
    if value.trim().is_empty() {
        String::new()
    } else {
        format!(": `{value}`")
    }
}

/// What is expected of a label, and what can be done about one that can't be read.
fn advice_on_label(problem: &str, low: f32, high: f32) -> String {
    let mut advice = String::new();
    if low.is_finite() && high.is_finite() {
        advice = format!("; expected a number from {low} to {high}");
    }
    if problem != OUT_OF_RANGE {
        advice += "; correct it, or remove the row";
    }
    advice
}
