//! The images and labels.

use psp_metrics::{LabelPair, LabelStatistics, TargetLabels};

use super::Context;
use crate::analysis::PartStatistics;
use crate::document::{Cell, Columns, Section, Table, Text};
use crate::format::{count, counted, fixed, interval_name, percent, short};

pub(super) fn write<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let data = &context.input.data;
    let labels = &context.analysis.labels;
    let parts = labels.parts.iter();
    let parts: Vec<String> = parts
        .map(|part| format!("{} {}", part.name, count(part.images)))
        .collect();
    let (images, parts) = (count(labels.images()), parts.join(", "));
    let targets = format!("{}, all in {}", data.targets.join(", "), context.range());
    let fingerprint = |of: &str, over: &str| {
        Text::new()
            .code(of)
            .plain(format!(" (SHA-256 over {over})"))
    };
    let mut facts = vec![
        ("folder", Text::new().code(&data.folder)),
        ("images", Text::from(format!("{images}: {parts}"))),
    ];
    if labels.parts.first().map_or(0, |part| part.images) != data.trained_on {
        let images = counted(data.trained_on, "image", "images");
        let text = format!("{images}: the model that is shown in detail");
        facts.push(("trained on", Text::from(text)));
    }
    let of_images = fingerprint(&data.fingerprint, "targets, file names, labels and images");
    let of_split = fingerprint(&data.split_fingerprint, "which image is in which part");
    facts.extend([
        ("targets", Text::from(targets)),
        ("fingerprint", of_images),
        ("split", of_split),
    ]);
    section.facts(facts);
    section.list(data.notes.iter().map(String::as_str));
    if labels.images() == 0 {
        section.say("There are no labels.");
        return;
    }
    section.table(statistics(context));
    section.table(bins(context));
    // Of more targets there are too many pairs.
    if (2..=4).contains(&context.targets.len()) {
        section.table(pairs(context));
    }
    section.figure(
        context.figure("label_distribution"),
        "Labels of each part. What is rare in training is learnt badly, and a part that differs \
         from the others measures something else.",
    );
}

/// The parts that have images.
fn parts<'a>(
    context: &Context<'a>,
) -> impl Iterator<Item = (&'a PartStatistics, &'a LabelStatistics)> {
    let parts = context.analysis.labels.parts.iter();
    parts.filter_map(|part| Some((part, part.statistics.as_ref()?)))
}

/// One target in one part.
struct Row<'a> {
    target: usize,
    name: &'a str,
    part: &'a PartStatistics,
    of: &'a TargetLabels,
}

/// A row for each target and part, with the columns that name them.
fn by_target<'a>(context: &Context<'a>, id: &str, caption: &str) -> Columns<Row<'a>> {
    let targets = context.targets.iter().enumerate();
    let rows = targets.flat_map(|(target, name)| {
        parts(context).map(move |(part, statistics)| Row {
            target,
            name,
            part,
            of: &statistics.targets[target],
        })
    });
    Table::of(id, caption, rows)
        .text("target", |row| row.name)
        .text("part", |row| row.part.name.as_str())
}

fn statistics<'a>(context: &Context<'a>) -> Columns<Row<'a>> {
    by_target(context, "labels", "Labels by part and target")
        .number("images", |row| Cell::count(row.part.images))
        .number("mean", |row| Cell::of(row.of.mean, short))
        .number("std", |row| Cell::of(row.of.std, short))
        .number("lowest", |row| Cell::of(row.of.min, short))
        .number("highest", |row| Cell::of(row.of.max, short))
        .when(context.analysis.labels.has_zeros(), |table| {
            table.number("exactly 0", |row| Cell::of(row.of.zero_share, percent))
        })
}

fn bins<'a>(context: &Context<'a>) -> Columns<Row<'a>> {
    let caption =
        "Imbalance: labels by the bins of the tables of errors, with their share of the part";
    let mut parts = context.analysis.labels.parts.iter();
    let shape = parts
        .find_map(|part| part.bins.first())
        .into_iter()
        .flatten();
    let table = by_target(context, "imbalance", caption);
    shape.enumerate().fold(table, |table, (index, bin)| {
        table.number(interval_name(bin.low, bin.high), |row| {
            let labels = row.part.bins[row.target][index].count;
            let share = labels as f64 / row.part.images as f64;
            Cell::count(labels).detail(percent(share))
        })
    })
}

/// How targets go together.
fn pairs<'a>(context: &Context<'a>) -> Columns<(&'a PartStatistics, &'a LabelPair)> {
    let has_zeros = context.analysis.labels.has_zeros();
    let caption = if has_zeros {
        "Targets two by two: how many images have which labels, and how labels correlate"
    } else {
        "Targets two by two: how labels correlate"
    };
    let rows = parts(context)
        .flat_map(|(part, statistics)| statistics.pairs.iter().map(move |pair| (part, pair)));
    Table::of("label-pairs", caption, rows)
        .text("targets", |(_, pair)| {
            let [first, second] = [pair.first, pair.second].map(|t| &context.targets[t]);
            format!("{first}, {second}")
        })
        .text("part", |(part, _)| part.name.as_str())
        .when(has_zeros, |table| {
            table
                .number("both 0", |(_, pair)| Cell::count(pair.both_zero))
                .number("only the first 0", |(_, pair)| {
                    Cell::count(pair.only_first_zero)
                })
                .number("only the second 0", |(_, pair)| {
                    Cell::count(pair.only_second_zero)
                })
                .number("neither 0", |(_, pair)| Cell::count(pair.neither_zero))
        })
        .number("Pearson", |(_, pair)| {
            Cell::of(pair.pearson, |r| fixed(r, 2))
        })
}
