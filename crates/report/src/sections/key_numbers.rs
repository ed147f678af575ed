//! The numbers that stand out.

use psp_metrics::{Metric, Scores};

use super::Context;
use super::context::score;
use crate::analysis::FocusPart;
use crate::document::{KeyNumber, Text};
use crate::format::{count, counted, fixed, mebibytes, multiply_adds, ratio, speed, whole_percent};

pub(super) fn numbers(context: &Context) -> Vec<KeyNumber> {
    let mut numbers = Vec::new();
    numbers.extend(validation(context));
    numbers.extend(measured(context, Metric::R2, |scores| scores.r2, ratio));
    let error = |value| context.error(value);
    numbers.extend(measured(
        context,
        Metric::Mse,
        |scores| Some(scores.mse),
        error,
    ));
    numbers.extend(cost(context));
    if numbers.is_empty() {
        numbers.extend(best_trial(context));
    }
    numbers
}

/// A number that is a link to the folder that it comes from.
fn linked(label: String, value: String, folder: &str, details: Vec<String>) -> KeyNumber {
    KeyNumber {
        label,
        value: Text::new().path(value, folder),
        details,
    }
}

/// The candidate whose numbers are shown.
fn shown(context: &Context) -> Option<usize> {
    let selection = context.input.selection.as_ref();
    let chosen = selection.map(|selection| selection.candidate);
    chosen.or(context.analysis.focus.map(|focus| focus.candidate))
}

fn validation(context: &Context) -> Option<KeyNumber> {
    let candidate = shown(context)?;
    let scores = context.analysis.candidates[candidate].validation.as_ref()?;
    let selection = context.input.selection.as_ref();
    let mut ranks = selection.into_iter().flat_map(|chosen| &chosen.ranking);
    let rank = ranks.find(|rank| rank.candidate == candidate);
    let mut details = vec![match scores.values.len() {
        1 => "one run".to_owned(),
        runs => format!("mean of {runs} runs"),
    }];
    if let Some(rank) = rank.filter(|_| scores.values.len() > 1) {
        let percent = whole_percent(context.input.ranking_confidence());
        details.push(format!("lower {percent} bound {}", score(rank.lower_bound)));
    }
    // Folds are of other images than the refit is validated on.
    let has_folds = context
        .input
        .study
        .as_ref()
        .is_some_and(|study| study.folds > 0);
    let finalist = selection.and_then(|selection| selection.finalist);
    let finalist = finalist.filter(|_| !has_folds);
    if let Some(before) = finalist.and_then(|finalist| context.validation(finalist)) {
        details.push(format!("before the refit {}", score(before)));
    }
    let mean = rank.map_or(scores.mean, |rank| rank.mean);
    let run = context.input.candidates[candidate].runs.first()?;
    let label = format!("Validation {}", context.score_name());
    Some(linked(label, score(mean), &run.folder, details))
}

/// A metric of the run in focus, beside that of "predict the mean".
fn measured(
    context: &Context,
    metric: Metric,
    of: fn(&Scores) -> Option<f64>,
    format: impl Fn(f64) -> String,
) -> Option<KeyNumber> {
    let (focus, evaluated) = context.focus()?;
    let value = evaluated.overall(metric)?.estimate?;
    let interval = evaluated.interval(None, metric);
    let interval = interval.map(|ends| context.interval(ends, &format));
    let mean = of(&evaluated.metrics.overall.baseline);
    let mean = mean.map_or("undefined".to_owned(), &format);
    let images = counted(evaluated.images, "image", "images");
    let mut details: Vec<String> = interval.into_iter().collect();
    details.push(format!("predict the mean: {mean}"));
    details.push(format!("n\u{a0}=\u{a0}{images}"));
    let label = match focus.part {
        FocusPart::Test => format!("Test {metric}"),
        FocusPart::Valid => format!("Validation {metric} (not tested)"),
    };
    let runs = &context.input.candidates[focus.candidate].runs;
    if runs.len() > 1 {
        details.insert(0, format!("one of {} runs", runs.len()));
    }
    let run = &runs[focus.run];
    Some(linked(label, format(value), &run.folder, details))
}

fn cost(context: &Context) -> Option<KeyNumber> {
    let candidate = &context.input.candidates[shown(context)?];
    let cost = &candidate.cost;
    let (mib, parameters) = (fixed(cost.mib, 1), count(cost.parameters));
    let mut details = vec![format!("{mib} MiB, {parameters} parameters")];
    if let Some(measured) = &cost.measured {
        let peak = measured.peak_memory.map(mebibytes);
        details.push(format!(
            "{} images/s one at a time on {}{}",
            speed(measured.images_per_second_1),
            measured.device,
            peak.map_or_else(String::new, |peak| format!(", {peak} MiB peak"))
        ));
    }
    let (label, value) = (
        "Multiply-adds".to_owned(),
        multiply_adds(cost.multiply_adds),
    );
    Some(linked(
        label,
        value,
        &candidate.runs.first()?.folder,
        details,
    ))
}

fn best_trial(context: &Context) -> Option<KeyNumber> {
    let best = context.analysis.search.as_ref()?.best?;
    let trial = &context.input.study.as_ref()?.trials[best.trial];
    let label = format!("Best validation {} so far", context.score_name());
    let details = vec![format!("trial {}, {}", trial.number, trial.backbone)];
    Some(linked(label, score(best.score), &trial.folder, details))
}
