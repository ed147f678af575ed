//! The table of all trials.

use super::context::score;
use super::{Context, TIME};
use crate::document::{Cell, Columns, Mark, Table, Text};
use crate::format::duration;
use crate::input::{Dimension, Domain, Study, Trial, TrialState};
use crate::names::short_values;

/// A reason is cut off after so many characters; the table of failures has it whole.
const REASON: usize = 120;

pub(super) fn table<'a>(context: &Context, study: &'a Study) -> Columns<(usize, &'a Trial)> {
    let search = context.analysis.search.as_ref();
    let best = search.and_then(|search| search.best);
    let caption = "All trials. A pruned trial's score is of the epochs that it had.";
    let table = Table::of("trials", caption, study.trials.iter().enumerate())
        .wide(true)
        .marked(|(index, trial)| match trial.state {
            _ if best.is_some_and(|best| best.trial == *index) => Mark::Chosen,
            TrialState::Finished => Mark::None,
            _ => Mark::Quiet,
        })
        .number("trial", |(_, trial)| {
            let link = Text::new().path(trial.number.to_string(), &trial.folder);
            Cell::number(trial.number as f64, link)
        })
        .text("backbone", |(_, trial)| trial.backbone.as_str())
        .text("state", |(_, trial)| trial.state.to_string())
        .number(context.score_name(), |(_, trial)| {
            Cell::of(trial.score.filter(|score| score.is_finite()), score)
        })
        .hint("Validation score of the best epoch")
        .number("epochs", |(_, trial)| Cell::count(trial.epochs.len()))
        .number("time", |(_, trial)| Cell::of(trial.seconds, duration))
        .hint(TIME);
    // The backbone has a column of its own.
    let dimensions = study.dimensions.iter();
    let dimensions = dimensions.filter(|dimension| dimension.key != "model.backbone");
    let table = dimensions.fold(table, |table, dimension| {
        let key = dimension.key.as_str();
        let is_numeric = is_numeric(study, dimension);
        let shown = short_values(study.values_of(key));
        table.column(key, is_numeric, |(_, trial)| {
            let value = *shown.get(trial.values.get(key)?.as_str())?;
            let number = value.parse().ok().filter(|_| is_numeric);
            Some(number.map_or(value.into(), |number| Cell::number(number, value)))
        })
    });
    table.text("reason", |(_, trial)| reason(trial)).long()
}

fn is_numeric(study: &Study, dimension: &Dimension) -> bool {
    let mut values = study.values_of(&dimension.key);
    match dimension.domain {
        Domain::Values(_) => values.all(|value| value.parse::<f64>().is_ok()),
        _ => true,
    }
}

fn reason(trial: &Trial) -> String {
    let reason = trial.reason.as_deref().unwrap_or_default();
    let line = reason.lines().next().unwrap_or_default().trim();
    match line.char_indices().nth(REASON) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
