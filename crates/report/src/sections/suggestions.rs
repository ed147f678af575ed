//! What the perspective-score project's suggestions gave here.

use super::Context;
use super::context::score;
use crate::analysis::{Progress, SuggestionResult};
use crate::document::{Cell, Columns, Section, Table, Text};
use crate::format::{counted, percent};
use crate::project::{Evidence, perspective_scores};

/// On the project's data, all of them.
pub(super) fn of_project<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let Some(project) = context.project() else {
        return;
    };
    let ends = counted(project.suggestions.len(), "suggestion", "suggestions");
    section.say(
        Text::from("The report of the ")
            .section("perspective-score project", "backbones")
            .plain(format!(
                " ends with {ends} for better results. What each gave here, as far as it was \
                 measured:"
            )),
    );
    results(context, section, |_| true);
}

/// On other data, only what was measured.
pub(super) fn measured<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let is_measured = |result: &SuggestionResult| result.measured;
    let is_any = context.analysis.suggestions.iter().any(is_measured);
    if context.project().is_none() && is_any {
        section.say("What was tried here, and what it gave:");
        results(context, section, is_measured);
    }
}

fn results<'a>(
    context: &Context<'a>,
    section: &mut Section<'a>,
    wanted: impl Fn(&SuggestionResult) -> bool,
) {
    let suggestions = perspective_scores().suggestions.iter();
    let results = suggestions.zip(&context.analysis.suggestions);
    for (suggestion, result) in results.filter(|(_, result)| wanted(result)) {
        section.heading(suggestion.title.as_str());
        section.say(result.text.as_str());
        let search = context.analysis.search.as_ref();
        let progress = search.map_or(&[][..], |search| &search.progress);
        if suggestion.evidence == Some(Evidence::Search) && progress.len() > 1 {
            section.table(trials_given(context, progress));
        }
        if !result.effects.is_empty() {
            section.table(effects(context, result));
        }
    }
}

fn trials_given<'a>(context: &Context, progress: &'a [Progress]) -> Columns<&'a Progress> {
    let name = context.score_name();
    let caption = "Best validation score by the number of finished trials (all are linked from \
                   the table of trials)";
    Table::of("progress", caption, progress)
        .number("finished trials", |row| Cell::count(row.trials))
        .number(format!("best {name} so far"), |row| {
            Cell::of(row.best, score)
        })
        .hint("In the order of the draw")
        .when(progress.iter().any(|row| row.expected.is_some()), |table| {
            table
                .number(format!("expected best {name}"), |row| {
                    Cell::of(row.expected, score)
                })
                .hint(
                    "Mean over all ways to pick so many of the finished trials of their best score",
                )
        })
}

fn effects(context: &Context, result: &SuggestionResult) -> Table {
    let name = context.score_name();
    let id = format!("effects-{}", result.suggestion);
    let caption = "Finished trials by the values of the keys (linked from the table of trials)";
    let effects = result.effects.iter();
    let rows = effects.flat_map(|effect| effect.values.iter().map(move |value| (effect, value)));
    let table = Table::of(id, caption, rows)
        .text("key", |(effect, _)| Text::new().code(&effect.key))
        .text("value", |(_, of)| of.value.as_str())
        .number("trials", |(_, of)| Cell::count(of.trials))
        .number(format!("median {name}"), |(_, of)| {
            Cell::of(of.median, score)
        })
        .number(format!("best {name}"), |(_, of)| Cell::of(of.best, score))
        .number("importance", |(effect, _)| {
            Cell::of(effect.importance, percent)
        })
        .hint("The key's share of what all keys together say about the score");
    table.into()
}
