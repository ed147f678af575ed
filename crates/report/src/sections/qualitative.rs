//! Pictures of what the model does.

use std::collections::BTreeSet;

use psp_plot::ErrorSize;

use super::Context;
use crate::analysis::Shown;
use crate::document::{Block, Gallery, Section, Shot, ShotScore, Text};
use crate::format::{counted, fixed, short, signed};
use crate::input::Predictions;

pub(super) fn write<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let source = context.focus_source();
    if source.is_empty() {
        section.say("There are no predictions to show.");
        return;
    }
    section.heading("Predictions and labels");
    let mut figure = |name: &str, text: &str| {
        let caption = Text::from(text).plain(" ").then(source.clone());
        section.figure(context.figure(name), caption);
    };
    figure(
        "prediction_vs_label",
        "On the line the prediction is the label.",
    );
    figure(
        "residuals",
        "Above the line of no error the prediction is too high.",
    );
    figure(
        "distributions",
        "A good model's predictions are spread as the labels are.",
    );
    galleries(context, section);
    explanations(context, section);
}

fn galleries<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let Some(images) = &context.analysis.images else {
        return;
    };
    let mut gallery = |name: &str, title: &'static str, note: String, shown: &[Shown]| {
        section.blocks.push(Block::Gallery(Gallery {
            title,
            note: Text::from(note).plain(" ").then(context.focus_source()),
            shots: shown
                .iter()
                .filter_map(|shown| shot(context, shown))
                .collect(),
            figure: context.figure(name),
        }));
    };
    let seed = context.analysis.settings.seed;
    let lot = format!("Drawn by lot (seed {seed}): what the model usually does.");
    gallery("gallery_random", "Random images", lot, &images.random);
    let mut best = "Those with the smallest squared error, averaged over targets.".to_owned();
    if images.zeros_left_out > 0 {
        best += &format!(
            " Left out: {} whose labels are all 0, where a model that always says 0 would be best.",
            counted(images.zeros_left_out, "image", "images")
        );
    }
    gallery("gallery_best", "Best images", best, &images.best);
    let worst = "Those with the largest squared error, averaged over targets: what the model \
                 cannot do, or where the label may be wrong.";
    gallery(
        "gallery_worst",
        "Worst images",
        worst.to_owned(),
        &images.worst,
    );
}

fn shot<'a>(context: &Context<'a>, shown: &Shown) -> Option<Shot<'a>> {
    let predictions = context.analysis.focus?.predictions(context.input)?;
    let row = predictions.rows().get(shown.row)?;
    let span = context.span();
    let number = |value: f64| match span {
        0.1..=10.0 => fixed(value, 3),
        _ => short(value),
    };
    let (predictions, labels) = row.to_f64();
    let targets = context.targets.iter().enumerate();
    let scores = targets.map(|(index, target)| {
        let (label, prediction) = (labels[index], predictions[index]);
        ShotScore {
            target,
            label: number(label),
            prediction: number(prediction),
            error: signed(&number(prediction - label)),
            size: ErrorSize::of(prediction - label, span),
        }
    });
    Some(Shot {
        filename: &row.filename,
        photo: context.pictures.get(&row.filename),
        scores: scores.collect(),
    })
}

fn explanations<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    section.heading("What the model looks at");
    if context.input.explanations.is_empty() {
        section.say("No heat maps were computed for this report.");
        return;
    }
    section.say(
        "Bright places are those that the prediction is sensitive to, by the method's own \
         measure; the maps of one method share a scale, so a score that hardly depends on an \
         image stays dark. That a place is bright does not say why.",
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
    let shown = &context.input.explanations;
    let images = counted(shown.len(), "image", "images");
    let Some(chosen) = &context.input.selection else {
        return Text::from(format!("{images}."));
    };
    let run = &context.input.candidates[chosen.candidate].runs[chosen.run];
    let all_in = |predictions: &Option<Predictions>| {
        let rows = predictions.iter().flat_map(|part| part.rows());
        let names: BTreeSet<&str> = rows.map(|row| row.filename.as_str()).collect();
        shown
            .iter()
            .all(|one| names.contains(one.row.filename.as_str()))
    };
    let images = match (all_in(&run.test), all_in(&run.valid)) {
        (true, _) => counted(shown.len(), "test image", "test images"),
        (_, true) => counted(shown.len(), "validation image", "validation images"),
        _ => images,
    };
    Text::from("Run: ")
        .then(context.run_link(chosen.candidate, run))
        .plain(format!("; {images}."))
}
