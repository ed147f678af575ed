//! What the perspective-score project's suggestions gave here.

use super::Context;
use crate::analysis::{KeyEffect, SuggestionResult};
use crate::document::{Cell, Section, Table, Text};
use crate::format::percent;
use crate::project::{Evidence, Suggestion, perspective_scores};

/// On other data than the project's only what was measured; `None` where nothing was.
pub(super) fn section<'a>(context: &Context<'a>) -> Option<Section<'a>> {
    let of_project = context.project().is_some();
    let suggestions = perspective_scores().suggestions.iter();
    let results = suggestions.zip(&context.analysis.suggestions);
    let results: Vec<(&Suggestion, &SuggestionResult)> = results
        .filter(|(_, result)| of_project || result.measured)
        .collect();
    if results.is_empty() {
        return None;
    }
    let heading = if of_project {
        "The perspective-score project's suggestions"
    } else {
        "Ways to better results"
    };
    let mut section = Section::new("suggestions", heading);
    section.say(if of_project {
        Text::from("The report of the ")
            .section("perspective-score project", "backbones")
            .plain(
                " ends with six suggestions for better results. What each gave here, as far as \
                 it was measured:",
            )
    } else {
        Text::from("What was tried here, and what it gave:")
    });
    for (suggestion, result) in results {
        section.heading(suggestion.title.as_str());
        section.say(result.text.as_str());
        if suggestion.evidence == Some(Evidence::Search) {
            progress(context, &mut section);
        }
        effects(context, &mut section, &result.effects);
    }
    Some(section)
}

fn progress(context: &Context, section: &mut Section) {
    let progress = context
        .analysis
        .search
        .as_ref()
        .map(|search| &search.progress);
    let Some(progress) = progress.filter(|progress| progress.len() > 1) else {
        return;
    };
    let score = context.score_name();
    let mut table = Table::new(
        "progress",
        "Best validation score by the number of finished trials (all are linked from the table \
         of trials)",
    )
    .number("finished trials")
    .number(format!("best {score} so far"))
    .hint("In the order of the draw");
    let expected = progress.iter().any(|row| row.expected.is_some());
    if expected {
        table = table
            .number(format!("expected best {score}"))
            .hint("Mean over all ways to pick so many of the finished trials of their best score");
    }
    for row in progress {
        let mut cells = vec![
            Cell::count(row.trials),
            Cell::number(row.best, context.score(row.best)),
        ];
        if expected {
            cells.push(Cell::of(row.expected, |score| context.score(score)));
        }
        table.row(cells);
    }
    section.table(table);
}

fn effects(context: &Context, section: &mut Section, effects: &[KeyEffect]) {
    if effects.is_empty() {
        return;
    }
    let score = context.score_name();
    let mut table = Table::new(
        "effects-regularisation",
        "Finished trials by the values of the keys (linked from the table of trials)",
    )
    .text("key")
    .text("value")
    .number("trials")
    .number(format!("median {score}"))
    .number(format!("best {score}"))
    .number("importance")
    .hint("The key's share of what all keys together say about the score");
    for effect in effects {
        rows(context, &mut table, effect);
    }
    section.table(table);
}

fn rows(context: &Context, table: &mut Table, effect: &KeyEffect) {
    for value in &effect.values {
        table.row(vec![
            Cell::text(Text::new().code(&effect.key)),
            Cell::text(value.value.as_str()),
            Cell::count(value.trials),
            Cell::number(value.median, context.score(value.median)),
            Cell::number(value.best, context.score(value.best)),
            Cell::of(effect.importance, percent),
        ]);
    }
}
