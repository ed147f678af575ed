//! What a reader has to know who reads nothing else.

use psp_metrics::Metric;

use super::no_use::no_use;
use super::{Context, key_numbers};
use crate::analysis::Pair;
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
    // The choice, and whether what was chosen is of any use.
    let no_use = no_use(context).map_or_else(String::new, |said| format!(" {said}"));
    Verdict {
        headline: choice(context).then(no_use),
        numbers: key_numbers::numbers(context),
        lines: lines(context),
        caveat,
    }
}

fn choice(context: &Context) -> Text {
    let input = context.input;
    if let Some(selection) = &input.selection {
        let candidate = &input.candidates[selection.candidate];
        let run = &candidate.runs[selection.run];
        let refitted = match selection.finalist {
            Some(_) => ", trained again with the settings of the study's refit",
            None => "",
        };
        let is = match input.compared().count() {
            1 => "is the only candidate, and so the model of choice".to_owned(),
            candidates => format!("is the model of choice among {candidates} candidates"),
        };
        let name = Text::new().path(&candidate.name, &run.folder);
        return name.plain(format!(" {is}{refitted}."));
    }
    if let Some(link) = context.focus_link() {
        let shown = Text::from("No model has been chosen yet. Shown in detail: ");
        return shown.then(link).plain(".");
    }
    let Some(search) = &context.analysis.search else {
        return Text::from("There are no predictions of any model.");
    };
    let (states, wanted) = (&search.states, search.wanted);
    Text::from(match states.finished {
        _ if states.drawn() > 0 && states.failed == wanted => {
            format!("All {wanted} trials failed: there is no model.")
        }
        0 => "No trial has been trained to its end yet: there is no model.".to_owned(),
        finished => {
            format!("No model has been chosen yet: {finished} of {wanted} trials are finished.")
        }
    })
}

fn lines(context: &Context) -> Vec<Text> {
    let mut lines = Vec::new();
    if let Some(selection) = &context.input.selection {
        let why = Text::from(format!("Why: {}. ", selection.why()));
        lines.push(why.section("The rule", "selection"));
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
    lines.extend(trustworthy(context));
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

/// How the model in focus compares on the test images.
fn compared(context: &Context) -> Option<Text> {
    let comparison = context.analysis.comparison.as_ref()?;
    let focus = context.analysis.focus?;
    let luck = format!(
        ", though this may be luck of the {}",
        context.repeats().name()
    );
    // What is said of a model, and whether the spread between runs is not ruled out.
    let said = |pair: &Pair, in_order: bool| {
        let luck = pair.beyond_seeds != Some(true);
        match (pair.differs, (pair.mse.value < 0.0) == in_order) {
            (true, true) => ("it is better than", luck),
            (true, false) => ("it is worse than", luck),
            (false, _) => ("no difference is shown from", false),
        }
    };
    let members = comparison.members.iter().map(|member| member.candidate);
    let pairs = members.filter_map(|other| {
        let (pair, in_order) = comparison.pair(focus.compared(), other)?;
        Some((said(pair, in_order), context.name(other)))
    });
    let pairs: Vec<_> = pairs.collect();
    let parts = [
        ("it is better than", false),
        ("it is better than", true),
        ("it is worse than", false),
        ("it is worse than", true),
        ("no difference is shown from", false),
    ];
    let parts = parts.into_iter().filter_map(|part| {
        let names = pairs.iter().filter(|(said, _)| *said == part);
        let names: Vec<&str> = names.map(|(_, name)| *name).collect();
        let luck = if part.1 { luck.as_str() } else { "" };
        (!names.is_empty()).then(|| format!("{} {}{luck}", part.0, listed(&names)))
    });
    let parts: Vec<String> = parts.collect();
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

/// What the model in focus is worth beside "predict the mean".
fn trustworthy(context: &Context) -> Option<Text> {
    let (_, evaluated) = context.focus()?;
    let value = evaluated.overall(Metric::Skill)?.estimate?;
    let [low, high] = evaluated.interval(None, Metric::Skill)?;
    let beside = if value < 0.0 {
        let (more, low, high) = (percent(-value), percent(-high), percent(-low));
        format!(
            "Its MSE is {more} higher than that of \"predict the training mean\" ({} interval of \
             the difference: {low} to {high})",
            context.confidence()
        )
    } else {
        let (less, interval) = (percent(value), context.interval([low, high], percent));
        format!("Of the MSE of \"predict the training mean\" it removes {less} ({interval})")
    };
    Some(Text::from(format!(
        "{beside}. Intervals are bootstrapped over the {} of this one trained model.",
        counted(evaluated.images, "image", "images"),
    )))
}
