//! Which model was chosen, and by what rule.

use super::Context;
use crate::document::{Cell, Mark, Section, Table, Text};
use crate::format::{counted, multiply_adds, whole_percent};
use crate::input::Selection;

pub(super) fn section<'a>(context: &Context<'a>) -> Section<'a> {
    let mut section = Section::new("selection", "Selection");
    let study = context.input.study.as_ref();
    let percent = whole_percent(study.map_or(0.95, |study| study.confidence));
    let score = context.score_name();
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
             their validation {score}, and only equal scores tie; of those that tie the one with \
             the fewest multiply-adds is chosen. Which of two that are close is better is not \
             known."
        ),
        None => format!(
            "Validation decides, the test images have no say. Candidates are ranked by the lower \
             {percent} confidence bound (Student's t) of their mean validation {score} over \
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
        return section;
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
    let mut table = Table::new("ranking", "The ranking, by validation alone")
        .text("model and runs")
        .number("place");
    if knows_noise {
        table = table
            .number(format!("mean {score}"))
            .number("between runs")
            .hint("Standard deviation between runs")
            .number("lower bound")
            .hint(format!(
                "Lower {percent} confidence bound of the mean, which the ranking is by"
            ))
            .text("ties with the first");
    } else {
        table = table.number(score);
    }
    table = table.number("multiply-adds");
    for (place, rank) in selection.ranking.iter().enumerate() {
        let candidate = &context.input.candidates[rank.candidate];
        let cost = candidate.cost.multiply_adds;
        let mut cells = vec![
            context.heading(rank.candidate),
            Cell::count(place + 1),
            Cell::number(rank.mean, context.score(rank.mean)),
        ];
        if knows_noise {
            cells.extend([
                Cell::of(rank.deviation, |deviation| context.score(deviation)),
                Cell::number(rank.lower_bound, context.score(rank.lower_bound)),
                Cell::text(match (place, rank.ties) {
                    (0, _) => "is the first",
                    (_, true) => "yes",
                    (_, false) => "no",
                }),
            ]);
        }
        cells.push(Cell::number(cost as f64, multiply_adds(cost)));
        let mark = if rank.candidate == selection.ranked() {
            Mark::Chosen
        } else {
            Mark::None
        };
        table.marked(mark, cells);
    }
    section.table(table);
    section.table(configurations(context));
    section
}

/// How many trainings came to nothing; empty where none did.
fn failures(context: &Context) -> String {
    let runs = context.input.candidates.iter().flat_map(|c| &c.runs);
    let failed = runs.clone().filter(|run| run.failure.is_some()).count();
    match failed {
        0 => String::new(),
        _ => format!(
            "Of the {} that began, {failed} failed or left no predictions.",
            counted(runs.count(), "training", "trainings")
        ),
    }
}

fn configurations(context: &Context) -> Table {
    let mut table = Table::new("configurations", "How each candidate was trained")
        .text("model and runs")
        .text("initial weights")
        .text("stages trained")
        .text("searched settings")
        .long();
    for (index, candidate) in context.input.candidates.iter().enumerate() {
        let mark = if context.is_chosen(index) {
            Mark::Chosen
        } else {
            Mark::None
        };
        let cells = vec![
            context.heading(index),
            Cell::text(candidate.weights.as_str()),
            Cell::text(candidate.trained.as_str()),
            Cell::text(candidate.values.as_str()),
        ];
        table.marked(mark, cells);
    }
    table
}
