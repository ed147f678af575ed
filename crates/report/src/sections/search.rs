//! The search.

use super::{Context, TIME};
use crate::analysis::{BackboneTrials, Search};
use crate::document::{Block, Cell, Section, Table, Text};
use crate::format::{count, counted, duration, percent};
use crate::input::{Study, TrialState};

pub(super) fn section<'a>(context: &Context<'a>) -> Section<'a> {
    let mut section = Section::new("search", "Search");
    let (Some(study), Some(search)) = (&context.input.study, &context.analysis.search) else {
        section.say("There was no search: this report is on single runs.");
        section.figure(
            context.figure("learning_curves"),
            "Every run, epoch by epoch.",
        );
        return section;
    };
    section.blocks.push(Block::Facts(facts(study, search)));
    section.say(study.note.as_str());
    section.heading("Space");
    space(&mut section, study);
    section.heading("Trials");
    if study.trials.is_empty() {
        section.say("No trial has been drawn yet.");
        return section;
    }
    section.table(backbones(context, study, search));
    failures(&mut section, study, search);
    let links = "Each trial is a link in the table below.";
    section.figure(
        context.figure("search_history"),
        format!("Validation scores in the order of the draw, and the best so far. {links}"),
    );
    section.figure(
        context.figure("learning_curves"),
        format!("Validation and training MSE of every trial, epoch by epoch. {links}"),
    );
    section.figure(
        context.figure("parallel_coordinates"),
        format!(
            "Each line is a trial, through its values to its score. Scores of pruned and failed \
             trials are of fewer epochs and left out. {links}"
        ),
    );
    section.figure(
        context.figure("slices"),
        format!(
            "The score of each finished trial by the value of each searched key. Other keys vary \
             along with it. {links}"
        ),
    );
    section.figure(context.figure("importance"), importance(study));
    if study.importance.is_none() {
        section.say("There are too few trials to tell which keys matter.");
    }
    section.table(super::trials::table(context, study));
    section
}

/// Failed trials that are named.
const NAMED: usize = 10;

/// What importances mean here, with keys that not every trial has and trials that have
/// no score.
fn importance(study: &Study) -> String {
    let mut text = "How well the score of a trial can be told from one key, relative to the other \
                    keys. It holds for this space and these trials, and shows no causes."
        .to_owned();
    if study.dimensions.iter().any(|one| one.condition.is_some()) {
        text += " A key that exists only under a condition is judged by the trials that have it, \
                 and counts by their share of all trials.";
    }
    let failed = study
        .trials
        .iter()
        .filter(|one| one.state == TrialState::Failed);
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

fn facts(study: &Study, search: &Search) -> Vec<(String, Text)> {
    let fact = |name: &str, text: String| (name.to_owned(), Text::from(text));
    let states = &search.states;
    let mut ends = vec![format!("{} finished", states.finished)];
    for (number, word) in [
        (states.pruned, "pruned"),
        (states.failed, "failed"),
        (states.begun, "being worked on"),
        (states.paused, "given back"),
        (states.waiting, "waiting"),
        (states.undrawn, "not yet drawn"),
    ] {
        if number > 0 {
            ends.push(format!("{number} {word}"));
        }
    }
    let mut facts = vec![
        fact("sampler", format!("{}, seed {}", study.sampler, study.seed)),
        fact("pruner", study.pruner.clone()),
        fact(
            "grid",
            match study.grid_points.parse::<u64>() {
                Ok(points) => format!("{} points", count(points)),
                Err(_) => format!("{} points", study.grid_points),
            },
        ),
        fact(
            "trials",
            format!("{}: {}", count(search.wanted as u64), ends.join(", ")),
        ),
        fact(
            "time",
            format!("{} of training and validation", duration(search.seconds)),
        ),
    ];
    if let Some(ended) = &search.last_ended {
        facts.push(fact("last trial ended", ended.clone()));
    }
    let seeds = counted(study.seeds as usize, "seed", "seeds");
    let again = match (study.seeds, study.folds) {
        (0, _) => "not trained again".to_owned(),
        (_, 0) => format!("trained again with {seeds} each"),
        (_, folds) => format!("trained again on {folds} folds, with {seeds} each"),
    };
    facts.push(fact(
        "finalists",
        format!(
            "the best {} of each backbone, {again}",
            match study.finalists_per_backbone {
                1 => "configuration".to_owned(),
                more => format!("{more} configurations"),
            }
        ),
    ));
    facts.push((
        "folder".to_owned(),
        Text::new().path("the study's folder", &study.folder),
    ));
    facts
}

fn space(section: &mut Section, study: &Study) {
    if study.dimensions.is_empty() {
        section.say("Nothing was searched.");
        return;
    }
    let importance = study.importance.as_ref();
    let mut table = Table::new("space", "What was searched")
        .text("key")
        .text("domain")
        .long()
        .text("only when")
        .long();
    if importance.is_some() {
        table = table
            .number("importance")
            .hint("Share of what all keys together say about the score");
    }
    for dimension in &study.dimensions {
        let mut cells = vec![
            Cell::text(Text::new().code(&dimension.key)),
            Cell::text(dimension.domain.as_str()),
            Cell::text(dimension.condition.as_deref().unwrap_or("always")),
        ];
        if let Some(shares) = importance {
            let share = shares.iter().find(|(key, _)| *key == dimension.key);
            cells.push(Cell::of(share.map(|share| share.1), percent));
        }
        table.row(cells);
    }
    section.table(table);
}

fn backbones(context: &Context, study: &Study, search: &Search) -> Table {
    let mut table = Table::new("backbone-trials", "Trials by backbone")
        .text("backbone")
        .number("trials")
        .number("finished")
        .number("pruned")
        .number("failed")
        .number(format!("best {}", context.score_name()))
        .hint("Best validation score of a finished trial, which the cell links to")
        .number(format!("median {}", context.score_name()))
        .hint("Median validation score of finished trials")
        .number("time")
        .hint(TIME);
    let row = |one: &BackboneTrials| {
        let best = one.best.map_or_else(Cell::none, |best| {
            let trial = &study.trials[best.trial];
            let text = Text::new().path(context.score(best.score), &trial.folder);
            Cell::number(best.score, text)
        });
        vec![
            Cell::text(Text::new().code(&one.backbone)),
            Cell::count(one.states.drawn()),
            Cell::count(one.states.finished),
            Cell::count(one.states.pruned),
            Cell::count(one.states.failed),
            best,
            Cell::of(one.median, |median| context.score(median)),
            Cell::number(one.seconds, duration(one.seconds)),
        ]
    };
    for backbone in &search.backbones {
        table.row(row(backbone));
    }
    table
}

fn failures(section: &mut Section, study: &Study, search: &Search) {
    if search.failures.is_empty() {
        section.say("No trial failed.");
        return;
    }
    let mut table = Table::new("failures", "Why trials failed")
        .text("reason")
        .long()
        .number("trials")
        .text("which")
        .long();
    for group in &search.failures {
        let mut which = Text::new();
        for (index, trial) in group.trials.iter().enumerate() {
            let trial = &study.trials[*trial];
            if index > 0 {
                which = which.plain(", ");
            }
            which = which.path(trial.number.to_string(), &trial.folder);
        }
        table.row(vec![
            Cell::text(group.reason.trim()),
            Cell::count(group.trials.len()),
            Cell::text(which),
        ]);
    }
    section.table(table);
}
