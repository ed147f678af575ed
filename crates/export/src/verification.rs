//! That an exported model predicts what its checkpoint does.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use psp_data::{Part, decode_file};
use psp_models::predict::{PredictError, to_host};
use psp_models::{InferenceModel, Output, Regressor};
use psp_train::bundle::Verification;
use psp_train::{Inputs, RunConfig, RunDir, TrainError};

use crate::error::ExportError;
use crate::onnx_model::OnnxModel;

/// How many images an exported model is compared on.
const IMAGES: usize = 16;

/// Pixels of these images, and of those of one forward pass, of which there always is one.
const PIXELS: usize = 4_000_000;
const PIXELS_AT_ONCE: usize = 1_000_000;

/// Images as a model takes them.
pub(crate) struct Sample {
    /// Which images these are.
    of: &'static str,
    /// Why these are no photos of the run.
    fault: Option<String>,
    /// `[batch, height, width, 3]`.
    pixels: Vec<u8>,
    /// The same normalised, `[batch, 3, height, width]`.
    images: Vec<f32>,
    shape: [usize; 4],
}

/// What a checkpoint predicts for a sample.
pub(crate) struct Reference {
    sample: Sample,
    /// `[batch, targets]`, not clipped.
    scores: Vec<f32>,
    /// Knows what scores are clipped to.
    model: InferenceModel,
    /// Tolerances are in these units, one per target: the width of the label range, or the
    /// labels' standard deviation.
    units: Vec<f32>,
    /// The middle of the labels, one per target.
    centres: Vec<f32>,
    threads: usize,
}

impl Sample {
    /// The first validation images of a run, or training images where it has none; patterns
    /// where its data can't be read, since exporting needs none.
    pub(crate) fn of(run: &RunDir, config: &RunConfig) -> Self {
        let preprocessing = config.preprocessing();
        let (width, height) = preprocessing.output_size();
        let [width, height] = [width, height].map(|side| side as usize);
        let count = (PIXELS / (width * height)).clamp(1, IMAGES);
        let (of, pixels, fault) = match photos(run, config, count) {
            Ok((of, pixels)) => (of, pixels, None),
            Err(error) => {
                let values = count * height * width * 3;
                let pixels = (0..values as u64).map(noise).collect();
                ("generated", pixels, Some(error.to_string()))
            }
        };
        let mut images = vec![0.0; pixels.len()];
        let size = preprocessing.values_per_image();
        for (pixels, image) in pixels.chunks(size).zip(images.chunks_mut(size)) {
            preprocessing.normalise_into(pixels, image);
        }
        Self {
            of,
            fault,
            shape: [pixels.len() / size, 3, height, width],
            pixels,
            images,
        }
    }

    /// Its images in `values`, and their shape, for one forward pass after another.
    fn batches<'a, T>(&self, values: &'a [T]) -> impl Iterator<Item = (&'a [T], [usize; 4])> {
        let [_, channels, height, width] = self.shape;
        let size = channels * height * width;
        let batch = (PIXELS_AT_ONCE / (height * width)).max(1);
        let chunks = values.chunks(batch * size);
        chunks.map(move |chunk| (chunk, [chunk.len() / size, channels, height, width]))
    }
}

/// Photos of a run at its model's input size, and the part that they are of.
fn photos(
    run: &RunDir,
    config: &RunConfig,
    count: usize,
) -> Result<(&'static str, Vec<u8>), TrainError> {
    let preprocessing = config.preprocessing();
    let inputs = Inputs::of_run(config, run)?;
    let (name, indices) = match inputs.indices(Part::Valid) {
        Ok(indices) => ("validation", indices),
        Err(_) => ("training", inputs.indices(Part::Train)?),
    };
    let limits = config.decode_limits();
    let mut pixels = Vec::new();
    for &index in indices.iter().take(count) {
        let image = decode_file(inputs.dataset.image_path(index), &limits)?;
        pixels.extend(preprocessing.resize(&image)?.into_raw());
    }
    Ok((name, pixels))
}

/// A grey level of its own for every place.
fn noise(place: u64) -> u8 {
    (place.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8
}

impl Reference {
    /// What `model` predicts for a sample; it is on `device`, computes labels and knows their
    /// range. `output` is that of the head as it was trained. An engine that is compared with it
    /// computes on so many threads.
    pub(crate) fn new(
        model: &Regressor,
        device: &Device,
        sample: Sample,
        output: &Output,
        threads: usize,
    ) -> Result<Self, PredictError> {
        let model = InferenceModel::unfolded(model);
        let mut scores = Vec::new();
        for (images, shape) in sample.batches(&sample.images) {
            let images = TensorData::new(images.to_vec(), shape);
            scores.extend(to_host(
                model.forward(Tensor::<4>::from_data(images, device)),
            )?);
        }
        let targets = scores.len() / sample.shape[0];
        let of = |values: &[f64], default| {
            let value = |target| values.get(target).map_or(default, |value| *value as f32);
            (0..targets).map(value).collect()
        };
        let (units, centres) = match model.regressor().output.range {
            Some([low, high]) => (
                vec![high - low; targets],
                vec![f32::midpoint(low, high); targets],
            ),
            None => (of(&output.scale, 1.0), of(&output.mean, 0.0)),
        };
        Ok(Self {
            sample,
            scores,
            model,
            units,
            centres,
            threads,
        })
    }

    /// Compares the model in `path` with it.
    ///
    /// # Errors
    /// [`ExportError::Drift`] where a score differs by more than `tolerance`.
    pub(crate) fn verify(&self, path: &Path, tolerance: f64) -> Result<Verification, ExportError> {
        let onnx = OnnxModel::open(path, self.threads)?;
        let mut expected = self.scores.clone();
        let mut found = Vec::new();
        if onnx.takes_pixels() {
            self.model.clip(&mut expected);
            for (pixels, [batch, channels, height, width]) in
                self.sample.batches(&self.sample.pixels)
            {
                found.extend(onnx.predict_pixels(pixels, [batch, height, width, channels])?);
            }
        } else {
            for (images, shape) in self.sample.batches(&self.sample.images) {
                found.extend(onnx.predict(images, shape)?);
            }
        }
        let max_difference = self.max_difference(&expected, &found);
        let verification = Verification {
            images: self.sample.shape[0],
            of: self.sample.of.to_owned(),
            fault: self.sample.fault.clone(),
            max_difference,
        };
        if found.len() == expected.len() && max_difference <= tolerance {
            return Ok(verification);
        }
        let name = path.file_name().unwrap_or_default();
        Err(ExportError::Drift {
            name: name.to_string_lossy().into_owned(),
            verification,
            tolerance,
        })
    }

    /// The largest difference of a score, or NaN where one is no number.
    fn max_difference(&self, expected: &[f32], found: &[f32]) -> f64 {
        let units = self.units.iter().zip(&self.centres).cycle();
        let differences = expected.iter().zip(found).zip(units);
        let differences = differences.map(|((expected, found), (unit, centre))| {
            // Labels that are large beside their spread are rounded.
            let rounding = 8.0 * f32::EPSILON * expected.abs();
            let beyond = ((expected - found).abs() - rounding).max(0.0);
            // Scores far beyond the labels, of a model that was hardly trained, differ in their
            // own measure.
            let difference = f64::from(beyond / unit.max((expected - centre).abs()));
            if expected.is_finite() && found.is_finite() {
                difference
            } else {
                f64::NAN
            }
        });
        let mut differences = differences.collect::<Vec<f64>>();
        // NaN comes last.
        differences.sort_by(f64::total_cmp);
        differences.last().copied().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use psp_data::Preprocessing;
    use psp_models::{BackboneKind, ModelConfig};

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

    fn reference(model: &Regressor) -> Reference {
        let run = RunDir::new("no/run");
        let mut config = RunConfig::default();
        config.preprocess.size = Some(32);
        let sample = Sample::of(&run, &config);
        Reference::new(model, &Device::default(), sample, &Output::default(), 0).unwrap()
    }

    #[test]
    fn a_model_that_predicts_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.onnx");
        let reference = reference(&model(1));
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
            onnx::write(&path, &graph, &description, Stored::F32, None).unwrap();
            match reference.verify(&path, 1e-5) {
                Ok(found) => {
                    assert!(is_same, "{found:?}");
                    assert_eq!((found.images, &*found.of), (IMAGES, "generated"));
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
        let error = reference(&model(1)).verify(&path, 1e-5).unwrap_err();
        assert!(
            error.to_string().starts_with(&path.display().to_string()),
            "{error}"
        );
    }

    #[test]
    fn differences_are_measured_by_the_labels_and_a_score_that_is_no_number_is_none() {
        let mut reference = reference(&model(1));
        let mut of = |unit: f32, centre: f32, expected: [f32; 3], found: [f32; 3]| {
            (reference.units, reference.centres) = (vec![unit], vec![centre]);
            reference.max_difference(&expected, &found)
        };
        let near = |a: f64, b: f64| (a - b).abs() < 1e-2 * b;
        assert!(near(of(1.0, 0.5, [0.1, 0.2, 0.3], [0.1, 0.21, 0.3]), 0.01));
        // Labels from 1990 to 2010.
        let years = [1995.0, 2000.0, 2005.0];
        assert!(near(of(10.0, 2000.0, years, [1995.0, 2001.0, 2005.0]), 0.1));
        // A model that was hardly trained.
        let wild = [-2000.0, 0.5, 1000.0];
        assert!(near(of(1.0, 0.5, wild, [-2002.0, 0.5, 1000.0]), 0.001));
        assert_eq!(of(1.0, 0.5, years, years), 0.0);
        for place in 0..3 {
            let mut found = years;
            found[place] = f32::NAN;
            assert!(of(10.0, 2000.0, years, found).is_nan());
        }
    }
}
