//! How all of it was made, and how to make it again.

use super::Context;
use crate::document::{Block, Section, Text};
use crate::format::{count, whole_percent};

pub(super) fn section<'a>(context: &Context<'a>) -> Section<'a> {
    let mut section = Section::new("reproduction", "How this was made");
    let environment = &context.input.environment;
    let settings = &context.analysis.settings;
    let mut devices: Vec<&str> = context
        .input
        .candidates
        .iter()
        .flat_map(|candidate| &candidate.runs)
        .map(|run| run.device.as_str())
        .collect();
    devices.sort_unstable();
    devices.dedup();
    let fact = |name: &str, text: &str| (name.to_owned(), Text::from(text));
    let mut facts = vec![
        fact("psp", &environment.psp_version),
        fact("Burn", &environment.burn_version),
        fact("hardware", &environment.hardware),
        fact("system", &environment.system),
    ];
    if !devices.is_empty() {
        facts.push(fact("trained on", &devices.join(", ")));
    }
    facts.push(fact(
        "statistics",
        &format!(
            "{} bootstrap resamples, {} permutations, {} intervals, level {}, seed {}",
            count(settings.resamples),
            count(settings.permutations),
            whole_percent(settings.confidence),
            settings.level,
            settings.seed
        ),
    ));
    facts.push(fact("date", &environment.date));
    section.blocks.push(Block::Facts(facts));
    if environment.commands.is_empty() {
        section.say("The commands that made it are not known.")
    } else {
        section.say("The commands that make all of it again:");
        let commands = environment.commands.join("\n");
        section.blocks.push(Block::Code(commands));
    }
    if let Some(study) = &context.input.study {
        section.blocks.push(Block::Folded {
            summary: "The study file, every default written out".to_owned(),
            code: study.config.clone(),
        });
    }
    let missing = context.pictures.problems();
    let missing: Vec<Text> = missing
        .chain(context.figures.problems.iter().cloned())
        .map(Text::from)
        .collect();
    if !missing.is_empty() {
        section.say("Missing in this report:");
        section.list(missing);
    }
    section.say(
        Text::from("Beside this page lie ")
            .path("metrics.json", "metrics.json")
            .plain(" (all numbers), ")
            .path("report.md", "report.md")
            .plain(" (the same as Markdown) and ")
            .path("plots/", "plots/")
            .plain(
                " (all pictures as files). The same input gives the same bytes but for the date.",
            ),
    );
    section
}
