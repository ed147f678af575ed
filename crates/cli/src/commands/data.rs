//! `psp data`.

use std::process::ExitCode;

use anyhow::Result;
use psp_data::{Dataset, Part, Splits};
use psp_synth::{SynthError, SynthOptions};
use psp_train::inputs::dataset_options;

use super::resolve;
use crate::args::{SplitArgs, SynthArgs};
use crate::{interrupt, progress};

pub(crate) fn synth(args: &SynthArgs) -> Result<ExitCode> {
    let (width, height) = args.size;
    let options = SynthOptions {
        count: args.count,
        seed: args.seed,
        width,
        height,
    };
    let cancelled = interrupt::flag()?;
    let bar = progress::bar(args.count as u64, "render");
    let advance = |_, _| bar.inc(1);
    let written = psp_synth::write_dataset(&args.out, &options, &advance, &cancelled);
    bar.finish_and_clear();
    match written {
        Ok(summary) => {
            println!("{}: {summary}", args.out.display());
            Ok(ExitCode::SUCCESS)
        }
        Err(SynthError::Cancelled { done, count }) => {
            eprintln!("interrupted after {done} of {count} images; the same command continues");
            Ok(interrupt::exit_code())
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn split(args: &SplitArgs) -> Result<ExitCode> {
    let mut overrides = Vec::new();
    if let Some(fractions) = &args.fractions {
        overrides.push(format!("data.fractions={fractions:?}"));
    }
    if let Some(seed) = args.seed {
        overrides.push(format!("data.split_seed={seed}"));
    }
    let config = resolve(&args.config, &overrides)?;
    let data = &config.data;
    let dataset = Dataset::open(&dataset_options(&config))?;
    let splits = Splits::stratified(
        &dataset,
        config.fractions(),
        data.split_seed,
        data.split_bins,
    )?;
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| data.dir.join("split.csv"));
    splits.write(&out, &dataset, args.overwrite)?;
    println!("{}:", out.display());
    for (part, count) in Part::ALL.iter().zip(splits.counts()) {
        let indices = splits.indices(*part);
        let means: Vec<String> = dataset
            .targets()
            .iter()
            .enumerate()
            .map(|(target, name)| {
                let labels = indices
                    .iter()
                    .map(|&i| f64::from(dataset.samples()[i].labels[target]));
                format!(
                    "{name} mean {:.4}",
                    labels.sum::<f64>() / indices.len().max(1) as f64
                )
            })
            .collect();
        println!(
            "  {:<5} {count:>6} images  {}",
            part.name(),
            means.join("  ")
        );
    }
    Ok(ExitCode::SUCCESS)
}
