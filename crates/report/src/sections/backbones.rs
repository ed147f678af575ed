//! Backbones and their sizes.

use super::Context;
use crate::document::{Cell, Section, Table, Text};
use crate::format::{count, fixed, multiply_adds};
use crate::input::BackboneSize;

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
    let of_project = context.input.data.is_perspective_scores();
    if of_project {
        section.say(
            "This is the head of the perspective-score project, the one whose report made this \
             task known: scoring, in photos of cars, how well the hood and the left rear door \
             can be judged. It compares four backbones; \"stated MiB\" is what its table of \
             sizes says of them.",
        );
    }
    let caption = if of_project {
        "Sizes, and what the perspective-score project states"
    } else {
        "Sizes of the backbones, with one and the same head"
    };
    let mut table = Table::new("sizes", caption)
        .text("backbone")
        .number("parameters")
        .number("MiB");
    if of_project {
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
        if of_project {
            cells.push(Cell::of(backbone.stated_mib, |mib| fixed(mib, 3)));
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
    if let Some(text) = googlenet(backbones).filter(|_| of_project) {
        section.say(text);
    }
    section
}

/// The project's slip, with the numbers that show it.
fn googlenet(backbones: &[BackboneSize]) -> Option<Text> {
    let find = |name: &str| backbones.iter().find(|backbone| backbone.name == name);
    let (googlenet, inception) = (find("googlenet")?, find("inception_v3")?);
    let stated = googlenet.stated_mib.or(inception.stated_mib)?;
    let agrees = (googlenet.mib - stated).abs() < 0.001;
    agrees.then(|| {
        Text::new()
            .strong("What the perspective-score project calls Inception_v3 is GoogLeNet.")
            .plain(format!(
                " The {} MiB in its table are those of GoogLeNet (Inception v1) with this head; \
                 the real inception_v3 would have {} MiB. Results that it reports for \
                 Inception_v3 are therefore to be read beside ",
                fixed(stated, 3),
                fixed(inception.mib, 3)
            ))
            .code("googlenet")
            .plain(" here.")
    })
}
