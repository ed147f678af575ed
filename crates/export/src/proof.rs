//! That an exported model predicts what its checkpoint does.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use psp_data::{DataError, Part, Preprocessing, decode_file};
use psp_models::predict::{PredictError, to_host};
use psp_models::{InferenceModel, Regressor};
use psp_train::bundle::Proof;
use psp_train::{Inputs, RunConfig, RunDir};

use crate::engine::OnnxModel;
use crate::error::ExportError;

/// How many images an exported model is compared on.
const IMAGES: usize = 16;

/// Images as a model takes them.
pub(crate) struct Sample {
    /// Which images these are.
    of: &'static str,
    /// `[batch, height, width, 3]`.
    pixels: Vec<u8>,
    /// The same normalised, `[batch, 3, height, width]`.
    images: Vec<f32>,
    shape: [usize; 4],
}

/// A run's model, its scores for a sample, and what they mean.
pub(crate) struct Checkpoint {
    sample: Sample,
    /// `[batch, targets]`, not clipped.
    scores: Vec<f32>,
    model: InferenceModel,
    /// Largest differences that count as none are in units of these, one per target.
    units: Vec<f32>,
}

impl Sample {
    /// The first validation images of a run, or training images where it has none; patterns
    /// where its data can't be read, since exporting needs none.
    pub(crate) fn of(run: &RunDir, config: &RunConfig) -> Self {
        let preprocessing = config.preprocessing();
        let (width, height) = preprocessing.output_size();
        let (of, pixels) = photos(run, config, &preprocessing).unwrap_or_else(|| {
            let count = IMAGES * height as usize * width as usize * 3;
            ("generated", (0..count as u64).map(noise).collect())
        });
        let mut images = vec![0.0; pixels.len()];
        let size = preprocessing.values_per_image();
        for (pixels, image) in pixels.chunks(size).zip(images.chunks_mut(size)) {
            preprocessing.normalise_into(pixels, image);
        }
        Self {
            of,
            shape: [pixels.len() / size, 3, height as usize, width as usize],
            pixels,
            images,
        }
    }
}

/// Photos of a run at its model's input size, `None` where there are none to be read.
fn photos(
    run: &RunDir,
    config: &RunConfig,
    preprocessing: &Preprocessing,
) -> Option<(&'static str, Vec<u8>)> {
    let inputs = Inputs::of_run(config, run).ok()?;
    let parts = [(Part::Valid, "validation"), (Part::Train, "training")];
    let found = parts
        .into_iter()
        .find_map(|(part, name)| Some((name, inputs.indices(part).ok()?)));
    let (name, indices) = found?;
    let limits = config.decode_limits();
    let photos: Result<Vec<_>, DataError> = indices
        .iter()
        .take(IMAGES)
        .map(|&index| {
            let image = decode_file(inputs.dataset.image_path(index), &limits)?;
            Ok(preprocessing.resize(&image)?.into_raw())
        })
        .collect();
    Some((name, photos.ok()?.concat()))
}

/// A grey level of its own for every place.
fn noise(place: u64) -> u8 {
    (place.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8
}

impl Checkpoint {
    /// What `model` predicts for a sample; it is on the CPU and computes labels. `deviations`
    /// are the targets' standard deviations.
    pub(crate) fn new(
        model: &Regressor,
        sample: Sample,
        deviations: &[f64],
    ) -> Result<Self, PredictError> {
        let model = InferenceModel::unfolded(model);
        let images = TensorData::new(sample.images.clone(), sample.shape);
        let images = Tensor::<4>::from_data(images, &Device::default());
        let scores = to_host(model.forward(images))?;
        let targets = scores.len() / sample.shape[0];
        let units = match model.regressor().output.range {
            Some([low, high]) => vec![high - low; targets],
            None => (0..targets)
                .map(|target| deviations.get(target).map_or(1.0, |unit| *unit as f32))
                .collect(),
        };
        Ok(Self {
            sample,
            scores,
            model,
            units,
        })
    }

    /// Compares the model in `path` with it.
    ///
    /// # Errors
    /// [`ExportError::Drift`] where a score differs by more than `tolerance`.
    pub(crate) fn check(&self, path: &Path, tolerance: f64) -> Result<Proof, ExportError> {
        let onnx = OnnxModel::open(path, 0)?;
        let [batch, channels, height, width] = self.sample.shape;
        let mut expected = self.scores.clone();
        let found = if onnx.takes_pixels() {
            self.model.clip(&mut expected);
            onnx.predict_pixels(&self.sample.pixels, [batch, height, width, channels])?
        } else {
            onnx.predict(&self.sample.images, self.sample.shape)?
        };
        let units = self.units.iter().cycle();
        let differences = expected.iter().zip(&found).zip(units);
        // Scores beyond the labels, of a model that was hardly trained, are rounded in their own
        // measure.
        let differences = differences.map(|((expected, found), unit)| {
            f64::from((expected - found).abs() / unit.max(expected.abs()))
        });
        // Not `max`, which passes over a NaN.
        let largest = differences.fold(
            0.0,
            |largest, one| if one <= largest { largest } else { one },
        );
        let proof = Proof {
            images: batch,
            of: self.sample.of.to_owned(),
            largest_difference: largest,
        };
        if found.len() == expected.len() && largest <= tolerance {
            return Ok(proof);
        }
        Err(ExportError::Drift {
            name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            proof,
            tolerance,
        })
    }
}

#[cfg(test)]
mod tests {
    use psp_models::{BackboneKind, ModelConfig, Output};

    use super::*;
    use crate::onnx::{self, Stored};

    /// A model of this seed whose scores are clipped to 0 to 1.
    fn model(seed: u64) -> Regressor {
        let config = ModelConfig {
            input_size: 32,
            output: Output {
                range: Some([0.0, 1.0]),
                ..Output::default()
            },
            ..ModelConfig::new(BackboneKind::ResNet18, 2)
        };
        Regressor::new(&config, seed, &Device::default())
    }

    fn checkpoint(model: &Regressor) -> Checkpoint {
        let run = RunDir::new("no/run");
        let mut config = RunConfig::default();
        config.preprocess.size = Some(32);
        Checkpoint::new(model, Sample::of(&run, &config), &[]).unwrap()
    }

    #[test]
    fn a_model_that_predicts_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.onnx");
        let checkpoint = checkpoint(&model(1));
        for (seed, with_preprocessing, is_same) in [
            (1, false, true),
            (1, true, true),
            (2, false, false),
            (2, true, false),
        ] {
            let description = onnx::Description {
                backbone: BackboneKind::ResNet18,
                targets: &["a".to_owned(), "b".to_owned()],
                preprocessing: &Preprocessing::imagenet(32),
                label_range: Some([0.0, 1.0]),
                with_preprocessing,
            };
            let graph = model(seed).graph().unwrap();
            onnx::write(&path, &graph, &description, Stored::F32).unwrap();
            match checkpoint.check(&path, 1e-5) {
                Ok(proof) => {
                    assert!(is_same, "{proof:?}");
                    assert_eq!((proof.images, &*proof.of), (IMAGES, "generated"));
                }
                Err(error) => {
                    assert!(!is_same, "{error}");
                    assert!(
                        error
                            .to_string()
                            .starts_with("model.onnx: its scores differ")
                    );
                }
            }
        }
    }

    #[test]
    fn a_file_that_is_no_model_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.onnx");
        std::fs::write(&path, "no model").unwrap();
        let error = checkpoint(&model(1)).check(&path, 1e-5).unwrap_err();
        assert!(
            error.to_string().starts_with(&path.display().to_string()),
            "{error}"
        );
    }
}
