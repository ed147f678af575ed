//! What the suggestions of the perspective-score project gave here.

use serde::{Deserialize, Serialize};

use super::effects::KeyEffect;
use super::score::Score;
use super::search::Search;
use crate::format::{counted, fixed, listed};
use crate::input::{Finding, Input, Suggestion};

/// What came of one suggestion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SuggestionResult {
    /// Which.
    pub suggestion: Suggestion,
    /// Whether anything was measured.
    pub measured: bool,
    /// In whole sentences.
    pub text: String,
    /// The searched keys that speak of it.
    pub effects: Vec<KeyEffect>,
    /// What was measured outside the search.
    pub findings: Vec<Finding>,
}

/// The suggestions in the project's order.
pub(crate) const ALL: [Suggestion; 6] = [
    Suggestion::MoreSearch,
    Suggestion::Augmentation,
    Suggestion::DomainPretraining,
    Suggestion::Regularisation,
    Suggestion::Compression,
    Suggestion::Acceleration,
];

impl SuggestionResult {
    pub(crate) fn of(
        input: &Input,
        search: Option<&Search>,
        score: Score,
        suggestion: Suggestion,
    ) -> Self {
        let findings = input.findings.iter();
        let findings: Vec<Finding> = findings
            .filter(|finding| finding.suggestion == suggestion)
            .cloned()
            .collect();
        let effects = effects(input, suggestion);
        let told = match suggestion {
            Suggestion::MoreSearch => more_search(search, score),
            Suggestion::Acceleration => acceleration(input),
            Suggestion::DomainPretraining => pretraining(input),
            _ => None,
        };
        let (measured, text) = match told {
            Some((measured, text)) => (measured, text),
            None if effects.is_empty() && findings.is_empty() => {
                (false, not_tried(suggestion).to_owned())
            }
            None if effects.is_empty() => (true, String::new()),
            None => (
                true,
                "What the search says of it is in the table: finished trials by the value of \
                 each key. Other keys vary along with it, so that a row is no controlled \
                 experiment."
                    .to_owned(),
            ),
        };
        Self {
            suggestion,
            measured: measured || !effects.is_empty() || !findings.is_empty(),
            text,
            effects,
            findings,
        }
    }
}

fn not_tried(suggestion: Suggestion) -> &'static str {
    match suggestion {
        Suggestion::MoreSearch => "No search was made here, so that nothing can be said of more.",
        Suggestion::Augmentation => {
            "Not tried here: no key that alters the training images was searched."
        }
        Suggestion::DomainPretraining => {
            "Not tried here: no training on other images of the same kind came first."
        }
        Suggestion::Regularisation => {
            "Not tried here: neither weight decay nor dropout nor stochastic depth was \
             searched."
        }
        Suggestion::Compression => {
            "Not tried here: the sizes in this report are those of all weights in fp32."
        }
        Suggestion::Acceleration => "Not tried here: the speed of prediction was not measured.",
    }
}

/// Parts of keys that belong to a suggestion.
fn effects(input: &Input, suggestion: Suggestion) -> Vec<KeyEffect> {
    let names: &[&str] = match suggestion {
        Suggestion::Augmentation => &["augment", "flip", "jitter", "mixup", "cutmix"],
        Suggestion::DomainPretraining => &["pretrain"],
        Suggestion::Regularisation => &["weight_decay", "dropout", "stochastic_depth"],
        Suggestion::Compression => &["prune", "quant", "distil"],
        Suggestion::MoreSearch | Suggestion::Acceleration => &[],
    };
    let Some(study) = &input.study else {
        return Vec::new();
    };
    let dimensions = study.dimensions.iter();
    dimensions
        .filter(|dimension| names.iter().any(|name| dimension.key.contains(name)))
        .filter_map(|dimension| KeyEffect::of(study, dimension))
        .filter(|effect| effect.values.len() > 1)
        .collect()
}

fn more_search(search: Option<&Search>, score: Score) -> Option<(bool, String)> {
    let progress = &search?.progress;
    let last = progress.last().filter(|last| last.trials > 1)?;
    let half = progress.iter().find(|row| row.trials == last.trials / 2)?;
    let gain = last.best - half.best;
    let mut text = format!(
        "The best of the first {} finished trials has a validation {} of {}, the best of all {} \
         one of {}: the second half of the search gained {}.",
        half.trials,
        score.name(),
        fixed(half.best, 4),
        last.trials,
        fixed(last.best, 4),
        match gain {
            gain if gain > 0.0 => fixed(gain, 4),
            _ => "nothing".to_owned(),
        },
    );
    if let Some(expected) = half.expected {
        text += &format!(
            " Averaged over all ways to pick {} of these trials, it would have gained {}.",
            half.trials,
            fixed(last.best - expected, 4),
        );
    }
    text += " These are scores on the validation images that the search itself looks at; part \
             of such a gain is luck.";
    Some((true, text))
}

fn pretraining(input: &Input) -> Option<(bool, String)> {
    let mut weights: Vec<&str> = input
        .candidates
        .iter()
        .map(|c| c.weights.as_str())
        .collect();
    weights.sort_unstable();
    weights.dedup();
    let has_findings = input
        .findings
        .iter()
        .any(|finding| finding.suggestion == Suggestion::DomainPretraining);
    if has_findings || weights.is_empty() {
        return None;
    }
    let text = not_tried(Suggestion::DomainPretraining);
    let list = weights.join("; ");
    Some((
        false,
        format!("{text} The initial weights of the models compared here: {list}."),
    ))
}

fn acceleration(input: &Input) -> Option<(bool, String)> {
    let measured = input.candidates.iter().filter_map(|candidate| {
        let measured = candidate.cost.measured.as_ref()?;
        Some((candidate.name.as_str(), measured))
    });
    let measured: Vec<_> = measured.collect();
    let devices = input.measured_on();
    if devices.is_empty() {
        return None;
    }
    let models = counted(measured.len(), "model", "models");
    let mut text = format!(
        "The speed of prediction was measured for {models}, on {}.",
        listed(&devices)
    );
    let is_tried = |finding: &Finding| finding.suggestion == Suggestion::Acceleration;
    if !input.findings.iter().any(is_tried) {
        text += " No technique that makes one and the same model faster was tried here.";
    }
    for device in devices {
        let on_device = measured.iter().filter(|(_, cost)| cost.device == device);
        let speeds = on_device.map(|(name, cost)| (*name, cost.images_per_second_32));
        text += &speeds_on(device, &speeds.collect::<Vec<_>>());
    }
    Some((true, text))
}

/// The fastest and the slowest model on one device.
fn speeds_on(device: &str, speeds: &[(&str, f64)]) -> String {
    let by_speed = |a: &&(&str, f64), b: &&(&str, f64)| a.1.total_cmp(&b.1);
    let (fastest, slowest) = (
        speeds.iter().max_by(by_speed),
        speeds.iter().min_by(by_speed),
    );
    let shown = crate::format::speed;
    match (fastest, slowest) {
        (Some((name, fast)), Some((other, slow))) if name != other && *slow > 0.0 => format!(
            " On {device}, in batches of 32, {name} is the fastest with {} images/s and {other} \
             the slowest with {}: a factor of {}.",
            shown(*fast),
            shown(*slow),
            fixed(fast / slow, 1),
        ),
        (Some((name, fast)), _) => format!(
            " On {device}, in batches of 32, {name} predicts {} images/s.",
            shown(*fast)
        ),
        (None, _) => String::new(),
    }
}
