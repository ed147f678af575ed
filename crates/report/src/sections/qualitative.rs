//! Pictures of what the model does.

use std::collections::BTreeSet;

use super::Context;
use crate::analysis::Shown;
use crate::document::{Block, ErrorSize, Gallery, Section, Shot, ShotScore, Text};
use crate::format::{counted, fixed, short, signed};
use crate::input::{PredictionRow, Predictions};

pub(super) fn section<'a>(context: &Context<'a>) -> Section<'a> {
    let mut section = Section::new("qualitative", "Qualitative results");
    let Some(source) = context.focus_source() else {
        section.say("There are no predictions to show.");
        return section;
    };
    section.heading("Predictions and labels");
    for (name, text) in [
        (
            "prediction_vs_label",
            "On the line the prediction is the label.",
        ),
        (
            "residuals",
            "Above the line of no error the prediction is too high.",
        ),
        (
            "distributions",
            "A good model's predictions are spread as the labels are.",
        ),
    ] {
        section.figure(
            context.figure(name),
            Text::from(text).plain(" ").then(source.clone()),
        );
    }
    galleries(context, &mut section);
    explanations(context, &mut section);
    section
}

fn galleries<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let Some(images) = &context.analysis.images else {
        return;
    };
    let mut best = "Those with the smallest squared error, averaged over targets.".to_owned();
    if images.zeros_left_out > 0 {
        best += &format!(
            " Left out: {} whose labels are all 0, where a model that always says 0 would be best.",
            counted(images.zeros_left_out, "image", "images")
        );
    }
    let seed = context.analysis.settings.seed;
    for (name, title, note, shown) in [
        (
            "gallery_random",
            "Random images",
            format!("Drawn by lot (seed {seed}): what the model usually does."),
            &images.random,
        ),
        ("gallery_best", "Best images", best, &images.best),
        (
            "gallery_worst",
            "Worst images",
            "Those with the largest squared error, averaged over targets: what the model cannot do, \
             or where the label may be wrong."
                .to_owned(),
            &images.worst,
        ),
    ] {
        let source = context.focus_source().unwrap_or_default();
        section.blocks.push(Block::Gallery(Gallery {
            title: title.to_owned(),
            note: Text::from(note).plain(" ").then(source),
            shots: shown.iter().filter_map(|shown| shot(context, shown)).collect(),
            figure: context.figure(name),
        }));
    }
}

fn shot<'a>(context: &Context<'a>, shown: &Shown) -> Option<Shot<'a>> {
    let predictions = context.analysis.focus?.predictions(context.input)?;
    let row = predictions.rows.get(shown.row)?;
    Some(Shot {
        filename: &row.filename,
        photo: context.pictures.get(&row.filename),
        scores: scores(context, row),
    })
}

fn scores<'a>(context: &Context<'a>, row: &PredictionRow) -> Vec<ShotScore<'a>> {
    let span = context.span();
    let number = |value: f64| {
        if (0.1..=10.0).contains(&span) {
            fixed(value, 3)
        } else {
            short(value)
        }
    };
    let targets = context.targets.iter().enumerate();
    targets
        .map(|(index, target)| {
            let label = row.labels[index];
            let prediction = row.predictions[index];
            ShotScore {
                target,
                label: number(label),
                prediction: number(prediction),
                error: signed(&number(prediction - label)),
                size: ErrorSize::of(prediction - label, span),
            }
        })
        .collect()
}

fn explanations<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    section.heading("What the model looks at");
    if context.input.explanations.is_empty() {
        section.say("No heat maps were computed for this report.");
        return;
    }
    section.say(
        "Bright places are those that the prediction is sensitive to, by the method's own \
         measure; the maps of one method share a scale, so that a score that hardly hangs on \
         an image stays dark. That a place is bright does not say why.",
    );
    let mut maps = context.input.explanations.iter().flat_map(|one| &one.maps);
    if maps.any(|map| map.values.len() == 1) {
        section.say(
            "Some maps are of one cell, as the images are so small that nothing more is left of \
             them behind the last stage: these say nothing of places.",
        );
    }
    section.figure(context.figure("explanations"), explained(context));
}

/// Which run is explained, the chosen one, and on images of which part. That is told
/// by its predictions: the run in focus may be another.
fn explained(context: &Context) -> Text {
    let shown = context.input.explanations.len();
    let selection = context.input.selection.as_ref();
    let chosen = selection.map(|selection| {
        let candidate = &context.input.candidates[selection.candidate];
        (selection.candidate, &candidate.runs[selection.run])
    });
    let Some((candidate, run)) = chosen else {
        return Text::from(format!("{}.", counted(shown, "image", "images")));
    };
    let all_in = |predictions: &Option<Predictions>| {
        let rows = predictions.iter().flat_map(|part| &part.rows);
        let names: BTreeSet<&str> = rows.map(|row| row.filename.as_str()).collect();
        let mut shown = context.input.explanations.iter();
        shown.all(|explanation| names.contains(explanation.filename.as_str()))
    };
    let images = match (all_in(&run.test), all_in(&run.valid)) {
        (true, _) => counted(shown, "test image", "test images"),
        (_, true) => counted(shown, "validation image", "validation images"),
        _ => counted(shown, "image", "images"),
    };
    Text::from("Run: ")
        .then(context.run_link(candidate, run))
        .plain(format!("; {images}."))
}
