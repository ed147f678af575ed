//! What the numbers mean.

use super::Context;
use crate::document::Section;
use crate::format::{count, listed, tidy};

pub(super) fn write<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let settings = &context.analysis.settings;
    let span = context.span();
    let clipped = match context.input.data.label_range {
        Some(_) => format!(
            " A prediction is clipped to {}, the range of the labels, everywhere but in the \
             training loss.",
            context.range()
        ),
        None => String::new(),
    };
    section.say(format!(
        "Errors are prediction − label.{clipped} Overall metrics are plain means over the \
         targets, save for RMSE, which is the root of the overall MSE."
    ));
    let names = context.input.data.targets.iter().zip(context.targets);
    let names = names.filter(|(name, short)| name != short);
    let names: Vec<String> = names
        .map(|(name, short)| format!("{short} for {name}"))
        .collect();
    if !names.is_empty() {
        section.say(format!("Tables and galleries say {}.", listed(&names)));
    }
    let within = format!(
        "Share of predictions no further than {} and {} from the label.",
        tidy(0.05 * span),
        tidy(0.1 * span)
    );
    let intervals = format!(
        "In brackets: {} percentile intervals of {} bootstrap resamples of the images (seed {}), \
         an image keeping all its targets. They say what other images of the same kind might have \
         given for these trained models, not what other trainings might. Where more than 1 % of \
         the resamples have no value, as all of their labels are equal or none is in a group, no \
         interval is given.",
        context.confidence(),
        count(settings.resamples),
        settings.seed
    );
    let difference = format!(
        "A permutation test ({} random sign flips of the images' differences in squared error), \
         corrected for the number of pairs by Holm's method, has p ≤ {}. Otherwise the table says \
         \"no difference shown\", which is not \"equal\".",
        count(settings.permutations),
        settings.level
    );
    section.facts([
        (
            "MSE, MAE, RMSE",
            "Mean of squared errors, mean of absolute errors, root of the MSE.",
        ),
        (
            "R²",
            "1 − squared errors / squared distances of the labels from their own mean. 0 is what \
             a constant can reach at best. Undefined where all labels are equal.",
        ),
        (
            "median error",
            "Median of the absolute errors: what half of the images stay below.",
        ),
        (
            "bias",
            "Mean error; positive where predictions are too high.",
        ),
        (
            "Pearson, Spearman",
            "Correlation of predictions and labels, and of their ranks.",
        ),
        ("within", &within),
        (
            "balanced MSE",
            "Mean over the bins of labels (exactly the lowest value, then four equal parts of the \
             range) of each bin's MSE, so that labels that are frequent do not outweigh those \
             that are rare.",
        ),
        (
            "skill",
            "1 − MSE / MSE of \"predict the mean\": the share of that error that the model \
             removes.",
        ),
        (
            "predict the mean",
            "The model that answers with the mean label of the images that the chosen model was \
             trained on, whatever the image. Every number stands beside it.",
        ),
        ("intervals", &intervals),
        ("difference shown", &difference),
    ]);
}
