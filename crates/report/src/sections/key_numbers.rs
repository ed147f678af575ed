//! The numbers that stand out.

use psp_metrics::Metric;

use super::Context;
use crate::analysis::{Evaluated, FocusPart};
use crate::document::{KeyNumber, Text};
use crate::format::{count, counted, mebibytes, multiply_adds, ratio, speed};

pub(super) fn numbers(context: &Context) -> Vec<KeyNumber> {
    let mut numbers = Vec::new();
    numbers.extend(validation(context));
    let focus = context.analysis.focus;
    if let Some(evaluated) = focus.and_then(|f| f.evaluated(&context.analysis.candidates)) {
        numbers.extend(measured(context, evaluated));
    }
    numbers.extend(cost(context));
    if numbers.is_empty() {
        numbers.extend(best_trial(context));
    }
    numbers
}

/// The candidate whose numbers are shown.
fn shown(context: &Context) -> Option<usize> {
    let selection = context.input.selection.as_ref();
    let chosen = selection.map(|selection| selection.candidate);
    chosen.or(context.analysis.focus.map(|focus| focus.candidate))
}

fn validation(context: &Context) -> Option<KeyNumber> {
    let candidate = shown(context)?;
    let analysed = &context.analysis.candidates[candidate];
    let scores = analysed.validation.as_ref()?;
    let rank = context.input.selection.as_ref().and_then(|selection| {
        let mut ranks = selection.ranking.iter();
        ranks.find(|rank| rank.candidate == candidate)
    });
    let mean = rank.map_or(scores.mean, |rank| rank.mean);
    let confidence = context.input.study.as_ref().map(|study| study.confidence);
    let mut details = vec![match scores.values.len() {
        1 => Text::from("one run"),
        runs => Text::from(format!("mean of {runs} runs")),
    }];
    if let Some(rank) = rank.filter(|_| scores.values.len() > 1) {
        let percent = crate::format::whole_percent(confidence.unwrap_or(0.95));
        details.push(Text::from(format!(
            "lower {percent} bound {}",
            context.score(rank.lower_bound)
        )));
    }
    let selection = context.input.selection.as_ref();
    if let Some(finalist) = selection.and_then(|selection| selection.finalist)
        && let Some(score) = context.validation(finalist)
    {
        let score = context.score(score);
        details.push(Text::from(format!("before the refit {score}")));
    }
    let run = &context.input.candidates[candidate].runs.first()?.folder;
    Some(KeyNumber {
        label: format!("Validation {}", context.score_name()),
        value: Text::new().path(context.score(mean), run),
        details,
    })
}

fn measured(context: &Context, evaluated: &Evaluated) -> Vec<KeyNumber> {
    let Some(focus) = context.analysis.focus else {
        return Vec::new();
    };
    let folder = &context.input.candidates[focus.candidate].runs[focus.run].folder;
    let part = match focus.part {
        FocusPart::Test => ("Test", ""),
        FocusPart::Valid => ("Validation", " (not tested)"),
    };
    let images = counted(evaluated.images, "image", "images");
    let number = |metric: Metric, baseline: Option<f64>, format: &dyn Fn(f64) -> String| {
        let interval = evaluated.overall(metric)?;
        let value = interval.estimate?;
        let mut details: Vec<Text> = Vec::new();
        if let (Some(low), Some(high)) = (interval.low, interval.high) {
            let percent = context.confidence();
            let (low, high) = (format(low), format(high));
            details.push(Text::from(format!("{percent} interval {low} to {high}")));
        }
        let mean = baseline.map_or("undefined".to_owned(), format);
        details.push(Text::from(format!("predict the mean: {mean}")));
        details.push(Text::from(format!("n\u{a0}=\u{a0}{images}")));
        Some(KeyNumber {
            label: format!("{} {metric}{}", part.0, part.1),
            value: Text::new().path(format(value), folder),
            details,
        })
    };
    let baseline = &evaluated.metrics.overall.baseline;
    let r2 = number(Metric::R2, baseline.r2, &ratio);
    let mse = number(Metric::Mse, Some(baseline.mse), &|v| context.error(v));
    r2.into_iter().chain(mse).collect()
}

fn cost(context: &Context) -> Option<KeyNumber> {
    let candidate = &context.input.candidates[shown(context)?];
    let cost = &candidate.cost;
    let mut details = vec![Text::from(format!(
        "{} MiB, {} parameters",
        crate::format::fixed(cost.mib, 1),
        count(cost.parameters)
    ))];
    if let Some(measured) = &cost.measured {
        let mut text = format!(
            "{} images/s one at a time on {}",
            speed(measured.images_per_second_1),
            measured.device
        );
        if let Some(peak) = measured.peak_memory {
            text += &format!(", {} MiB peak", mebibytes(peak));
        }
        details.push(Text::from(text));
    }
    let folder = &candidate.runs.first()?.folder;
    Some(KeyNumber {
        label: "Multiply-adds".to_owned(),
        value: Text::new().path(multiply_adds(cost.multiply_adds), folder),
        details,
    })
}

fn best_trial(context: &Context) -> Option<KeyNumber> {
    let best = context.analysis.search.as_ref()?.best?;
    let trial = &context.input.study.as_ref()?.trials[best.trial];
    Some(KeyNumber {
        label: format!("Best validation {} so far", context.score_name()),
        value: Text::new().path(context.score(best.score), &trial.folder),
        details: vec![Text::from(format!(
            "trial {}, {}",
            trial.number, trial.backbone
        ))],
    })
}
