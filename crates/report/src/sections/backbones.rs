//! Backbones and their sizes.

use super::Context;
use crate::document::{Cell, Section, Table, Text};
use crate::format::{count, fixed, multiply_adds};
use crate::input::BackboneSize;
use crate::project::Project;

pub(super) fn section<'a>(context: &Context<'a>) -> Section<'a> {
    let mut section = Section::new("backbones", "Backbones and sizes");
    let backbones = &context.input.backbones;
    let model = "Each model is a backbone up to its pooled features, followed by a head: Linear, \
                 ReLU, Linear.";
    if backbones.is_empty() {
        section.say(format!("{model} No sizes are known."));
        return section;
    }
    section.say(format!(
        "{model} Sizes below are all with the head Linear(features, 256), ReLU, Linear(256, 2), \
         in MiB of parameters and buffers in fp32; those of the models that are compared here, \
         each with its own head, are in the table of costs."
    ));
    let project = context.project();
    if let Some(project) = project {
        section.say(project.about.as_str());
    }
    let caption = match project {
        Some(_) => "Sizes, and what the perspective-score project states",
        None => "Sizes of the backbones, with one and the same head",
    };
    let mut table = Table::new("sizes", caption)
        .text("backbone")
        .number("parameters")
        .number("MiB");
    if project.is_some() {
        table = table
            .number("stated MiB")
            .hint("In the perspective-score project's table of model sizes");
    }
    table = table
        .number("multiply-adds")
        .hint("Of one prediction at the backbone's own input size")
        .number("input, pixels")
        .hint("Side of the backbone's own square input")
        .number("trials")
        .hint("Trials of this study with this backbone")
        .number("compared")
        .hint("Models with this backbone that are compared in this report");
    for backbone in backbones {
        let trials = context.input.study.as_ref().map(|study| {
            let trials = study.trials.iter();
            trials
                .filter(|trial| trial.backbone == backbone.name)
                .count()
        });
        let candidates = context.input.compared();
        let compared = candidates.filter(|c| c.backbone == backbone.name).count();
        let mut cells = vec![
            Cell::text(Text::new().code(&backbone.name)),
            Cell::number(backbone.parameters as f64, count(backbone.parameters)),
            Cell::number(backbone.mib, fixed(backbone.mib, 3)),
        ];
        if let Some(project) = project {
            let stated = project.sizes.get(&backbone.name).copied();
            cells.push(Cell::of(stated, |mib| fixed(mib, 3)));
        }
        cells.extend([
            Cell::number(
                backbone.multiply_adds as f64,
                multiply_adds(backbone.multiply_adds),
            ),
            Cell::count(backbone.input_size as usize),
            trials.map_or_else(Cell::none, Cell::count),
            Cell::count(compared),
        ]);
        table.row(cells);
    }
    section.table(table);
    if let Some(text) = project.and_then(|project| misnamed(project, backbones)) {
        section.say(text);
    }
    section
}

/// The row of the project's table that has another backbone's name, with the numbers that
/// show it.
fn misnamed(project: &Project, backbones: &[BackboneSize]) -> Option<Text> {
    let mib = |name: &str| {
        let found = backbones.iter().find(|backbone| backbone.name == name);
        found.map(|backbone| backbone.mib)
    };
    let row = &project.misnamed;
    let (own, claimed) = (mib(&row.backbone)?, mib(&row.claimed)?);
    let stated = *project.sizes.get(&row.backbone)?;
    let reason = row.reason.replace("{stated}", &fixed(stated, 3));
    let reason = reason.replace("{claimed}", &fixed(claimed, 3));
    ((own - stated).abs() < 0.001).then(|| {
        Text::new()
            .strong(&row.remark)
            .plain(format!(" {reason} "))
            .code(&row.backbone)
            .plain(" here.")
    })
}
