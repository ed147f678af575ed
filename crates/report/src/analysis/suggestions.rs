//! What the suggestions of the perspective-score project gave here.

use serde::{Deserialize, Serialize};

use super::effects::KeyEffect;
use super::score::Score;
use super::search::Search;
use crate::format::{counted, fixed, listed, speed};
use crate::input::Input;
use crate::project::{Evidence, Suggestion};

/// What came of one suggestion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuggestionResult {
    /// Its name, such as `more-search`.
    pub suggestion: String,
    /// Whether anything was measured.
    pub measured: bool,
    /// In whole sentences.
    pub text: String,
    /// The searched keys that speak of it.
    pub effects: Vec<KeyEffect>,
}

impl SuggestionResult {
    pub(crate) fn of(
        input: &Input,
        search: Option<&Search>,
        score: Score,
        suggestion: &Suggestion,
    ) -> Self {
        let effects = effects(input, &suggestion.keys);
        let told = match suggestion.evidence {
            Some(Evidence::Search) => search.and_then(|search| more_search(search, score)),
            Some(Evidence::Keys) if !effects.is_empty() => Some(
                "What the search says of it is in the table: finished trials by the value of \
                 each key. Other keys vary too, so a row is not a controlled experiment."
                    .to_owned(),
            ),
            Some(Evidence::Speed) => acceleration(input),
            _ => None,
        };
        Self {
            suggestion: suggestion.name.clone(),
            measured: told.is_some(),
            text: told.unwrap_or_else(|| suggestion.otherwise.clone()),
            effects,
        }
    }
}

fn effects(input: &Input, keys: &[String]) -> Vec<KeyEffect> {
    let Some(study) = &input.study else {
        return Vec::new();
    };
    let dimensions = study.dimensions.iter();
    dimensions
        .filter(|dimension| keys.contains(&dimension.key))
        .filter_map(|dimension| KeyEffect::of(study, dimension))
        .filter(|effect| effect.values.len() > 1)
        .collect()
}

fn more_search(search: &Search, score: Score) -> Option<String> {
    let progress = &search.progress;
    let last = progress.last().filter(|last| last.trials > 1)?;
    let half = progress.iter().find(|row| row.trials == last.trials / 2)?;
    let gain = match last.best - half.best {
        gain if gain > 0.0 => fixed(gain, 4),
        _ => "nothing".to_owned(),
    };
    let expected = half.expected.map_or_else(String::new, |expected| {
        format!(
            " Averaged over all ways to pick {} of these trials, it would have gained {}.",
            half.trials,
            fixed(last.best - expected, 4),
        )
    });
    Some(format!(
        "The best of the first {} finished trials has a validation {} of {}, the best of all {} \
         one of {}: the second half of the search gained {gain}.{expected} These are scores on \
         the validation images that the search itself looks at; part of such a gain is luck.",
        half.trials,
        score.name(),
        fixed(half.best, 4),
        last.trials,
        fixed(last.best, 4),
    ))
}

fn acceleration(input: &Input) -> Option<String> {
    let measured = input.candidates.iter().filter_map(|candidate| {
        let measured = candidate.cost.measured.as_ref()?;
        Some((candidate.name.as_str(), measured))
    });
    let measured: Vec<_> = measured.collect();
    let devices = input.measured_on();
    if devices.is_empty() {
        return None;
    }
    let mut text = format!(
        "The speed of prediction was measured for {}, on {}. No technique that makes one and the \
         same model faster was tried here.",
        counted(measured.len(), "model", "models"),
        listed(&devices)
    );
    for device in devices {
        let on_device = measured.iter().filter(|(_, cost)| cost.device == device);
        let speeds = on_device.map(|(name, cost)| (*name, cost.images_per_second_32));
        text += &speeds_on(device, &speeds.collect::<Vec<_>>()).unwrap_or_default();
    }
    Some(text)
}

/// The fastest and the slowest model on one device.
fn speeds_on(device: &str, speeds: &[(&str, f64)]) -> Option<String> {
    let by_speed = |a: &&(&str, f64), b: &&(&str, f64)| a.1.total_cmp(&b.1);
    let (name, fast) = speeds.iter().max_by(by_speed)?;
    let (other, slow) = speeds.iter().min_by(by_speed)?;
    let (is, rate) = (
        format!(" On {device}, in batches of 32, {name}"),
        speed(*fast),
    );
    Some(if name != other && *slow > 0.0 {
        format!(
            "{is} is the fastest with {rate} images/s and {other} the slowest with {}: a factor \
             of {}.",
            speed(*slow),
            fixed(fast / slow, 1),
        )
    } else {
        format!("{is} predicts {rate} images/s.")
    })
}
