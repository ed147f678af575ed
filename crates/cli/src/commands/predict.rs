//! `psp predict`.

use std::io::{BufReader, IsTerminal, stdin};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use psp_data::{DataFolder, RgbImage};
use psp_export::Prediction;
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
use interval::Intervals;
use names::Names;
use output::{Format, Output};
use photos::{Photo, Photos, note_lost_names};
use pictures::{Kept, Pictures};
use tally::Tally;

mod folder;
mod interval;
mod names;
mod output;
mod photos;
mod pictures;
mod tally;

pub(crate) fn predict(args: &PredictArgs) -> Result<ExitCode> {
    let is_by_cpu_engine = is_cpu(args.engine, args.device, args.precision)?;
    let out_file = args.out.as_deref().filter(|path| *path != Path::new("-"));
    if let Some(path) = out_file {
        check_file(path, args)?;
    }
    let threads = machine::cores();
    let engine_threads = is_by_cpu_engine.then_some(threads);
    let mut predictor = open_model(&args.model, args.device, args.precision, engine_threads)?;
    if let Some(megapixels) = args.max_megapixels {
        predictor.limits.max_pixels = u64::from(megapixels) * 1_000_000;
    }
    let photos = Photos::gather(
        &args.images,
        args.recursive,
        predictor.filename_column.as_deref(),
    )?;
    let is_streamed = photos.are_streamed();
    ensure!(
        is_streamed || !args.null,
        "--null: is about names on standard input; add `-` to the images, or leave it out"
    );
    let intervals = args
        .interval
        .map(|level| Intervals::of(&args.model, &predictor, args.device, level))
        .transpose()?;
    let width = photos.listed().map(|photo| photo.name.chars().count());
    let width = width.max().unwrap_or(0);
    let mut out = Output::new(
        Format::of(args),
        out_file,
        &predictor.targets,
        intervals.is_some(),
        width,
    )?;
    if let Some(path) = out_file.filter(|path| path.is_file()) {
        let shown = path.display();
        ensure!(
            out.may_replace(path).with_context(|| shown.to_string())?,
            "{shown}: holds something other than scores of these columns in this form, so --overwrite \
             does not replace it; name another file with --out"
        );
    }
    if is_streamed && stdin().is_terminal() {
        eprintln!("note: reading names of images, one a line; Ctrl-D ends them");
    }
    let bar = if is_streamed {
        progress::counter("predict")
    } else {
        progress::bar(photos.count() as u64, "predict")
    };
    let mut pictures = Pictures::of(args, &predictor)?;
    let keep = pictures.keep();
    let keep = |image: RgbImage, pixels: &[f32]| keep.of(&image, pixels);
    let mut tally = Tally::new(predictor.targets.len());
    let fault = Mutex::default();
    let names = Names::new(BufReader::new(stdin()), args.null, &fault);
    let images = photos.in_order(names);
    let each = |prediction: Prediction<Photo, Option<Result<Kept, _>>>| {
        let Prediction {
            image,
            kept,
            scores,
        } = prediction;
        bar.inc(1);
        tally.add(&image, scores.as_ref().ok());
        let scores = match scores {
            Ok(scores) => scores,
            Err(error) => {
                bar.suspend(|| eprintln!("error: {error}"));
                return out.error(&image.name, &error.to_string());
            }
        };
        let bounds = intervals.as_ref().map(|one| one.around(&scores.raw));
        let bounds = bounds.transpose()?;
        let shown = if args.raw {
            &scores.raw
        } else {
            &scores.predictions
        };
        out.scores(&image.name, shown, bounds.as_deref())?;
        if let Some(kept) = kept.flatten() {
            pictures.write(&image, kept?, shown, bounds.as_deref(), &predictor)?;
        }
        Ok(())
    };
    predictor.predict_files_keeping(images, args.batch_size.into(), threads, &keep, each)?;
    bar.finish_and_clear();
    let scored = out.finish(args.overwrite)?;
    pictures.say();
    if is_streamed {
        note_lost_names(tally.lost_names);
    }
    if tally.are_several {
        let range = predictor.label_range().unwrap_or_default();
        let span = f64::from(range[1]) - f64::from(range[0]);
        warn_of_constants(&predictor.targets, &tally.spans.constant(|_| span));
    }
    if let Some(path) = out_file {
        let path = path.display();
        if scored > 0 {
            eprintln!("wrote {path}: scores of {}", counted(scored, "image"));
        } else {
            eprintln!("{path}: not written, since there are no scores");
        }
    }
    if let Some(error) = fault.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error).context("standard input, which names the images");
    }
    if tally.images == 0 {
        eprintln!("note: standard input names no images");
    }
    if scored < tally.images {
        let (failed, images) = (tally.images - scored, counted(tally.images, "image"));
        eprintln!("error: {failed} of {images} could not be scored");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses to write scores over what is no result, or where they would be taken for labels.
fn check_file(path: &Path, args: &PredictArgs) -> Result<()> {
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
    Ok(())
}
