//! The images and labels.

use super::Context;
use crate::document::{Block, Cell, Section, Table, Text};
use crate::format::{count, counted, fixed, percent, short, tidy};

pub(super) fn section<'a>(context: &Context<'a>) -> Section<'a> {
    let mut section = Section::new("data", "Data, split and labels");
    let data = &context.input.data;
    let labels = &context.analysis.labels;
    let parts = labels.parts.iter();
    let parts: Vec<String> = parts
        .map(|part| format!("{} {}", part.name, count(part.images as u64)))
        .collect();
    let fact = |name: &str, text: Text| (name.to_owned(), text);
    let mut facts = vec![
        fact("folder", Text::new().code(&data.folder)),
        fact(
            "images",
            Text::from(format!(
                "{}: {}",
                count(labels.images() as u64),
                parts.join(", ")
            )),
        ),
        fact(
            "targets",
            Text::from(format!(
                "{}, all in {}",
                data.targets.join(", "),
                context.range()
            )),
        ),
        fact(
            "fingerprint",
            Text::new()
                .code(&data.fingerprint)
                .plain(" (SHA-256 over targets, file names, labels and images)"),
        ),
        fact(
            "split",
            Text::new()
                .code(&data.split_fingerprint)
                .plain(" (SHA-256 over which image is in which part)"),
        ),
    ];
    let train = labels.parts.first().map_or(0, |part| part.images);
    if data.trained_on != train {
        let images = counted(data.trained_on, "image", "images");
        let text = format!("{images}: the model that is shown in detail");
        facts.insert(2, fact("trained on", Text::from(text)));
    }
    section.blocks.push(Block::Facts(facts));
    section.list(
        data.notes
            .iter()
            .map(|note| Text::from(note.as_str()))
            .collect(),
    );
    if labels.images() == 0 {
        section.say("There are no labels.");
        return section;
    }
    section.table(statistics(context));
    section.table(bins(context));
    pairs(context, &mut section);
    section.figure(
        context.figure("label_distribution"),
        "Labels of each part. What is rare in training is learnt badly, and a part that differs \
         from the others measures something else.",
    );
    section
}

fn statistics(context: &Context) -> Table {
    let mut table = Table::new("labels", "Labels by part and target")
        .text("target")
        .text("part")
        .number("images")
        .number("mean")
        .number("std")
        .number("lowest")
        .number("highest");
    let has_zeros = context.analysis.labels.has_zeros();
    if has_zeros {
        table = table.number("exactly 0");
    }
    let number = |value: f64| Cell::number(value, short(value));
    for (target, name) in context.targets.iter().enumerate() {
        for part in &context.analysis.labels.parts {
            let Some(statistics) = &part.statistics else {
                continue;
            };
            let of = &statistics.targets[target];
            let mut cells = vec![
                Cell::text(name.as_str()),
                Cell::text(part.name.as_str()),
                Cell::count(part.images),
                number(of.mean),
                number(of.std),
                number(of.min),
                number(of.max),
            ];
            if has_zeros {
                cells.push(Cell::number(of.zero_share, percent(of.zero_share)));
            }
            table.row(cells);
        }
    }
    table
}

fn bins(context: &Context) -> Table {
    let mut table = Table::new(
        "imbalance",
        "Imbalance: labels by the bins that errors are told by, with their share of the part",
    )
    .text("target")
    .text("part");
    let parts = &context.analysis.labels.parts;
    let shape = parts.iter().find_map(|part| part.bins.first());
    for bin in shape.into_iter().flatten() {
        let (low, high) = (tidy(bin.low), tidy(bin.high));
        table = table.number(if bin.low == bin.high {
            format!("= {low}")
        } else {
            format!("({low}, {high}]")
        });
    }
    for (target, name) in context.targets.iter().enumerate() {
        for part in parts.iter().filter(|part| part.images > 0) {
            let mut cells = vec![Cell::text(name.as_str()), Cell::text(part.name.as_str())];
            for bin in &part.bins[target] {
                let share = bin.count as f64 / part.images as f64;
                let cell = Cell::number(bin.count as f64, count(bin.count));
                cells.push(cell.detail(percent(share)));
            }
            table.row(cells);
        }
    }
    table
}

/// How targets go together; of more than four targets there are too many pairs.
fn pairs(context: &Context, section: &mut Section) {
    let targets = context.targets;
    if targets.len() < 2 || targets.len() > 4 {
        return;
    }
    let has_zeros = context.analysis.labels.has_zeros();
    let caption = if has_zeros {
        "Targets two by two: how many images have which labels, and how labels correlate"
    } else {
        "Targets two by two: how labels correlate"
    };
    let mut table = Table::new("label-pairs", caption)
        .text("targets")
        .text("part");
    if has_zeros {
        table = table
            .number("both 0")
            .number("only the first 0")
            .number("only the second 0")
            .number("neither 0");
    }
    table = table.number("Pearson");
    for part in &context.analysis.labels.parts {
        let Some(statistics) = &part.statistics else {
            continue;
        };
        for pair in &statistics.pairs {
            let names = format!("{}, {}", targets[pair.first], targets[pair.second]);
            let mut cells = vec![Cell::text(names), Cell::text(part.name.as_str())];
            if has_zeros {
                let counts = [
                    pair.both_zero,
                    pair.only_first_zero,
                    pair.only_second_zero,
                    pair.neither_zero,
                ];
                cells.extend(counts.map(|images| Cell::count(images as usize)));
            }
            cells.push(Cell::of(pair.pearson, |pearson| fixed(pearson, 2)));
            table.row(cells);
        }
    }
    section.table(table);
}
