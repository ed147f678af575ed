//! The search.

use super::context::score;
use super::{Context, TIME};
use crate::analysis::{BackboneTrials, FailureGroup, Search};
use crate::document::{Cell, Columns, Section, Table, Text};
use crate::format::{count, counted, duration, percent};
use crate::input::{Dimension, Study, TrialState};

pub(super) fn write<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let (Some(study), Some(search)) = (&context.input.study, &context.analysis.search) else {
        section.say("There was no search: this report is on single runs.");
        section.figure(
            context.figure("learning_curves"),
            "Every run, epoch by epoch.",
        );
        return;
    };
    section.facts(facts(study, search));
    section.say(study.note.as_str());
    section.heading("Space");
    if study.dimensions.is_empty() {
        section.say("Nothing was searched.");
    } else {
        section.table(space(study));
    }
    section.heading("Trials");
    if study.trials.is_empty() {
        section.say("No trial has been drawn yet.");
        return;
    }
    section.table(backbones(context, study, search));
    if search.failures.is_empty() {
        section.say("No trial failed.");
    } else {
        section.table(failures(study, search));
    }
    let mut figure = |name: &str, text: &str| {
        let caption = format!("{text} Each trial is a link in the table below.");
        section.figure(context.figure(name), caption);
    };
    figure(
        "search_history",
        "Validation scores in the order of the draw, and the best so far.",
    );
    figure(
        "learning_curves",
        "Validation and training MSE of every trial, epoch by epoch.",
    );
    figure(
        "parallel_coordinates",
        "Each line is a trial, through its values to its score. Scores of pruned and failed \
         trials are of fewer epochs and left out.",
    );
    figure(
        "slices",
        "The score of each finished trial by the value of each searched key. Other keys vary \
         along with it.",
    );
    section.figure(context.figure("importance"), importance(study));
    if study.importance.is_none() {
        section.say("There are too few trials to tell which keys matter.");
    }
    section.table(super::trials::table(context, study));
}

/// Failed trials that are named.
const NAMED: usize = 10;

/// What importances mean here, with keys that not every trial has and trials that have
/// no score.
fn importance(study: &Study) -> String {
    let mut text = "How well one key predicts the score of a trial, relative to the other keys. \
                    It holds for this space and these trials, and shows no causes."
        .to_owned();
    if study.dimensions.iter().any(|one| one.when.is_some()) {
        text += " A key that exists only under a condition is judged by the trials that have it, \
                 and counts by their share of all trials.";
    }
    let trials = study.trials.iter();
    let failed = trials.filter(|trial| trial.state == TrialState::Failed);
    let failed: Vec<String> = failed.map(|trial| trial.number.to_string()).collect();
    if !failed.is_empty() {
        let more = match failed.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = failed[..failed.len().min(NAMED)].join(", ");
        text += &format!(
            " Trials that failed ({named}{more}) have no score and are left out: a value with \
             which trials fail looks no worse than the others."
        );
    }
    text
}

fn facts(study: &Study, search: &Search) -> Vec<(&'static str, Text)> {
    let states = &search.states;
    let mut ends = vec![format!("{} finished", states.finished)];
    for (number, word) in [
        (states.pruned, "pruned"),
        (states.failed, "failed"),
        (states.begun, "being worked on"),
        (states.paused, "paused"),
        (states.waiting, "waiting"),
        (states.undrawn, "not yet drawn"),
    ] {
        if number > 0 {
            ends.push(format!("{number} {word}"));
        }
    }
    let points = study.grid_points.parse::<u64>();
    let points = points.map_or_else(|_| study.grid_points.clone(), count);
    let seeds = counted(study.seeds as usize, "seed", "seeds");
    let again = match (study.seeds, study.folds) {
        (0, _) => "not trained again".to_owned(),
        (_, 0) => format!("trained again with {seeds} each"),
        (_, folds) => format!("trained again on {folds} folds, with {seeds} each"),
    };
    let best = match study.finalists_per_backbone {
        1 => "configuration".to_owned(),
        more => format!("{more} configurations"),
    };
    let time = duration(search.seconds);
    let trials = format!("{}: {}", count(search.wanted), ends.join(", "));
    let mut facts = vec![
        ("sampler", format!("{}, seed {}", study.sampler, study.seed)),
        ("pruner", study.pruner.to_string()),
        ("grid", format!("{points} points")),
        ("trials", trials),
        ("time", format!("{time} of training and validation")),
    ];
    if let Some(ended) = &search.last_ended {
        facts.push(("last trial ended", ended.clone()));
    }
    facts.push((
        "finalists",
        format!("the best {best} of each backbone, {again}"),
    ));
    let folder = Text::new().path("the study's folder", &study.folder);
    let facts = facts
        .into_iter()
        .map(|(name, text)| (name, Text::from(text)));
    facts.chain([("folder", folder)]).collect()
}

fn space(study: &Study) -> Columns<&Dimension> {
    let share = |one: &&Dimension| Cell::of(study.importance_of(&one.key), percent);
    Table::of("space", "What was searched", &study.dimensions)
        .text("key", |one| Text::new().code(&one.key))
        .text("domain", |one| one.domain.to_string())
        .long()
        .text("only when", |one| {
            let when = one.when.as_ref();
            when.map_or("always".to_owned(), ToString::to_string)
        })
        .long()
        .when(study.importance.is_some(), |table| {
            table
                .number("importance", share)
                .hint("Share of what all keys together say about the score")
        })
}

fn backbones<'a>(
    context: &Context,
    study: &Study,
    search: &'a Search,
) -> Columns<&'a BackboneTrials> {
    let name = context.score_name();
    let best = |one: &BackboneTrials| {
        let best = one.best?;
        let text = Text::new().path(score(best.score), &study.trials[best.trial].folder);
        Some(Cell::number(best.score, text))
    };
    Table::of("backbone-trials", "Trials by backbone", &search.backbones)
        .text("backbone", |one| Text::new().code(&one.backbone))
        .number("trials", |one| Cell::count(one.states.drawn()))
        .number("finished", |one| Cell::count(one.states.finished))
        .number("pruned", |one| Cell::count(one.states.pruned))
        .number("failed", |one| Cell::count(one.states.failed))
        .number(format!("best {name}"), |one| best(one))
        .hint("Best validation score of a finished trial, which the cell links to")
        .number(format!("median {name}"), |one| Cell::of(one.median, score))
        .hint("Median validation score of finished trials")
        .number("time", |one| Cell::of(one.seconds, duration))
        .hint(TIME)
}

fn failures<'a>(study: &Study, search: &'a Search) -> Columns<&'a FailureGroup> {
    let which = |group: &FailureGroup| {
        let trials = group.trials.iter().map(|trial| &study.trials[*trial]);
        Text::links(trials.map(|trial| (trial.number.to_string(), trial.folder.as_str())))
    };
    Table::of("failures", "Why trials failed", &search.failures)
        .text("reason", |group| group.reason.trim())
        .long()
        .number("trials", |group| Cell::count(group.trials.len()))
        .text("which", |group| which(group))
        .long()
}
