//! What was minimised.

use super::Context;
use crate::document::{Cell, Section, Table, Text};
use crate::format::{counted, fixed};
use crate::input::{EpochRecord, Run};

pub(super) fn write<'a>(context: &Context<'a>, section: &mut Section<'a>) {
    let piles = context.input.data.piles(context.targets);
    let piles = piles.map_or_else(String::new, |piles| {
        format!(" Every label counts the same, including those that many images share ({piles}).")
    });
    section.say(format!(
        "Training minimises the mean squared error (MSE): the square of prediction − label, \
         averaged over images and over targets. One error weighs as much as four of half its \
         size.{piles}"
    ));
    if context.runs().all(|(_, run)| run.epochs.is_empty()) {
        section.say("No epoch of any model that is compared here is known.");
        return;
    }
    let best = |run: &Run, of: fn(&EpochRecord) -> Option<f64>| run.best().and_then(of);
    let error = |value: f64| context.error(value);
    let caption = "The MSE of each training at its best epoch";
    let table = Table::of("loss-runs", caption, context.runs())
        .text("run", |(index, run)| context.run_link(*index, run))
        .number("epochs", |(_, run)| Cell::count(run.epochs.len()))
        .number("best epoch", |(_, run)| {
            Cell::of(run.best_epoch.map(|epoch| epoch as f64), |epoch| {
                fixed(epoch, 0)
            })
        })
        .hint("The epoch whose weights were kept, by validation MSE")
        .number("training MSE", |(_, run)| {
            Cell::of(best(run, |epoch| Some(epoch.train_mse())), error)
        })
        .hint("Mean over the batches of that epoch, each as it was trained on")
        .number("validation MSE", |(_, run)| {
            Cell::of(best(run, EpochRecord::valid_mse), error)
        })
        .number("ratio", |(_, run)| {
            let ratio = best(run, |epoch| Some(epoch.valid_mse()? / epoch.train_mse()));
            Cell::of(ratio.filter(|ratio| ratio.is_finite()), |ratio| {
                fixed(ratio, 2)
            })
        })
        .hint("Validation MSE over training MSE, which are not measured alike: see below")
        .text("device", |(_, run)| run.device.as_str());
    section.table(table);
    section.say(
        "The two MSEs are not measured alike. That of training is taken batch by batch, while \
         the weights still change, of predictions that are not clipped, with dropout where it \
         is set, and with the batch's own mean and variance in batch norms that are trained. \
         That of validation \
         is of the weights at the epoch's end and of the running mean and variance of batch \
         norms. A ratio far above 1 may therefore mean that the model has memorised its \
         training images, or only that the running values lag behind, as they do after few \
         steps. Predictions of the finished model on its training images would tell which; \
         this report has none.",
    );
    let caption = context.focus_link().map_or_else(Text::new, |link| {
        let of = Text::from("Training and validation MSE of ");
        of.then(link).plain(".")
    });
    section.figure(context.figure("run_curves"), caption);
    let warnings = &context.analysis.warnings;
    if !warnings.is_empty() {
        let text = counted(warnings.len(), "run has", "runs have");
        section.say(format!("{text} no usable predictions, or failed:"));
        section.list(warnings.iter().map(String::as_str));
    }
}
