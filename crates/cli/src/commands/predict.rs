//! `psp predict`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use psp_data::DataFolder;
use psp_eval::ScoreSpans;
use psp_schema::check_place;
use psp_train::RunDir;

use super::engine::is_cpu;
use super::predictor::{open_model, warn_of_constants};
use super::refusals::exists_already;
use crate::args::PredictArgs;
use crate::machine;
use crate::origin::whole;
use crate::progress;
use crate::text::counted;
use output::{Format, Output};
use photos::Photos;

mod output;
mod photos;

pub(crate) fn predict(args: &PredictArgs) -> Result<ExitCode> {
    let is_by_cpu_engine = is_cpu(args.engine, args.device, args.precision)?;
    let out_file = args.out.as_deref().filter(|path| *path != Path::new("-"));
    if let Some(path) = out_file {
        check_place(path)?;
        ensure!(
            !DataFolder::would_take(&whole(path)),
            "{}: would be taken for the labels or the split of the images beside it; name a file \
             in another folder with --out, or one that ends in .json",
            path.display()
        );
        if path.is_file() && !args.overwrite {
            return Err(exists_already(path));
        }
        let own = RunDir::new(&args.model).read_config();
        ensure!(
            !own.is_ok_and(|config| {
                let labels = config.data.labels.as_deref();
                labels.is_some_and(|labels| whole(labels) == whole(path))
            }),
            "{}: holds the labels that the model was trained on; name another file with --out",
            path.display()
        );
    }
    let mut predictor = open_model(&args.model, args.device, args.precision)?;
    if let Some(megapixels) = args.max_megapixels {
        predictor.limits.max_pixels = u64::from(megapixels) * 1_000_000;
    }
    let Photos { paths, names } = Photos::gather(
        &args.images,
        args.recursive,
        predictor.filename_column.as_deref(),
    )?;
    let threads = machine::cores();
    let width = names.iter().map(|name| name.chars().count()).max();
    if is_by_cpu_engine {
        predictor.use_cpu_engine(threads)?;
    }
    let mut out = Output::new(
        Format::of(args),
        out_file,
        &predictor.targets,
        width.unwrap_or(0),
    )?;
    if let Some(path) = out_file.filter(|path| path.is_file()) {
        let shown = path.display();
        ensure!(
            out.may_replace(path).with_context(|| shown.to_string())?,
            "{shown}: holds something other than scores of these columns in this form, so --overwrite \
             does not replace it; name another file with --out"
        );
    }
    let bar = progress::bar(paths.len() as u64, "predict");
    let mut names = names.into_iter();
    let mut spans = ScoreSpans::new(predictor.targets.len());
    predictor.predict_files(&paths, args.batch_size.into(), threads, |prediction| {
        // Predictions come in the order of the paths.
        let file = names.next().unwrap_or_default();
        bar.inc(1);
        if let Ok(scores) = &prediction.scores {
            // Clipped ones may be the same of images that the model tells apart.
            spans.add(&scores.raw);
        }
        match prediction.scores {
            Ok(scores) if args.raw => out.scores(&file, &scores.raw),
            Ok(scores) => out.scores(&file, &scores.predictions),
            Err(error) => {
                bar.suspend(|| eprintln!("error: {error}"));
                out.error(&file, &error.to_string())
            }
        }
    })?;
    bar.finish_and_clear();
    let scored = out.finish(args.overwrite)?;
    let are_several = || paths.iter().any(|path| whole(path) != whole(&paths[0]));
    if are_several() {
        let range = predictor.label_range().unwrap_or_default();
        let span = f64::from(range[1]) - f64::from(range[0]);
        warn_of_constants(&predictor.targets, &spans.constant(|_| span));
    }
    if let Some(path) = out_file {
        let path = path.display();
        if scored > 0 {
            eprintln!("wrote {path}: scores of {}", counted(scored, "image"));
        } else {
            eprintln!("{path}: not written, since there are no scores");
        }
    }
    if scored < paths.len() {
        let (failed, images) = (paths.len() - scored, counted(paths.len(), "image"));
        eprintln!("error: {failed} of {images} could not be scored");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
