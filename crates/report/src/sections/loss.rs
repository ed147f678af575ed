//! What was minimised.

use super::Context;
use crate::document::{Cell, Section, Table, Text};
use crate::format::counted;

pub(super) fn section<'a>(context: &Context<'a>) -> Section<'a> {
    let mut section = Section::new("loss", "Loss");
    let piles = context.input.data.piles(context.targets);
    let piles = piles.map_or_else(String::new, |piles| {
        format!(" Every label counts alike, those too that many images share ({piles}).")
    });
    section.say(format!(
        "Training minimises the mean squared error (MSE): the square of prediction − label, \
         averaged over images and over targets. One error weighs as much as four of half its \
         size.{piles}"
    ));
    let epochs = context.input.candidates.iter().flat_map(|c| &c.runs);
    if epochs.clone().all(|run| run.epochs.is_empty()) {
        section.say("No epoch of any model that is compared here is known.");
        return section;
    }
    let mut table = Table::new("loss-runs", "The MSE of each training at its best epoch")
        .text("run")
        .number("epochs")
        .number("best epoch")
        .hint("The epoch whose weights were kept, by validation MSE")
        .number("training MSE")
        .hint("Mean over the batches of that epoch, each as it was trained on")
        .number("validation MSE")
        .number("ratio")
        .hint("Validation MSE over training MSE, which are not measured alike: see below")
        .text("device");
    for (index, candidate) in context.input.candidates.iter().enumerate() {
        for run in &candidate.runs {
            let best = run.epochs.iter().find(|e| Some(e.epoch) == run.best_epoch);
            table.row(vec![
                Cell::text(context.run_link(index, run)),
                Cell::count(run.epochs.len()),
                Cell::of(run.best_epoch.map(|epoch| epoch as f64), |epoch| {
                    crate::format::fixed(epoch, 0)
                }),
                Cell::of(best.map(|epoch| epoch.train_mse), |mse| context.error(mse)),
                Cell::of(best.and_then(|epoch| epoch.valid_mse), |mse| {
                    context.error(mse)
                }),
                Cell::of(
                    best.and_then(|e| Some(e.valid_mse? / e.train_mse))
                        .filter(|ratio| ratio.is_finite()),
                    |ratio| crate::format::fixed(ratio, 2),
                ),
                Cell::text(run.device.as_str()),
            ]);
        }
    }
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
    let caption = match context.focus_link() {
        Some(link) => Text::from("Training and validation MSE of ")
            .then(link)
            .plain("."),
        None => Text::new(),
    };
    section.figure(context.figure("run_curves"), caption);
    let failed = context.analysis.warnings.len();
    if failed > 0 {
        let text = counted(failed, "run has", "runs have");
        section.say(format!("{text} no usable predictions, or failed:"));
        let warnings = context.analysis.warnings.iter();
        section.list(
            warnings
                .map(|warning| Text::from(warning.as_str()))
                .collect(),
        );
    }
    section
}
