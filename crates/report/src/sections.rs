//! The sections of the report, in the order of the perspective-score project's.

mod backbones;
mod calibration;
mod comparison;
mod context;
mod cost;
mod data;
mod errors;
mod key_numbers;
mod loss;
mod metrics;
mod no_use;
mod qualitative;
mod reproduction;
mod search;
mod selection;
mod suggestions;
mod trials;
mod verdict;

pub(crate) use context::Context;

use crate::document::{Document, Section, Text};
use crate::format::{counted, listed};

/// What a training time is of.
const TIME: &str = "Of training and validation, without the features of a frozen backbone, which \
                    are computed once for all runs";

/// Writes part of a section.
type Write = for<'a> fn(&Context<'a>, &mut Section<'a>);

/// Id, title, and what writes it. One of which nothing is written is left out, as one of
/// the two on suggestions always is.
const SECTIONS: [(&str, &str, &[Write]); 12] = [
    ("backbones", "Backbones and sizes", &[backbones::write]),
    ("loss", "Loss", &[loss::write]),
    ("metrics", "Metrics", &[metrics::write]),
    ("search", "Search", &[search::write]),
    (
        "quantitative",
        "Quantitative results",
        &[
            errors::write,
            comparison::write,
            cost::write,
            calibration::write,
        ],
    ),
    ("qualitative", "Qualitative results", &[qualitative::write]),
    ("selection", "Selection", &[selection::write]),
    (
        "suggestions",
        "The perspective-score project's suggestions",
        &[suggestions::of_project],
    ),
    (
        "suggestions",
        "Ways to better results",
        &[suggestions::measured],
    ),
    ("caveats", "What should not be concluded", &[caveats]),
    ("data", "Data, split and labels", &[data::write]),
    ("reproduction", "How this was made", &[reproduction::write]),
];

/// The whole report.
pub(crate) fn document<'a>(context: &Context<'a>) -> Document<'a> {
    let input = context.input;
    let what = match &input.study {
        Some(_) => "Report on a study of image regressors",
        None => "Report on trained image regressors",
    };
    let images = counted(context.analysis.labels.images(), "image", "images");
    let targets = listed(&input.data.targets);
    let mut lead = Text::from(format!("{what}: {targets} predicted from {images}."));
    if let Some(study) = &input.study {
        lead = lead
            .plain(" The study's folder: ")
            .path("open", &study.folder)
            .plain(".");
    }
    let sections = SECTIONS.into_iter().map(|(id, title, parts)| {
        let blocks = Vec::new();
        let mut section = Section { id, title, blocks };
        parts.iter().for_each(|write| write(context, &mut section));
        section
    });
    let environment = &input.environment;
    Document {
        title: input.title.clone(),
        lead,
        verdict: verdict::verdict(context),
        sections: sections
            .filter(|section| !section.blocks.is_empty())
            .collect(),
        foot: Text::from(format!(
            "Written by psp {} on {}.",
            environment.psp_version, environment.date
        )),
    }
}

fn caveats<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let caveats = &context.analysis.caveats;
    if caveats.is_empty() {
        section.say("Nothing in the numbers of this report stands out as easily misread.");
        return;
    }
    section.say(
        "Each of these follows from the numbers of this very report; those that matter most come \
         first. One should not conclude",
    );
    section.list(caveats.iter().map(|caveat| {
        let claim = Text::new().strong(&caveat.claim);
        claim.plain(format!(". {}", caveat.because))
    }));
}
