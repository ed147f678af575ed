//! A trained model ready to score images, from a bundle or a run folder.

use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread::ScopedJoinHandle;

use burn::tensor::{Device, Tensor, TensorData};
use psp_data::{Batch, DataError, Dataset, DecodeLimits, Loader, Preprocessing, decode_file};
use psp_eval::{PredictionRow, Predictions};
use psp_infer::Engine;
use psp_models::predict::{predict_epoch, to_host};
use psp_models::{InferenceModel, ModelConfig, Precision, Regressor, StateDict, read_state_dict};
use psp_train::RunDir;
use psp_train::bundle::{BUNDLE_JSON, Bundle, SAFETENSORS};

use crate::error::ExportError;

/// A trained model with the preprocessing it was trained with.
#[derive(Debug)]
pub struct Predictor {
    /// In evaluation mode.
    pub model: InferenceModel,
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
    /// Computes scores of image files in place of `model`, where there is one.
    engine: Option<Engine>,
}

/// One image's scores, or why it has none.
#[derive(Debug)]
pub struct Prediction<P> {
    /// The image, as it was given.
    pub image: P,
    /// One per target.
    pub scores: Result<Scores, DataError>,
}

/// An image's scores.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// What the model predicts: clipped to the range of the labels.
    pub predictions: Vec<f32>,
    /// The same before they are clipped.
    pub raw: Vec<f32>,
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
            return Self::from_bundle(path, device, precision);
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

    fn from_bundle(dir: &Path, device: &Device, precision: Precision) -> Result<Self, ExportError> {
        let bundle = Bundle::read(dir)?;
        bundle.check(dir, SAFETENSORS)?;
        let path = dir.join(SAFETENSORS);
        let weights = read_state_dict(&path)?;
        let mut config = bundle.model;
        config.output.range = bundle.label_range;
        let model = build(&config, &weights, &path, device)?.for_inference(precision);
        Ok(Self {
            model,
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
            engine: None,
        })
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
            model,
            config: checkpoint.model_config,
            targets: checkpoint.targets,
            filename_column: config.data.filename_column.clone(),
            preprocessing: config.preprocessing(),
            train_means: run.read_manifest()?.train_means,
            train_deviations,
            limits: config.decode_limits(),
            device: device.clone(),
            engine: None,
        })
    }

    /// Has scores of image files computed by the CPU engine on so many threads; 0: one per core.
    ///
    /// # Errors
    /// When the engine can't run the model, or a device fails.
    pub fn use_cpu_engine(&mut self, threads: usize) -> Result<(), ExportError> {
        let graph = self.model.regressor().graph().map_err(ExportError::Graph)?;
        let (width, height) = self.preprocessing.output_size();
        let size = [height, width].map(|side| side as usize);
        self.engine = Some(Engine::new(&graph, size, threads)?);
        Ok(())
    }

    /// The range that predictions are clipped to, if to any.
    pub fn label_range(&self) -> Option<[f32; 2]> {
        self.config.output.range
    }

    /// The device that the model is on, without autodiff.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Scores image files in batches of `batch_size`, in the given order, and
    /// hands each to `each`. Images are taken from `images` and decoded, by `threads`
    /// threads, while the model works, so that no more than three batches are in memory at
    /// once, however many there are. An unusable image is reported in its place; the
    /// others are scored all the same.
    ///
    /// # Errors
    /// Only what stops the whole pass: a device that fails, or an error that
    /// `each` returns.
    pub fn predict_files<P, I, E>(
        &self,
        images: I,
        batch_size: usize,
        threads: usize,
        mut each: impl FnMut(Prediction<P>) -> Result<(), E>,
    ) -> Result<(), E>
    where
        P: AsRef<Path> + Send + Sync,
        I: IntoIterator<Item = P>,
        I::IntoIter: Send,
        E: From<ExportError>,
    {
        let mut images = images.into_iter();
        let (sender, receiver) = sync_channel(1);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                loop {
                    let batch: Vec<P> = images.by_ref().take(batch_size.max(1)).collect();
                    // Where the receiver is gone, it gave up on an error.
                    if batch.is_empty() || sender.send(self.decode_all(batch, threads)).is_err() {
                        return;
                    }
                }
            });
            for decoded in receiver {
                for prediction in self.predict_decoded(decoded).map_err(E::from)? {
                    each(prediction)?;
                }
            }
            Ok(())
        })
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
        predict_epoch(&self.model, batches, &self.device, |batch, values| {
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

    fn decode_all<P: AsRef<Path> + Sync>(&self, images: Vec<P>, threads: usize) -> Vec<Decoded<P>> {
        let share = images.len().div_ceil(threads.max(1)).max(1);
        let decode = |image: &P| {
            let image = decode_file(image.as_ref(), &self.limits)?;
            self.preprocessing.apply(&image)
        };
        let pixels: Vec<_> = std::thread::scope(|scope| {
            let decode_share = |images: &[P]| images.iter().map(decode).collect::<Vec<_>>();
            let workers: Vec<_> = images
                .chunks(share)
                .map(|images| scope.spawn(move || decode_share(images)))
                .collect();
            let join = |worker: ScopedJoinHandle<'_, Vec<_>>| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            workers.into_iter().flat_map(join).collect()
        });
        images.into_iter().zip(pixels).collect()
    }

    /// What is predicted for normalised images, `[batch, 3, height, width]`: `[batch, targets]`,
    /// not clipped.
    fn raw_scores(&self, images: Vec<f32>) -> Result<Vec<f32>, ExportError> {
        let (width, height) = self.preprocessing.output_size();
        let count = images.len() / self.preprocessing.values_per_image();
        let shape = [count, 3, height as usize, width as usize];
        if let Some(engine) = &self.engine {
            return Ok(engine.predict(&images));
        }
        let images = Tensor::<4>::from_data(TensorData::new(images, shape), &self.device);
        Ok(to_host(self.model.forward(images))?)
    }

    fn predict_decoded<P>(
        &self,
        decoded: Vec<Decoded<P>>,
    ) -> Result<Vec<Prediction<P>>, ExportError> {
        let usable: Vec<f32> = decoded
            .iter()
            .filter_map(|(_, pixels)| pixels.as_ref().ok())
            .flatten()
            .copied()
            .collect();
        let raw = if usable.is_empty() {
            Vec::new()
        } else {
            self.raw_scores(usable)?
        };
        let mut rows = raw.chunks(self.targets.len().max(1));
        Ok(decoded
            .into_iter()
            .map(|(image, pixels)| Prediction {
                image,
                scores: pixels.map(|_| {
                    let raw = rows.next().unwrap_or_default().to_vec();
                    let mut predictions = raw.clone();
                    self.model.clip(&mut predictions);
                    Scores { predictions, raw }
                }),
            })
            .collect())
    }
}

/// A file and its model input `[3, height, width]`.
type Decoded<P> = (P, Result<Vec<f32>, DataError>);

fn build(
    config: &ModelConfig,
    weights: &StateDict,
    path: &Path,
    device: &Device,
) -> Result<Regressor, ExportError> {
    Regressor::from_state(config, weights, device).map_err(|source| ExportError::Misfit {
        path: path.to_owned(),
        source,
    })
}
