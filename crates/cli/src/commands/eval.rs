//! `psp eval`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use psp_data::{Dataset, Loader, LoaderOptions, decode_file};
use psp_eval::{Evaluation, WriteOptions, write_all};
use psp_export::Predictor;
use psp_metrics::MeanBaseline;
use psp_train::RunDir;

use super::predictor::{note_unfinished, open_model, warn_of_constants};
use crate::args::{ChosenPart, EvalArgs};
use crate::machine;
use crate::origin::{Origin, check_is_no_data};
use crate::progress;
use chosen::Chosen;

mod chosen;

/// Standard deviations of the labels beyond which a mean speaks of another scale.
const FAR: f64 = 10.0;

/// Images per forward pass.
const BATCH: usize = 16;

pub(crate) fn eval(args: &EvalArgs) -> Result<ExitCode> {
    let mut predictor = open_model(&args.model, args.device, args.precision, None)?;
    if let Some(megapixels) = args.max_megapixels {
        predictor.limits.max_pixels = u64::from(megapixels) * 1_000_000;
    }
    note_unfinished(&RunDir::new(&args.model));
    let Chosen {
        dataset,
        indices,
        part,
        given,
    } = Chosen::of(args, &predictor)?;
    if let Some(notice) = dataset.unlabelled()? {
        progress::notice(&notice);
    }
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| default_out(&args.model, part));
    let fingerprint = dataset.fingerprint()?;
    let origin = Origin::evaluation(&args.model, given.as_deref(), part.name(), &fingerprint);
    let data = dataset.labels_path().parent().unwrap_or(Path::new(""));
    check_is_no_data(&out, [data, dataset.images_dir()])?;
    origin.check(&out, args.overwrite)?;
    let loader = sequential(Arc::clone(&dataset), indices, &predictor)?;
    let bar = progress::bar(loader.sampler().samples_per_epoch() as u64, part.name());
    let predictions = predictor.predict_labelled(&loader, &mut |done, _| {
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    let baseline = MeanBaseline {
        means: predictor.train_means.clone(),
    };
    let evaluation = Evaluation::new(part.name(), &predictions, &baseline)?;
    tell_of_another_scale(&evaluation, &predictor.train_deviations);
    let range = predictor.label_range().map(|ends| ends.map(f64::from));
    warn_of_constants(predictions.targets(), &predictions.constant_targets(range));
    let image = |name: &str| decode_file(&dataset.image_named(name), &predictor.limits);
    let options = WriteOptions {
        seed: args.seed,
        sample_count: args.samples,
    };
    let mut claim = origin.claim(&out, args.overwrite)?;
    let beside = claim.beside.take();
    let written = write_all(&out, &evaluation, &predictions, image, options, beside)?;
    print!("{}", evaluation.table());
    for path in written {
        println!("wrote {}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells of labels that lie so far from those of the training, in the smaller of their spreads,
/// that they may have another scale.
fn tell_of_another_scale(evaluation: &Evaluation, train_deviations: &[f64]) {
    for (index, target) in evaluation.targets.iter().enumerate() {
        let (mean, spread) = (target.model.label_mean, target.model.label_std);
        let trained = train_deviations.get(index).copied();
        let spread = trained.map_or(spread, |trained| spread.min(trained));
        if spread > 0.0 && (mean - target.training_mean).abs() > FAR * spread {
            eprintln!(
                "warning: {}: the mean label is {mean:.4}, and was {:.4} in training: are these \
                 labels on the model's scale?",
                target.name, target.training_mean
            );
        }
    }
}

fn sequential(dataset: Arc<Dataset>, indices: Vec<usize>, predictor: &Predictor) -> Result<Loader> {
    let options = LoaderOptions {
        batch_size: BATCH,
        threads: machine::cores(),
        decode: predictor.limits,
        ..LoaderOptions::default()
    };
    Ok(Loader::new(
        dataset,
        indices,
        predictor.preprocessing.clone(),
        options,
    )?)
}

fn default_out(model: &Path, part: ChosenPart) -> PathBuf {
    let absolute = std::path::absolute(model).unwrap_or_else(|_| model.to_owned());
    let name = absolute.file_name().map_or_else(
        || "model".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    Path::new("reports").join(format!("{name}-{}", part.name()))
}
