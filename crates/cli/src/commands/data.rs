//! `psp data`.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use psp_data::{DataFolder, Dataset, Part, SPLIT, find_split};
use psp_schema::check_place;
use psp_synth::{SynthError, SynthOptions};
use psp_train::Inputs;
use psp_train::inputs::drawn_split;

use super::config::resolve;
use crate::args::{SplitArgs, SynthArgs};
use crate::origin::whole;
use crate::text::{counted, number};
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
        Ok(written) => {
            let how = if written.was_complete {
                "already complete, left as it is (pixels not checked): "
            } else {
                ""
            };
            println!("{}: {how}{}", args.out.display(), written.summary);
            Ok(ExitCode::SUCCESS)
        }
        Err(SynthError::Cancelled { done, count }) => {
            let images = counted(count, "image");
            eprintln!("interrupted after {done} of {images}; the same command continues");
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
    let dataset = Arc::new(Dataset::open(&config.dataset_options())?);
    let beside = find_split(&data.dir)?.unwrap_or_else(|| data.dir.join(SPLIT));
    let out = args.out.clone().unwrap_or_else(|| beside.clone());
    let has_column = dataset.split_column().is_some();
    if has_column && args.out.is_none() {
        bail!(
            "{}: has a column `split`, which psp train uses; pass --out FILE for another split, \
             and train on that with --set data.split=FILE, or remove the column",
            dataset.labels_path().display()
        );
    }
    ensure!(
        out.as_os_str() != "-",
        "-: a split is a file that runs refer to; name one with --out"
    );
    check_place(&out)?;
    ensure!(
        !out.exists() || out.is_file(),
        "{}: is no file that a split could be in; name another one with --out",
        out.display()
    );
    ensure!(
        whole(&out) != whole(dataset.labels_path()),
        "{}: holds the labels; name another file with --out",
        out.display()
    );
    ensure!(
        whole(&out) == whole(&beside) || !DataFolder::would_take(&whole(&out)),
        "{}: would be taken for the labels of the images beside it; call these labels.csv, or name \
         a file in another folder with --out",
        out.display()
    );
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
            .map(|(target, name)| format!("{name} mean {}", mean(dataset, &indices, target)))
            .collect();
        let images = if count == 1 { "image " } else { "images" };
        println!(
            "  {:<5} {count:>6} {images}  {}",
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

/// The mean label of some images, and a dash for none.
fn mean(dataset: &Dataset, indices: &[usize], target: usize) -> String {
    if indices.is_empty() {
        return "–".to_owned();
    }
    let labels = indices
        .iter()
        .map(|&index| f64::from(dataset.samples()[index].labels[target]));
    number(labels.sum::<f64>() / indices.len() as f64)
}
