//! What is said of a run before it trains.

use std::path::Path;

use psp_train::config::InitialWeights;
use psp_train::{Change, Preparation, RunConfig};

use crate::text::counted;

/// The run folder, and what will be done with what.
pub(super) fn lines(preparation: &Preparation<'_>, weights: &[String]) -> Vec<String> {
    let Preparation {
        run,
        config,
        counts: [train, valid, test],
        split_source,
        stages,
        steps,
        range,
    } = preparation;
    let size = config.input_size();
    let per_step = config.train.batch_size * config.train.accumulate;
    vec![
        format!("run {}", run.display()),
        format!(
            "  model   {}, {}",
            config.model.backbone,
            origin(config, weights)
        ),
        format!("  trains  {}", trained(config, stages)),
        format!("  input   {size}x{size} pixels"),
        format!("  device  {}", devices(config)),
        format!(
            "  images  {train} train, {valid} valid, {test} test (split: {})",
            split(config, split_source)
        ),
        format!(
            "  steps   {steps} per epoch, of up to {}; {}",
            counted(per_step, "image"),
            counted(config.train.epochs as usize, "epoch")
        ),
        match range {
            Some([low, high]) => {
                format!("  scores  clipped to [{low}, {high}] (data.label_range)")
            }
            None => "  scores  not clipped (data.label_range)".to_owned(),
        },
    ]
}

fn origin(config: &RunConfig, notes: &[String]) -> String {
    let weights = &config.model.weights;
    if *weights == InitialWeights::Scratch {
        return "from scratch".to_owned();
    }
    let notes: String = notes.iter().map(|note| format!("; {note}")).collect();
    format!("weights of {weights}{notes}")
}

/// Which layers are trained, from when on.
fn trained(config: &RunConfig, stages: &[&str]) -> String {
    let names = stages.join(", ");
    let last = config.ever_trained_stages();
    if last.len() > stages.len() {
        let every = match config.train.unfreeze_every {
            None | Some(1.0) => "epoch".to_owned(),
            Some(every) => format!("{every} epochs"),
        };
        format!("{names} at first, and one layer more every {every} (train.unfreeze_every)")
    } else if stages.len() == config.model.backbone.stages().len() + 1 {
        "the whole model".to_owned()
    } else {
        format!("{names}; the rest is frozen")
    }
}

/// Where the split comes from: a file, or a draw, whose source is the data folder.
fn split(config: &RunConfig, source: &Path) -> String {
    if source == config.data.dir {
        format!("drawn, seed {}", config.data.split_seed)
    } else {
        source.display().to_string()
    }
}

fn devices(config: &RunConfig) -> String {
    let mut names = vec![config.train.device.resolved().to_string()];
    names.extend(config.train.replicas.iter().map(ToString::to_string));
    match config.train.precision.to_string() {
        precision if precision != "fp32" => format!("{} in {precision}", names.join(", ")),
        _ => names.join(", "),
    }
}

/// What differs from when the run was last worked on.
pub(super) fn changes(changes: &[Change]) -> Vec<String> {
    let mut lines: Vec<String> = changes.iter().map(|c| format!("changed: {c}")).collect();
    if changes.iter().any(|change| change.key == "train.epochs") {
        lines.push(
            "  the learning rate follows train.schedule over all of these epochs: it goes on \
             from where it would be by now"
                .to_owned(),
        );
    }
    lines
}
