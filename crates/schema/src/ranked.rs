//! How configurations compare that were trained once or more.

use serde::{Deserialize, Serialize};

/// A candidate's place in a ranking by validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// Which of the candidates.
    pub candidate: usize,
    /// Mean over its runs of the validation score that training recorded.
    pub mean: f64,
    /// Standard deviation between its runs; `None` of one.
    pub deviation: Option<f64>,
    /// Lower confidence bound of the mean, which candidates are ranked by: of one run by
    /// the spread of the other candidates' runs, and the mean itself where no candidate
    /// has two.
    pub lower_bound: f64,
    /// Whether its mean and bound are within the first's noise of the first's.
    pub ties: bool,
}
