//! What the models cost.

use psp_metrics::Metric;

use super::{Context, TIME};
use crate::document::{Cell, Mark, Section, Table};
use crate::format::{counted, duration, fixed, listed, mebibytes, multiply_adds, ratio};

pub(super) fn blocks<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let candidates = &context.input.candidates;
    if candidates.is_empty() {
        return;
    }
    section.heading("Cost");
    let devices = context.input.measured_on();
    let unmeasured = candidates
        .iter()
        .filter(|c| c.cost.measured.is_none())
        .count();
    section.say(match (devices.is_empty(), unmeasured) {
        (true, _) => "Parameters, sizes and multiply-adds are counted; speed and memory of \
                      prediction were not measured."
            .to_owned(),
        (false, unmeasured) => {
            let mut text = format!(
                "Parameters, sizes and multiply-adds are counted; speed and peak memory of \
                 prediction were measured once per model, on {}.",
                listed(&devices)
            );
            if devices.len() > 1 {
                text += " Those of different devices cannot be compared.";
            }
            if unmeasured > 0 {
                text += &format!(
                    " {} not measured.",
                    counted(unmeasured, "model was", "models were")
                );
            }
            text
        }
    });
    section.table(table(context));
    section.figure(
        context.figure("accuracy_and_cost"),
        "Accuracy against multiply-adds, both axes of the models in the table. Filled: the Pareto \
         front, that is, models than which none is both cheaper and better. Membership is by the \
         means alone; where intervals overlap it may be chance. The runs are those of the table \
         above.",
    );
}

/// The test R² of a refit, which is no part of the comparison.
fn of_refit(context: &Context, candidate: usize) -> Cell {
    let mut runs = context.analysis.candidates[candidate].runs.iter();
    let r2 = runs.find_map(|run| run.test.as_ref()?.overall(Metric::R2)?.estimate);
    Cell::of(r2, ratio).detail("test R²")
}

fn table(context: &Context) -> Table {
    let mut table = Table::new(
        "cost",
        "Cost per model. Training time is the mean over the runs that the row links to.",
    )
    .text("model and runs")
    .number("parameters, M")
    .hint("Millions, the head included")
    .number("MiB")
    .hint("Of parameters and buffers in fp32")
    .number("multiply-adds")
    .hint("Of one prediction")
    .number("pixels")
    .hint("Side of the square input")
    .number("training time")
    .hint(format!("Mean over runs. {TIME}"))
    .number("images/s, 1")
    .hint("Predictions per second, one image at a time")
    .number("images/s, 32")
    .hint("Predictions per second in batches of 32")
    .number("peak MiB")
    .hint("Peak memory of the process in batches of 32");
    let devices = context.input.measured_on().len();
    if devices > 1 {
        table = table
            .text("measured on")
            .hint("The device of the row's speed and peak memory");
    }
    table = table
        .number("accuracy")
        .hint("Mean test R² over the runs; where there is none, the validation score")
        .text("Pareto")
        .hint("Whether the model is on the Pareto front of accuracy and multiply-adds");
    let comparison = context.analysis.comparison.as_ref();
    for (index, candidate) in context.input.candidates.iter().enumerate() {
        let analysed = &context.analysis.candidates[index];
        let cost = &candidate.cost;
        let measured = cost.measured.as_ref();
        let member = comparison.and_then(|comparison| comparison.member(index));
        let accuracy = match (member, context.validation(index)) {
            (None, _) if context.input.refit() == Some(index) => of_refit(context, index),
            (Some(member), _) => match member.r2 {
                Some(r2) => Cell::number(r2.value, ratio(r2.value)).detail("test R²"),
                None => Cell::number(-member.mse.value, context.error(member.mse.value))
                    .detail("test MSE"),
            },
            (None, Some(score)) => Cell::number(score, context.score(score)).detail("validation"),
            (None, None) => Cell::none(),
        };
        let pareto = comparison.map_or("–", |comparison| {
            if comparison.pareto.contains(&index) {
                "yes"
            } else if member.is_some() {
                "no"
            } else {
                "–"
            }
        });
        let speed = |value: Option<f64>| Cell::of(value, crate::format::speed);
        let mut cells = vec![
            context.heading(index),
            Cell::number(
                cost.parameters as f64,
                fixed(cost.parameters as f64 / 1e6, 2),
            ),
            Cell::number(cost.mib, fixed(cost.mib, 1)),
            Cell::number(cost.multiply_adds as f64, multiply_adds(cost.multiply_adds)),
            Cell::count(cost.input_size as usize),
            Cell::of(analysed.seconds, duration),
            speed(measured.map(|measured| measured.images_per_second_1)),
            speed(measured.map(|measured| measured.images_per_second_32)),
            Cell::of(
                measured
                    .and_then(|measured| measured.peak_memory)
                    .map(|peak| peak as f64),
                |peak| mebibytes(peak as u64),
            ),
        ];
        if devices > 1 {
            cells.push(
                measured.map_or_else(Cell::none, |measured| Cell::text(measured.device.as_str())),
            );
        }
        cells.extend([accuracy, Cell::text(pareto)]);
        let mark = if context.is_chosen(index) {
            Mark::Chosen
        } else {
            Mark::None
        };
        table.marked(mark, cells);
    }
    table
}
