//! How all of it was made, and how to make it again.

use std::collections::BTreeSet;

use super::Context;
use crate::document::{Block, Section, Text};
use crate::format::count;

pub(super) fn write<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let environment = &context.input.environment;
    let settings = &context.analysis.settings;
    let mut facts = vec![
        ("psp", environment.psp_version.clone()),
        ("Burn", environment.burn_version.clone()),
        ("hardware", environment.hardware.clone()),
        ("system", environment.system.clone()),
    ];
    let devices: BTreeSet<&str> = context.runs().map(|(_, run)| run.device.as_str()).collect();
    if !devices.is_empty() {
        let devices: Vec<&str> = devices.into_iter().collect();
        facts.push(("trained on", devices.join(", ")));
    }
    let statistics = format!(
        "{} bootstrap resamples, {} permutations, {} intervals, level {}, seed {}",
        count(settings.resamples),
        count(settings.permutations),
        context.confidence(),
        settings.level,
        settings.seed
    );
    facts.extend([
        ("statistics", statistics),
        ("date", environment.date.clone()),
    ]);
    section.facts(facts);
    if environment.commands.is_empty() {
        section.say("The commands that made it are not known.")
    } else {
        section.say("The commands that make all of it again:");
        let commands = environment.commands.join("\n");
        section.blocks.push(Block::Code(commands));
    }
    if let Some(study) = &context.input.study {
        section.blocks.push(Block::Folded {
            summary: "The study file, every default written out",
            code: study.config.clone(),
        });
    }
    let missing = context.pictures.problems();
    let missing: Vec<String> = missing
        .chain(context.figures.problems.iter().cloned())
        .collect();
    if !missing.is_empty() {
        section.say("Missing in this report:");
        section.list(missing);
    }
    section.say(
        Text::from("Next to this page are ")
            .path("metrics.json", "metrics.json")
            .plain(" (all numbers), ")
            .path("report.md", "report.md")
            .plain(" (the same as Markdown) and ")
            .path("plots/", "plots/")
            .plain(
                " (all pictures as files). The same input gives the same bytes but for the date.",
            ),
    );
}
