//! The table of all trials.

use super::{Context, TIME};
use crate::document::{Cell, Mark, Table, Text};
use crate::format::duration;
use crate::input::{DimensionAxis, Study, Trial, TrialState};
use crate::names::short_values;

/// A reason is cut off after so many characters; the table of failures has it whole.
const REASON: usize = 120;

pub(super) fn table(context: &Context, study: &Study) -> Table {
    // The backbone has a column of its own.
    let dimensions = study.dimensions.iter();
    let dimensions: Vec<_> = dimensions.filter(|d| d.key != "model.backbone").collect();
    let mut table = Table::new(
        "trials",
        "All trials. A pruned trial's score is of the epochs that it had.",
    )
    .number("trial")
    .text("backbone")
    .text("state")
    .number(context.score_name())
    .hint("Validation score of the best epoch")
    .number("epochs")
    .number("time")
    .hint(TIME);
    table.wide = true;
    for dimension in &dimensions {
        let name = dimension.key.as_str();
        table = if numeric(study, &dimension.key, &dimension.axis) {
            table.number(name)
        } else {
            table.text(name)
        };
    }
    table = table.text("reason").long();
    let best = context
        .analysis
        .search
        .as_ref()
        .and_then(|search| search.best);
    let shown: Vec<_> = dimensions
        .iter()
        .map(|dimension| short_values(study.values_of(&dimension.key)))
        .collect();
    for (index, trial) in study.trials.iter().enumerate() {
        let number = Text::new().path(trial.number.to_string(), &trial.folder);
        let mut cells = vec![
            Cell::number(trial.number as f64, number),
            Cell::text(trial.backbone.as_str()),
            Cell::text(state(trial.state)),
            Cell::of(trial.score.filter(|score| score.is_finite()), |score| {
                context.score(score)
            }),
            Cell::count(trial.epochs.len()),
            Cell::of(trial.seconds, duration),
        ];
        for (place, dimension) in dimensions.iter().enumerate() {
            let is_numeric = table.columns[6 + place].numeric;
            let value = trial.values.get(&dimension.key).map(String::as_str);
            let value = value.and_then(|value| shown[place].get(value).copied());
            cells.push(cell(value, is_numeric));
        }
        cells.push(Cell::text(reason(trial)));
        let mark = match trial.state {
            _ if best.is_some_and(|best| best.trial == index) => Mark::Chosen,
            TrialState::Finished => Mark::None,
            _ => Mark::Quiet,
        };
        table.marked(mark, cells);
    }
    table
}

fn state(state: TrialState) -> &'static str {
    match state {
        TrialState::Waiting => "waiting",
        TrialState::Begun => "begun",
        TrialState::Paused => "given back",
        TrialState::Pruned => "pruned",
        TrialState::Finished => "finished",
        TrialState::Failed => "failed",
    }
}

fn numeric(study: &Study, key: &str, axis: &DimensionAxis) -> bool {
    let mut values = study.values_of(key);
    match axis {
        DimensionAxis::Numbers { .. } => true,
        DimensionAxis::Categories(_) => values.all(|value| value.parse::<f64>().is_ok()),
    }
}

fn cell(value: Option<&str>, numeric: bool) -> Cell {
    let Some(value) = value else {
        return Cell::none();
    };
    match value.parse::<f64>().ok().filter(|_| numeric) {
        Some(number) => Cell::number(number, value),
        None => Cell::text(value),
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
