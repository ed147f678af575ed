//! A trained model ready to score images, from a bundle or a run folder.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use burn::tensor::Device;
use psp_data::{Batch, DataError, Dataset, DecodeLimits, Loader, Preprocessing};
use psp_eval::{PredictionRow, Predictions};
use psp_infer::Engine;
use psp_models::graph::Graph;
use psp_models::predict::predict_epoch;
use psp_models::{
    InferenceModel, ModelConfig, Precision, Regressor, StateDict, StateError, state_dict_of,
};
use psp_schema::{FileError, check_is_file};
use psp_train::RunDir;
use psp_train::bundle::{BUNDLE_JSON, Bundle, SAFETENSORS};

use crate::error::ExportError;

mod files;

pub use files::{Prediction, Scores};

/// A trained model with the preprocessing it was trained with.
#[derive(Debug)]
pub struct Predictor {
    /// Its structure.
    pub config: ModelConfig,
    /// Names of the scores, in the order of the outputs.
    pub targets: Vec<String>,
    /// The labels' column of file names, where training named it.
    pub filename_column: Option<String>,
    /// From a decoded image to the model's input.
    pub preprocessing: Preprocessing,
    /// Mean of each target over the training part: the baseline prediction.
    pub train_means: Vec<f64>,
    /// Standard deviation of each; empty where that is not known.
    pub train_deviations: Vec<f64>,
    /// Which images are refused before they are decoded.
    pub limits: DecodeLimits,
    device: Device,
    /// The folder that it was opened from.
    folder: PathBuf,
    /// In evaluation mode; of an exported model that the engine runs, once it is asked for.
    model: OnceLock<InferenceModel>,
    /// Computes scores of image files in place of `model`, where there is one.
    engine: Option<Engine>,
}

impl Predictor {
    /// Opens the bundle or the run folder at `path` on `device`, to compute in
    /// `precision`, which the device must know. Of a run, the best checkpoint is
    /// used.
    ///
    /// # Errors
    /// When the folder is neither, or a file of it is missing or damaged.
    pub fn open(path: &Path, device: &Device, precision: Precision) -> Result<Self, ExportError> {
        if path.join(BUNDLE_JSON).exists() {
            let (bundle, weights) = read_bundle(path)?;
            let predictor = Self::of_bundle(path, bundle, device);
            let model = build(&predictor.config, &weights, &path.join(SAFETENSORS), device)?;
            return Ok(predictor.with_model(model.for_inference(precision)));
        }
        let run = RunDir::new(path);
        if run.is_begun() {
            return Self::from_run(&run, device, precision);
        }
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        // A run's checkpoints lie in a folder of their own.
        let mut folders = path.ancestors().skip(1).take(2).filter(|_| path.is_file());
        let is_of =
            |folder: &&Path| folder.join(BUNDLE_JSON).exists() || RunDir::new(folder).is_begun();
        match folders.find(is_of).map(Path::to_owned) {
            Some(folder) => Err(ExportError::FileOfModel { path, folder }),
            None => Err(ExportError::NoModel { path }),
        }
    }

    /// Opens the same to have scores of image files computed by the CPU engine, in fp32, on so
    /// many threads; 0: one per core. What else needs the model finds it on `device`.
    ///
    /// # Errors
    /// As [`Predictor::open`]; also when the engine can't run the model.
    pub fn open_on_cpu(path: &Path, device: &Device, threads: usize) -> Result<Self, ExportError> {
        let (mut predictor, graph) = if path.join(BUNDLE_JSON).exists() {
            let (bundle, weights) = read_bundle(path)?;
            let predictor = Self::of_bundle(path, bundle, device);
            let graph = Graph::of_state(&predictor.config, weights, device);
            let misfit = misfit(&path.join(SAFETENSORS));
            (predictor, graph.map_err(misfit)?)
        } else {
            let predictor = Self::open(path, device, Precision::Fp32)?;
            let graph = predictor.model()?.regressor().graph();
            (predictor, graph.map_err(ExportError::Graph)?)
        };
        let (width, height) = predictor.preprocessing.output_size();
        let size = [height, width].map(|side| side as usize);
        predictor.engine = Some(Engine::new(&graph, size, threads)?);
        Ok(predictor)
    }

    fn of_bundle(dir: &Path, bundle: Bundle, device: &Device) -> Self {
        let mut config = bundle.model;
        config.output.range = bundle.label_range;
        Self {
            config,
            targets: bundle.targets,
            filename_column: bundle.filename_column,
            preprocessing: bundle.preprocessing,
            train_means: bundle.training.train_means,
            train_deviations: bundle.training.train_deviations,
            limits: DecodeLimits {
                max_pixels: bundle.max_pixels,
            },
            device: device.clone(),
            folder: dir.to_owned(),
            model: OnceLock::new(),
            engine: None,
        }
    }

    fn with_model(self, model: InferenceModel) -> Self {
        Self {
            model: OnceLock::from(model),
            ..self
        }
    }

    fn from_run(run: &RunDir, device: &Device, precision: Precision) -> Result<Self, ExportError> {
        let config = run.read_trained_config()?;
        ExportError::unless_trained(run)?;
        let mut checkpoint = run.read_best()?;
        checkpoint.model_config.output.range = config.range_of(&checkpoint.model_config.output);
        let weights = checkpoint.weights();
        let model = build(&checkpoint.model_config, &weights, &run.best(), device)?
            .for_inference(precision);
        let train_deviations = checkpoint.model_config.output.scale.clone();
        Ok(Self {
            config: checkpoint.model_config,
            targets: checkpoint.targets,
            filename_column: config.data.filename_column.clone(),
            preprocessing: config.preprocessing(),
            train_means: run.read_manifest()?.train_means,
            train_deviations,
            limits: config.decode_limits(),
            device: device.clone(),
            folder: run.root().to_owned(),
            model: OnceLock::from(model),
            engine: None,
        })
    }

    /// The model in evaluation mode, on its device.
    ///
    /// # Errors
    /// As [`Predictor::open`], the first time that it is asked for where the engine computes the
    /// scores.
    pub fn model(&self) -> Result<&InferenceModel, ExportError> {
        if let Some(model) = self.model.get() {
            return Ok(model);
        }
        // Only an exported model is opened without.
        let (_, weights) = read_bundle(&self.folder)?;
        let path = self.folder.join(SAFETENSORS);
        let model = build(&self.config, &weights, &path, &self.device)?;
        Ok(self
            .model
            .get_or_init(|| model.for_inference(Precision::Fp32)))
    }

    /// The range that predictions are clipped to, if to any.
    pub fn label_range(&self) -> Option<[f32; 2]> {
        self.config.output.range
    }

    /// The device that the model is on, without autodiff.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Scores the labelled images of a loader's first epoch, beside their labels.
    /// `observe(done, total)` is told of each batch.
    ///
    /// # Errors
    /// An image that can't be loaded, a device that fails, or a score that is not
    /// finite.
    pub fn predict_labelled(
        &self,
        loader: &Loader,
        observe: &mut dyn FnMut(usize, usize),
    ) -> Result<Predictions, ExportError> {
        let total = loader.sampler().samples_per_epoch();
        let observe = &mut |done, total| {
            observe(done, total);
            Ok(())
        };
        self.predict_batches(loader.dataset(), loader.epoch(0, 0), total, observe)
    }

    /// The same of batches of `dataset`'s samples, or of their features, `total` in
    /// all. What `observe` fails with ends it.
    pub(crate) fn predict_batches(
        &self,
        dataset: &Dataset,
        batches: impl Iterator<Item = Result<Batch, DataError>>,
        total: usize,
        observe: &mut dyn FnMut(usize, usize) -> Result<(), ExportError>,
    ) -> Result<Predictions, ExportError> {
        let mut rows = Vec::with_capacity(total);
        predict_epoch(self.model()?, batches, &self.device, |batch, values| {
            let predictions = values.chunks(batch.target_count);
            let labels = batch.targets.chunks(batch.target_count);
            for ((&index, prediction), label) in batch.indices.iter().zip(predictions).zip(labels) {
                rows.push(PredictionRow {
                    filename: dataset.samples()[index].filename.clone(),
                    labels: label.to_vec(),
                    predictions: prediction.to_vec(),
                });
            }
            observe(rows.len(), total)
        })?;
        Ok(Predictions::new(self.targets.clone(), rows)?)
    }
}

/// A bundle's description and weights, which are as they were written.
fn read_bundle(dir: &Path) -> Result<(Bundle, StateDict), ExportError> {
    let bundle = Bundle::read(dir)?;
    let path = dir.join(SAFETENSORS);
    check_is_file(&path)?;
    let content = std::fs::read(&path).map_err(FileError::read(&path))?;
    let (weights, checked) = std::thread::scope(|scope| {
        let check = scope.spawn(|| bundle.check_content(dir, SAFETENSORS, &content));
        let weights = state_dict_of(&path, &content);
        let checked = check.join();
        (
            weights,
            checked.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        )
    });
    // What is damaged may well be unreadable.
    checked?;
    Ok((bundle, weights?))
}

fn misfit(path: &Path) -> impl FnOnce(StateError) -> ExportError + use<> {
    let path = path.to_owned();
    move |source| ExportError::Misfit { path, source }
}

fn build(
    config: &ModelConfig,
    weights: &StateDict,
    path: &Path,
    device: &Device,
) -> Result<Regressor, ExportError> {
    Regressor::from_state(config, weights, device).map_err(misfit(path))
}
