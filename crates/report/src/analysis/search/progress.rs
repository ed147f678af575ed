//! What more trials gave.

use serde::{Deserialize, Serialize};

use super::finished_score;
use crate::input::{PrunerName, SamplerName, Study};

/// What a search of so many trials found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Finished trials.
    pub trials: usize,
    /// The best score of the first so many in the order of the draw.
    pub best: f64,
    /// The mean over all choices of so many of the finished trials of their best
    /// score, which the luck of the order has no part in; `None` unless trials were
    /// drawn independently of each other and none was stopped early.
    pub expected: Option<f64>,
}

pub(super) fn progress(study: &Study) -> Vec<Progress> {
    let scores: Vec<f64> = study.trials.iter().filter_map(finished_score).collect();
    let is_random = matches!(study.sampler, SamplerName::Random | SamplerName::RandomGrid);
    let independent = is_random && study.pruner == PrunerName::None;
    let mut sorted = scores.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut counts: Vec<usize> = [1, 2, 5]
        .into_iter()
        .flat_map(|digit| (0..5).map(move |power| digit * 10_usize.pow(power)))
        .filter(|count| *count < scores.len())
        .collect();
    counts.push(scores.len() / 2);
    counts.push(scores.len());
    counts.retain(|count| *count > 0);
    counts.sort_unstable();
    counts.dedup();
    let row = |trials: usize| Progress {
        trials,
        best: scores[..trials].iter().copied().fold(f64::MIN, f64::max),
        expected: independent.then(|| expected_best(&sorted, trials)),
    };
    counts.into_iter().map(row).collect()
}

/// The mean over all choices of `count` of the scores of their highest. The i-th
/// lowest of n is the highest of a choice in C(i − 1, count − 1) of C(n, count)
/// cases, which is (i − count + 1) / i times as often as the next higher one.
fn expected_best(ascending: &[f64], count: usize) -> f64 {
    let mut share = count as f64 / ascending.len() as f64;
    let mut mean = 0.0;
    for place in (count..=ascending.len()).rev() {
        mean += share * ascending[place - 1];
        share *= (place - count) as f64 / (place - 1).max(1) as f64;
    }
    mean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expected_best_is_the_mean_over_all_choices() {
        let scores = [0.1, 0.4, 0.5, 0.9];
        assert!((expected_best(&scores, 1) - 0.475).abs() < 1e-12);
        // {.1,.4} {.1,.5} {.1,.9} {.4,.5} {.4,.9} {.5,.9}
        let pairs = (0.4 + 0.5 + 0.9 + 0.5 + 0.9 + 0.9) / 6.0;
        assert!((expected_best(&scores, 2) - pairs).abs() < 1e-12);
        assert!((expected_best(&scores, 4) - 0.9).abs() < 1e-12);
    }
}
