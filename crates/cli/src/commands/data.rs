//! `psp data`.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, bail};
use psp_data::{Dataset, Part};
use psp_synth::{SynthError, SynthOptions};
use psp_train::Inputs;
use psp_train::inputs::{dataset_options, drawn_split};

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
    // They come last.
    let was_there = args.out.join("labels.csv").exists();
    let bar = progress::bar(args.count as u64, "render");
    let advance = |_, _| bar.inc(1);
    let written = psp_synth::write_dataset(&args.out, &options, &advance, &cancelled);
    bar.finish_and_clear();
    match written {
        Ok(summary) => {
            let how = if was_there { "already there: " } else { "" };
            println!("{}: {how}{summary}", args.out.display());
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
    if data.dir.as_os_str().is_empty() {
        bail!("no data folder: pass --data DIR, or set data.dir in the configuration");
    }
    let dataset = Arc::new(Dataset::open(&dataset_options(&config))?);
    let beside = data.dir.join("split.csv");
    let out = args.out.clone().unwrap_or_else(|| beside.clone());
    let has_column = dataset.split_column().is_some();
    if has_column && args.out.is_none() {
        bail!(
            "{}: has a column `split`, which psp train uses; pass --out FILE for another split, \
             and train on that with --set data.split=FILE, or remove the column",
            dataset.labels_path().display()
        );
    }
    let splits = drawn_split(&config, &dataset)?;
    splits.write(&out, &dataset, args.overwrite)?;
    let inputs = Inputs::new(dataset, splits, out.clone());
    for about in inputs.notices()? {
        progress::notice(&about);
    }
    let (dataset, splits) = (&inputs.dataset, &inputs.splits);
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
    if has_column || out != beside {
        let out = out.display();
        println!("train on it with --set data.split={out}");
    }
    Ok(ExitCode::SUCCESS)
}
