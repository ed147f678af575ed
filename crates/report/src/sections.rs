//! The sections of the report, in the order of the perspective-score project's.

mod backbones;
mod calibration;
mod caveats;
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
mod quantitative;
mod reproduction;
mod search;
mod selection;
mod suggestions;
mod trials;
mod verdict;

pub(crate) use context::Context;

use crate::document::{Document, Text};

/// What a training time is of.
const TIME: &str = "Of training and validation, without the features of a frozen backbone, which \
                    are computed once for all runs";

/// The whole report.
pub(crate) fn document<'a>(context: &Context<'a>) -> Document<'a> {
    let input = context.input;
    let what = match &input.study {
        Some(_) => "Report on a study of image regressors",
        None => "Report on trained image regressors",
    };
    let images = crate::format::counted(context.analysis.labels.images(), "image", "images");
    let mut lead = Text::from(format!(
        "{what}: {} predicted from {images}.",
        crate::format::listed(&input.data.targets)
    ));
    if let Some(study) = &input.study {
        lead = lead
            .plain(" The study's folder: ")
            .path("open", &study.folder);
        lead = lead.plain(".");
    }
    let version = &input.environment.psp_version;
    let sections = [
        Some(backbones::section(context)),
        Some(loss::section(context)),
        Some(metrics::section(context)),
        Some(search::section(context)),
        Some(quantitative::section(context)),
        Some(qualitative::section(context)),
        Some(selection::section(context)),
        suggestions::section(context),
        Some(caveats::section(context)),
        Some(data::section(context)),
        Some(reproduction::section(context)),
    ];
    Document {
        title: input.title.clone(),
        lead,
        verdict: verdict::verdict(context),
        sections: sections.into_iter().flatten().collect(),
        foot: Text::from(format!(
            "Written by psp {version} on {}.",
            input.environment.date
        )),
    }
}
