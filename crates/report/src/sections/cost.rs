//! What the models cost.

use psp_metrics::Metric;

use super::context::score;
use super::{Context, TIME};
use crate::document::{Cell, Columns, Section};
use crate::format::{counted, duration, fixed, listed, mebibytes, ratio, speed};
use crate::input::{Candidate, MeasuredCost};

pub(super) fn write<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let candidates = &context.input.candidates;
    if candidates.is_empty() {
        return;
    }
    section.heading("Cost");
    let devices = context.input.measured_on();
    let unmeasured = candidates.iter().filter(|c| c.cost.measured.is_none());
    let mut text = "Parameters, sizes and multiply-adds are counted; speed and ".to_owned();
    if devices.is_empty() {
        text += "memory of prediction were not measured.";
    } else {
        text += &format!(
            "peak memory of prediction were measured once per model, on {}.",
            listed(&devices)
        );
        if devices.len() > 1 {
            text += " Those of different devices cannot be compared.";
        }
        match unmeasured.count() {
            0 => {}
            some => {
                text += &format!(
                    " {} not measured.",
                    counted(some, "model was", "models were")
                )
            }
        }
    }
    section.say(text);
    section.table(table(context, devices.len()));
    section.figure(
        context.figure("accuracy_and_cost"),
        "Accuracy against multiply-adds, both axes of the models in the table. Filled: the Pareto \
         front, that is, models than which none is both cheaper and better. Membership is by the \
         means alone; where intervals overlap it may be chance. The runs are those of the table \
         above.",
    );
}

type Row<'a> = (usize, &'a Candidate);

fn table<'a>(context: &Context<'a>, devices: usize) -> Columns<Row<'a>> {
    let measured = |row: &Row, of: fn(&MeasuredCost) -> Option<f64>, format: fn(f64) -> String| {
        Cell::of(row.1.cost.measured.as_ref().and_then(of), format)
    };
    let caption = "Cost per model. Training time is the mean over the runs that the row links to.";
    let table = context.models("cost", caption);
    table
        .number("parameters, M", |(_, one)| {
            Cell::of(one.cost.parameters as f64, |count| fixed(count / 1e6, 2))
        })
        .hint("Millions, the head included")
        .number("MiB", |(_, one)| {
            Cell::of(one.cost.mib, |mib| fixed(mib, 1))
        })
        .hint("Of parameters and buffers in fp32")
        .number("multiply-adds", |(_, one)| {
            Cell::multiply_adds(one.cost.multiply_adds)
        })
        .hint("Of one prediction")
        .number("pixels", |(_, one)| Cell::count(one.cost.input_size))
        .hint("Side of the square input")
        .number("training time", |(index, _)| {
            Cell::of(context.analysis.candidates[*index].seconds, duration)
        })
        .hint(format!("Mean over runs. {TIME}"))
        .number("images/s, 1", |row| {
            measured(row, |cost| Some(cost.images_per_second_1), speed)
        })
        .hint("Predictions per second, one image at a time")
        .number("images/s, 32", |row| {
            measured(row, |cost| Some(cost.images_per_second_32), speed)
        })
        .hint("Predictions per second in batches of 32")
        .number("peak MiB", |row| {
            let peak = |cost: &MeasuredCost| cost.peak_memory.map(|peak| peak as f64);
            measured(row, peak, |peak| mebibytes(peak as u64))
        })
        .hint("Peak memory of the process in batches of 32")
        .when(devices > 1, |table| {
            table
                .text("measured on", |(_, one)| {
                    let measured = one.cost.measured.as_ref();
                    measured.map(|measured| Cell::from(measured.device.as_str()))
                })
                .hint("The device of the row's speed and peak memory")
        })
        .number("accuracy", |(index, _)| accuracy(context, *index))
        .hint("Mean test R² over the runs; where there is none, the validation score")
        .text("Pareto", |(index, _)| match &context.analysis.comparison {
            Some(comparison) if comparison.pareto.contains(index) => "yes",
            Some(comparison) if comparison.member(*index).is_some() => "no",
            _ => "–",
        })
        .hint("Whether the model is on the Pareto front of accuracy and multiply-adds")
}

/// By test predictions, or else by validation.
fn accuracy(context: &Context, index: usize) -> Cell {
    let comparison = context.analysis.comparison.as_ref();
    if let Some(member) = comparison.and_then(|comparison| comparison.member(index)) {
        return match member.r2 {
            Some(r2) => Cell::of(r2.value, ratio).detail("test R²"),
            None => {
                Cell::number(-member.mse.value, context.error(member.mse.value)).detail("test MSE")
            }
        };
    }
    // A refit is no part of the comparison.
    if context.input.refit() == Some(index) {
        let mut runs = context.analysis.candidates[index].runs.iter();
        let r2 = runs.find_map(|run| run.test.as_ref()?.overall(Metric::R2)?.estimate);
        return Cell::of(r2, ratio).detail("test R²");
    }
    let validation = context.validation(index);
    validation
        .map(|value| Cell::of(value, score).detail("validation"))
        .into()
}
