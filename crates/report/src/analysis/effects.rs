//! What the trials say about one searched number.

use psp_metrics::median;
use serde::{Deserialize, Serialize};

use super::search::finished_score;
use crate::input::{Dimension, Study};

/// The scores of finished trials by the values of a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyEffect {
    /// `section.key`.
    pub key: String,
    /// Its share of the importance over all keys, where that is known.
    pub importance: Option<f64>,
    /// By value, or by thirds of the trials where there are many values.
    pub values: Vec<ValueEffect>,
}

/// The finished trials with one value, or with one of a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueEffect {
    /// The value, or the range.
    pub value: String,
    /// Finished trials.
    pub trials: usize,
    /// Their median score.
    pub median: f64,
    /// Their best score.
    pub best: f64,
}

/// Up to so many different values have a row each.
const MOST: usize = 8;

impl KeyEffect {
    /// Of a key with numbers; `None` where no finished trial has one.
    pub(crate) fn of(study: &Study, dimension: &Dimension) -> Option<Self> {
        let scored = study.trials.iter().filter_map(|trial| {
            let value = trial.values.get(&dimension.key)?.as_str();
            Some((value, value.parse::<f64>().ok()?, finished_score(trial)?))
        });
        let mut scored: Vec<(&str, f64, f64)> = scored.collect();
        scored.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut groups: Vec<_> = scored.chunk_by(|a, b| a.0 == b.0).collect();
        if groups.len() > MOST {
            groups = scored.chunks(scored.len().div_ceil(3)).collect();
        }
        let values = groups.into_iter().filter_map(|group| {
            let (first, last) = (group.first()?.0, group.last()?.0);
            let scores: Vec<f64> = group.iter().map(|(_, _, score)| *score).collect();
            let range = format!("{first} to {last}");
            Some(ValueEffect {
                value: if first == last {
                    first.to_owned()
                } else {
                    range
                },
                trials: scores.len(),
                best: scores.iter().copied().fold(f64::MIN, f64::max),
                median: median(scores)?,
            })
        });
        let values: Vec<ValueEffect> = values.collect();
        (!values.is_empty()).then(|| Self {
            key: dimension.key.clone(),
            importance: study.importance_of(&dimension.key),
            values,
        })
    }
}
