//! The errors of images whose labels are alike.

use crate::{Interval, LabelRange};

/// How the errors of a bin are put into one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorMeasure {
    /// The mean squared error.
    #[default]
    Mse,
    /// The mean absolute error.
    Mae,
}

/// The errors of the images whose labels fall into one bin.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorBin {
    /// Which labels.
    pub labels: LabelRange,
    /// How many images.
    pub count: u64,
    /// The error; none where there is no image.
    pub error: Option<f64>,
    /// Its confidence interval.
    pub interval: Option<Interval>,
}
