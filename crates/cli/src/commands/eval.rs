//! `psp eval`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, bail};
use psp_data::{Dataset, DatasetOptions, Loader, LoaderOptions, Part, decode_file};
use psp_eval::{Evaluation, WriteOptions, write_all};
use psp_export::Predictor;
use psp_metrics::MeanBaseline;
use psp_train::{Inputs, RunConfig, RunDir};

use super::unless_moved;
use crate::args::{ChosenPart, EvalArgs};
use crate::origin::Origin;
use crate::progress;

/// Images per forward pass.
const BATCH: usize = 16;

pub(crate) fn eval(args: &EvalArgs) -> Result<ExitCode> {
    let device = args.device.open_for(args.precision)?;
    let predictor = Predictor::open(&args.model, &device, args.precision)?;
    let (loader, part) = loader(args, &predictor)?;
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| default_out(&args.model, part));
    let origin = Origin::evaluation(&args.model, args.data.as_deref(), part.name());
    origin.check(&out, args.overwrite)?;
    let dataset = Arc::clone(loader.dataset());
    let bar = progress::bar(loader.sampler().samples_per_epoch() as u64, part.name());
    let predictions = predictor.predict_labelled(&loader, &mut |done, _| {
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    let baseline = MeanBaseline {
        means: predictor.train_means.clone(),
    };
    let evaluation = Evaluation::new(part.name(), &predictions, &baseline)?;
    let image = |name: &str| decode_file(&dataset.image_named(name), &predictor.limits);
    let options = WriteOptions {
        seed: args.seed,
        sample_count: args.samples,
    };
    origin.claim(&out, args.overwrite)?;
    let written = write_all(&out, &evaluation, &predictions, image, options)?;
    print!("{}", evaluation.table());
    for path in written {
        println!("wrote {}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// The images to evaluate: of the run's own data, or of `--data`.
fn loader(args: &EvalArgs, predictor: &Predictor) -> Result<(Loader, ChosenPart)> {
    let run = RunDir::new(&args.model);
    let mut config = if run.is_begun() {
        run.read_config()?
    } else {
        RunConfig::default()
    };
    if let Some(dir) = &args.data {
        let part = args.split.unwrap_or(ChosenPart::All);
        config.data.dir.clone_from(dir);
        config.data.labels = PathBuf::new();
        config.data.images = PathBuf::new();
        config.data.split = "auto".to_owned();
        config.data.targets.clone_from(&predictor.targets);
        config.data.label_range = predictor.label_range().into();
        let (dataset, indices) = match part {
            ChosenPart::All => {
                let dataset = Dataset::open(&DatasetOptions {
                    targets: predictor.targets.clone(),
                    label_range: predictor.label_range().into(),
                    ..DatasetOptions::new(dir)
                })?;
                let indices = (0..dataset.len()).collect();
                (Arc::new(dataset), indices)
            }
            ChosenPart::Part(part) => {
                let inputs = inputs(&config, &run)?;
                let indices = inputs.indices(part)?;
                (inputs.dataset, indices)
            }
        };
        return Ok((sequential(dataset, indices, predictor)?, part));
    }
    if !run.is_begun() {
        bail!(
            "{}: an exported model has no data of its own; pass --data DIR",
            args.model.display()
        );
    }
    let part = match args.split {
        None => Part::Test,
        Some(ChosenPart::Part(part)) => part,
        Some(ChosenPart::All) => bail!("--split all needs --data: a run's parts are kept apart"),
    };
    let inputs = Inputs::of_run(&config, &run)
        .map_err(|error| unless_moved(error.into(), &config.data.dir, &run))?;
    let indices = inputs.indices(part)?;
    let loader = sequential(inputs.dataset, indices, predictor)?;
    Ok((loader, ChosenPart::Part(part)))
}

/// The data that `config` names, with the run's own split where it is the run's own
/// data in another place: another draw would put images that it was trained on into
/// the test part.
fn inputs(config: &RunConfig, run: &RunDir) -> Result<Inputs> {
    if run.is_begun()
        && let Ok(own) = Inputs::of_run(config, run)
        && own.dataset.fingerprint()? == run.read_manifest()?.data_fingerprint
    {
        return Ok(own);
    }
    Ok(Inputs::open(config)?)
}

fn sequential(dataset: Arc<Dataset>, indices: Vec<usize>, predictor: &Predictor) -> Result<Loader> {
    let options = LoaderOptions {
        batch_size: BATCH,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
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
