//! Which model was chosen, and by what rule.

use super::Context;
use super::context::score;
use crate::document::{Cell, Columns, Mark, Section, Table, Text};
use crate::format::{counted, whole_percent};
use crate::input::{Candidate, Ranked, Selection};

pub(super) fn write<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let study = context.input.study.as_ref();
    let (percent, name) = (percent(context), context.score_name());
    let selection = context.input.selection.as_ref();
    let knows_noise = selection.is_none_or(Selection::knows_noise);
    let trained_once = match study {
        Some(study) if !study.trains_finalists() => Some(
            "The finalists are the best trials themselves. Each was trained once, so that its \
             score has no confidence bound, and the best score of many is partly luck.",
        ),
        _ if !knows_noise => {
            Some("Each candidate was trained once, so that its score has no confidence bound.")
        }
        _ => None,
    };
    section.say(match trained_once {
        Some(once) => format!(
            "Validation decides, the test images have no say. {once} Candidates are ranked by \
             their validation {name}, and only equal scores tie; of those that tie the one with \
             the fewest multiply-adds is chosen. Which of two that are close is better is not \
             known."
        ),
        None => format!(
            "Validation decides, the test images have no say. Candidates are ranked by the lower \
             {percent} confidence bound (Student's t) of their mean validation {name} over \
             runs. The distance from the first's mean to its bound is its noise: a candidate \
             whose mean and bound are both within it ties with the first, and of those that tie \
             the one with the fewest multiply-adds is chosen."
        ),
    });
    let Some(selection) = selection else {
        let search = context.analysis.search.as_ref();
        section.say(match search.map(|search| search.states.finished) {
            Some(0) => "No model has been chosen: no trial was trained to its end.",
            Some(_) => {
                "No model has been chosen: one is once the finalists are trained, if any of them \
                 comes to its end."
            }
            None => "No model was chosen.",
        });
        section.say(failures(context));
        return;
    };
    let run = &context.input.candidates[selection.candidate].runs[selection.run];
    section.say(
        Text::from("Chosen: ")
            .then(context.run_link(selection.candidate, run))
            .plain(format!(". {}.", selection.why())),
    );
    if selection.finalist.is_some() {
        section.say(
            "The refit is the chosen configuration, trained once more with what the study's \
             [study.refit] sets, such as more epochs, larger images or more of them. It is what \
             is exported, and what this report shows in detail. Rankings and comparisons are \
             between the finalists, which were all trained with the settings of the search.",
        );
    }
    section.table(ranking(context, selection));
    section.table(configurations(context));
}

/// The confidence of the bound that candidates are ranked by.
fn percent(context: &Context) -> String {
    whole_percent(context.input.ranking_confidence())
}

fn ranking<'a>(context: &Context, selection: &'a Selection) -> Columns<(usize, &'a Ranked)> {
    let name = context.score_name();
    let ties = |(place, rank): &(usize, &Ranked)| match (place, rank.ties) {
        (0, _) => "is the first",
        (_, true) => "yes",
        (_, false) => "no",
    };
    let mean = |(_, rank): &(usize, &Ranked)| Cell::of(rank.mean, score);
    let ranks = selection.ranking.iter().enumerate();
    let table = Table::of("ranking", "The ranking, by validation alone", ranks)
        .marked(|(_, rank)| Mark::chosen(rank.candidate == selection.ranked()))
        .text("model and runs", |(_, rank)| {
            context.heading(rank.candidate)
        })
        .number("place", |(place, _)| Cell::count(place + 1));
    let table = if selection.knows_noise() {
        table
            .number(format!("mean {name}"), mean)
            .number("between runs", |(_, rank)| Cell::of(rank.deviation, score))
            .hint("Standard deviation between runs")
            .number("lower bound", |(_, rank)| Cell::of(rank.lower_bound, score))
            .hint(format!(
                "Lower {} confidence bound of the mean, which the ranking is by",
                percent(context)
            ))
            .text("ties with the first", ties)
    } else {
        table.number(name, mean)
    };
    table.number("multiply-adds", |(_, rank)| {
        let candidate = &context.input.candidates[rank.candidate];
        Cell::multiply_adds(candidate.cost.multiply_adds)
    })
}

/// How many trainings came to nothing; empty where none did.
fn failures(context: &Context) -> String {
    let failed = context.runs().filter(|(_, run)| run.failure.is_some());
    let began = counted(context.runs().count(), "training", "trainings");
    match failed.count() {
        0 => String::new(),
        failed => format!("Of the {began} that began, {failed} failed or left no predictions."),
    }
}

fn configurations<'a>(context: &Context<'a>) -> Columns<(usize, &'a Candidate)> {
    let caption = "How each candidate was trained";
    let table = context.models("configurations", caption);
    table
        .text("initial weights", |(_, one)| one.weights.as_str())
        .text("stages trained", |(_, one)| one.trained.as_str())
        .text("searched settings", |(_, one)| one.values.as_str())
        .long()
}
