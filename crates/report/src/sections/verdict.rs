//! What a reader has to know who reads nothing else.

use psp_metrics::{Metric, MetricInterval};

use super::no_use::no_use;
use super::{Context, key_numbers};
use crate::analysis::Evaluated;
use crate::document::{Text, Verdict};
use crate::format::{counted, listed, percent};

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
        numbers: key_numbers::numbers(context),
        lines: lines(context),
        caveat,
    }
}

/// The choice, and whether what was chosen is of any use.
fn headline(context: &Context) -> Text {
    let choice = choice(context);
    match no_use(context) {
        Some(said) => choice.plain(format!(" {said}")),
        None => choice,
    }
}

fn choice(context: &Context) -> Text {
    let input = context.input;
    if let Some(selection) = &input.selection {
        let candidate = &input.candidates[selection.candidate];
        let run = &candidate.runs[selection.run];
        let name = Text::new().path(&candidate.name, &run.folder);
        let refitted = match selection.finalist {
            Some(_) => ", trained again with the settings of the study's refit",
            None => "",
        };
        return match input.compared().count() {
            1 => name.plain(format!(
                " is the only candidate, and so the model of choice{refitted}."
            )),
            candidates => name.plain(format!(
                " is the model of choice among {candidates} candidates{refitted}."
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

fn lines(context: &Context) -> Vec<Text> {
    let mut lines = Vec::new();
    if let Some(selection) = &context.input.selection {
        lines.push(
            Text::from("Why: ")
                .plain(format!("{}. ", selection.why()))
                .section("The rule", "selection"),
        );
        let ties = selection.ranking.iter();
        let ties = ties.filter(|rank| rank.ties && rank.candidate != selection.ranked());
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
    let focus = context.analysis.focus?;
    // Better, worse, and no difference shown; the first two also where the spread
    // between runs is not ruled out.
    let mut groups: [Vec<&str>; 5] = Default::default();
    for member in &comparison.members {
        let other = member.candidate;
        let Some((pair, in_order)) = comparison.pair(focus.compared(), other) else {
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
    let luck = format!(
        ", though this may be luck of the {}",
        context.repeats().name()
    );
    let words = [
        ("it is better than ", ""),
        ("it is better than ", luck.as_str()),
        ("it is worse than ", ""),
        ("it is worse than ", luck.as_str()),
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
    let before = match focus.finalist {
        Some(_) => "Before its refit, on the same",
        None => "On the same",
    };
    let text = format!("{before} {images}, {}. ", parts.join("; "));
    Some(Text::from(text).section("Pair by pair", "quantitative"))
}

fn trustworthy(
    context: &Context,
    skill: Option<&MetricInterval>,
    evaluated: &Evaluated,
) -> Option<Text> {
    let skill = skill?;
    let (value, low, high) = (skill.estimate?, skill.low?, skill.high?);
    let confidence = context.confidence();
    let beside = if value < 0.0 {
        let (more, low, high) = (percent(-value), percent(-high), percent(-low));
        format!(
            "Its MSE is {more} higher than that of \"predict the training mean\" ({confidence} \
             interval of the difference: {low} to {high})"
        )
    } else {
        let (less, low, high) = (percent(value), percent(low), percent(high));
        format!(
            "Of the MSE of \"predict the training mean\" it removes {less} ({confidence} interval \
             {low} to {high})"
        )
    };
    Some(Text::from(format!(
        "{beside}. Intervals are bootstrapped over the {} of this one trained model.",
        counted(evaluated.images, "image", "images"),
    )))
}
