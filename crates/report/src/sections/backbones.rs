//! Backbones and their sizes.

use super::Context;
use crate::document::{Cell, Section, Table, Text};
use crate::format::fixed;
use crate::input::BackboneSize;
use crate::project::Project;

pub(super) fn write<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let backbones = &context.input.backbones;
    let model = "Each model is a backbone up to its pooled features, followed by a head: Linear, \
                 ReLU, Linear.";
    if backbones.is_empty() {
        section.say(format!("{model} No sizes are known."));
        return;
    }
    section.say(format!(
        "{model} Sizes below are all with the head Linear(features, 256), ReLU, Linear(256, 2), \
         in MiB of parameters and buffers in fp32; those of the models that are compared here, \
         each with its own head, are in the table of costs."
    ));
    let project = context.project();
    section.say(project.map_or("", |project| &project.about));
    let caption = match project {
        Some(_) => "Sizes, and what the perspective-score project states",
        None => "Sizes of the backbones, with one and the same head",
    };
    let stated = |one: &BackboneSize| project?.sizes.get(&one.name).copied();
    let trials = |one: &BackboneSize| {
        let trials = context.input.study.as_ref()?.trials.iter();
        Some(Cell::count(
            trials.filter(|trial| trial.backbone == one.name).count(),
        ))
    };
    let compared = |one: &BackboneSize| {
        let compared = context.input.compared();
        Cell::count(compared.filter(|c| c.backbone == one.name).count())
    };
    let mib = |mib| fixed(mib, 3);
    let table = Table::of("sizes", caption, backbones)
        .text("backbone", |one| Text::new().code(&one.name))
        .number("parameters", |one| Cell::count(one.parameters))
        .number("MiB", |one| Cell::of(one.mib, mib))
        .when(project.is_some(), |table| {
            table
                .number("stated MiB", |one| Cell::of(stated(one), mib))
                .hint("In the perspective-score project's table of model sizes")
        })
        .number("multiply-adds", |one| {
            Cell::multiply_adds(one.multiply_adds)
        })
        .hint("Of one prediction at the backbone's own input size")
        .number("input, pixels", |one| Cell::count(one.input_size))
        .hint("Side of the backbone's own square input")
        .number("trials", |one| trials(one))
        .hint("Trials of this study with this backbone")
        .number("compared", |one| compared(one))
        .hint("Models with this backbone that are compared in this report");
    section.table(table);
    if let Some(text) = project.and_then(|project| misnamed(project, backbones)) {
        section.say(text);
    }
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
    let reason = project.misnamed_reason(claimed)?;
    let (before, after) = reason.split_once("{backbone}")?;
    ((own - stated).abs() < 0.001).then(|| {
        let remark = Text::new().strong(&row.remark).plain(format!(" {before}"));
        remark.code(&row.backbone).plain(after)
    })
}
