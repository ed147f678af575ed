//! What a reader has to know who reads nothing else.

use psp_metrics::{Metric, MetricInterval};

use super::Context;
use crate::analysis::{Evaluated, FocusPart};
use crate::document::{KeyNumber, Text, Verdict};
use crate::format::{count, counted, listed, mebibytes, multiply_adds, percent, ratio, speed};

pub(super) fn verdict(context: &Context) -> Verdict {
    let caveat = context.analysis.caveats.first().map(|caveat| {
        Text::from("Do not conclude ")
            .strong(&caveat.claim)
            .plain(format!(". {} ", caveat.because))
            .section("What else should not be concluded", "caveats")
            .plain(".")
    });
    Verdict {
        headline: headline(context),
        numbers: numbers(context),
        lines: lines(context),
        caveat,
    }
}

fn headline(context: &Context) -> Text {
    let input = context.input;
    if let Some(selection) = &input.selection {
        let candidate = &input.candidates[selection.candidate];
        let run = &candidate.runs[selection.run];
        let name = Text::new().path(&candidate.name, &run.folder);
        return match input.candidates.len() {
            1 => name.plain(" is the only candidate, and so the model of choice."),
            _ => name.plain(format!(
                " is the model of choice among {} candidates.",
                input.candidates.len()
            )),
        };
    }
    if let Some(link) = context.focus_link() {
        return Text::from("No model has been chosen yet. Shown in detail: ")
            .then(link)
            .plain(".");
    }
    match &context.analysis.search {
        Some(search) if search.states.drawn() > 0 && search.states.failed == search.wanted => {
            Text::from(format!(
                "All {} trials failed: there is no model.",
                search.wanted
            ))
        }
        Some(search) => Text::from(match search.states.finished {
            0 => "No trial has been trained to its end yet: there is no model.".to_owned(),
            finished => format!(
                "No model has been chosen yet: {} of {} trials are finished.",
                finished, search.wanted
            ),
        }),
        None => Text::from("There are no predictions of any model."),
    }
}

fn numbers(context: &Context) -> Vec<KeyNumber> {
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
    let scores = context.analysis.candidates[candidate].validation.as_ref()?;
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
            "{} images/s one at a time",
            speed(measured.images_per_second_1)
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

fn lines(context: &Context) -> Vec<Text> {
    let mut lines = Vec::new();
    if let Some(selection) = &context.input.selection {
        let reason = selection.reason.trim().trim_end_matches('.');
        lines.push(
            Text::from("Why: ")
                .plain(format!("{reason}. "))
                .section("The rule", "selection"),
        );
        let ties = selection.ranking.iter();
        let ties = ties.filter(|rank| rank.ties && rank.candidate != selection.candidate);
        let ties: Vec<&str> = ties.map(|rank| context.name(rank.candidate)).collect();
        if !ties.is_empty() {
            lines.push(Text::from(format!(
                "By validation it ties with {}: the choice among these is by cost, not by \
                 accuracy.",
                listed(&ties)
            )));
        }
    }
    lines.extend(failed(context));
    lines.extend(compared(context));
    if let Some(focus) = context.analysis.focus
        && let Some(evaluated) = focus.evaluated(&context.analysis.candidates)
    {
        lines.extend(trustworthy(
            context,
            evaluated.overall(Metric::Skill),
            evaluated,
        ));
    }
    lines
}

/// Why there is no model, where trials failed.
fn failed(context: &Context) -> Option<Text> {
    let search = context.analysis.search.as_ref()?;
    if context.analysis.focus.is_some() {
        return None;
    }
    let most = search.failures.first()?;
    let trials = counted(most.trials.len(), "trial", "trials");
    let reason = most.reason.lines().next().unwrap_or_default().trim();
    let text = format!("Most frequent failure ({trials}): {reason}. ");
    Some(Text::from(text).section("All failures", "search"))
}

/// How the model in focus stands on the test images.
fn compared(context: &Context) -> Option<Text> {
    let comparison = context.analysis.comparison.as_ref()?;
    let focus = context.analysis.focus?.candidate;
    // Better, worse, and no difference shown; the first two also where the spread
    // between seeds is not ruled out.
    let mut groups: [Vec<&str>; 5] = Default::default();
    for member in &comparison.members {
        let other = member.candidate;
        let Some((pair, in_order)) = comparison.pair(focus, other) else {
            continue;
        };
        let better = (pair.mse.value < 0.0) == in_order;
        let place = match (pair.differs, better, pair.beyond_seeds) {
            (true, true, Some(true)) => 0,
            (true, true, _) => 1,
            (true, false, Some(true)) => 2,
            (true, false, _) => 3,
            (false, _, _) => 4,
        };
        groups[place].push(context.name(other));
    }
    let words = [
        ("it is better than ", ""),
        (
            "it is better than ",
            ", though this may be luck of the seeds",
        ),
        ("it is worse than ", ""),
        (
            "it is worse than ",
            ", though this may be luck of the seeds",
        ),
        ("no difference is shown from ", ""),
    ];
    let parts = groups
        .iter()
        .zip(words)
        .filter(|(names, _)| !names.is_empty());
    let parts: Vec<String> = parts
        .map(|(names, (before, after))| format!("{before}{}{after}", listed(names)))
        .collect();
    if parts.is_empty() {
        return None;
    }
    let images = counted(comparison.images, "test image", "test images");
    let text = format!("On the same {images}, {}. ", parts.join("; "));
    Some(Text::from(text).section("Pair by pair", "quantitative"))
}

fn trustworthy(
    context: &Context,
    skill: Option<&MetricInterval>,
    evaluated: &Evaluated,
) -> Option<Text> {
    let skill = skill?;
    let (value, low, high) = (skill.estimate?, skill.low?, skill.high?);
    Some(Text::from(format!(
        "Of the MSE of \"predict the training mean\" it removes {} ({} interval {} to {}). \
         Intervals are bootstrapped over the {} of this one trained model.",
        percent(value),
        context.confidence(),
        percent(low),
        percent(high),
        counted(evaluated.images, "image", "images"),
    )))
}
