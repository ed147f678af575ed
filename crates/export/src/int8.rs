//! A model in 8 bits that loses no more than it may.

use std::cell::RefCell;

use psp_data::{Part, Preprocessing, decode_file};
use psp_infer::Engine;
use psp_metrics::{RegressionAccumulator, quantile, resample_rows};
use psp_models::graph::Graph;
use psp_train::bundle::Quantization;
use psp_train::{Inputs, RunConfig, RunDir};

use crate::error::ExportError;
use crate::onnx::{self, Description, Quantized, Stored};
use crate::onnx_model::OnnxModel;

/// How much a model in 8 bits may lose, and how it is found out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Int8Settings {
    /// Training images whose values give the ranges.
    pub calibrate: usize,
    /// The most R² that may be lost: the upper end of its interval at 95 %.
    pub budget: f64,
}

impl Default for Int8Settings {
    fn default() -> Self {
        Self {
            calibrate: 128,
            budget: 0.01,
        }
    }
}

/// Validation images that are predicted at most.
const VALIDATED: usize = 1000;
/// Validation images below which an interval means little.
const FEW: usize = 30;
/// Pixels of photos that are held at once, at most.
const PIXELS: usize = 1 << 28;
/// Training images by which layers are compared.
const COMPARED: usize = 8;
/// Images of a forward pass.
const AT_ONCE: usize = 4;
/// Why nothing can be said.
const UNDEFINED: &str = "has validation images on which R² is undefined, or scores that are no \
                         numbers";
/// Draws of the interval.
const RESAMPLES: u32 = 1000;

/// Finds which steps of a run's model, `graph`, can compute in 8 bits; `tell` is told how far it
/// has come.
///
/// # Errors
/// [`ExportError::Budget`] when it loses too much whatever stays in f32,
/// [`ExportError::Unmeasured`] without photos to calibrate or to measure on.
pub(crate) fn quantize(
    (run, config): (&RunDir, &RunConfig),
    graph: &Graph,
    description: &Description,
    settings: Int8Settings,
    threads: usize,
    tell: &mut dyn FnMut(&str),
) -> Result<(Quantized, Quantization), ExportError> {
    let tell = RefCell::new(tell);
    let tell = |text: &str| (tell.borrow_mut())(text);
    let inputs = Inputs::of_run(config, run)?;
    let (width, height) = description.preprocessing.output_size();
    let size = [height, width].map(|side| side as usize);
    let most = (PIXELS / (size[0] * size[1])).max(1);
    let read =
        |indices: &[usize]| Images::read(&inputs, config, description.preprocessing, indices);
    let training = read(&spread(
        inputs.indices(Part::Train)?,
        settings.calibrate.min(most),
    ))?;
    let valid = inputs.indices(Part::Valid);
    let valid = valid.map_err(|_| ExportError::Unmeasured("has no validation images"))?;
    let valid = spread(valid, VALIDATED.min(most));
    if valid.len() < FEW {
        tell(&format!(
            "{} validation images are few to say what 8 bits cost",
            valid.len()
        ));
    }
    let labels: Vec<&[f32]> = valid
        .iter()
        .map(|&index| &*inputs.dataset.samples()[index].labels)
        .collect();
    let validation = read(&valid)?;
    // Clipped scores could all be those of a bound.
    let plain = Description {
        with_preprocessing: false,
        ..description.clone()
    };
    let model = Model {
        graph,
        description: &plain,
        threads,
    };
    tell(&format!(
        "calibrating on {} training images",
        training.len()
    ));
    let [means, extremes] = model.ranges(&training)?;
    let engine = Engine::new(graph, size, threads)?;
    let float = float_scores(&engine, &validation);
    let measured = Measured {
        labels: &labels,
        range: description.label_range,
    };
    let layers = Quantized::layers(graph);
    tell("predicting the validation images in 8 bits");
    let measure = |ranges: &[[f32; 2]], kept: &[usize]| {
        let quantized = Quantized::new(graph, ranges, &kept.iter().copied().collect());
        let found = model.scores(&quantized, &validation)?;
        let (r2_f32, r2, loss_interval) = measured.compare(&float, &found)?;
        let part = if layers.is_empty() {
            "weights".to_owned()
        } else {
            format!("{} of {} layers", layers.len() - kept.len(), layers.len())
        };
        tell(&format!(
            "{part} in 8 bits: R² {r2:.4} for {r2_f32:.4} on {} validation images, at \
             most {:.4} less",
            labels.len(),
            loss_interval[1]
        ));
        let quantization = Quantization {
            calibrated: training.len(),
            images: labels.len(),
            r2_f32,
            r2,
            loss: r2_f32 - r2,
            loss_interval,
            budget: settings.budget,
            float_layers: kept.iter().map(|&step| name_of(graph, step)).collect(),
        };
        Ok::<_, ExportError>((quantized, quantization))
    };
    let holds = |found: &Quantization| found.loss_interval[1] <= settings.budget;
    let over = |found: &Quantization| ExportError::Budget {
        budget: settings.budget,
        loss: found.loss,
        high: found.loss_interval[1],
        images: labels.len(),
    };
    let by_means = measure(&means, &[])?;
    if layers.is_empty() {
        return if holds(&by_means.1) {
            Ok(by_means)
        } else {
            Err(over(&by_means.1))
        };
    }
    let by_extremes = measure(&extremes, &[])?;
    let is_by_means = by_means.1.loss_interval[1] <= by_extremes.1.loss_interval[1];
    let (all, ranges) = if is_by_means {
        (by_means, means)
    } else {
        (by_extremes, extremes)
    };
    if holds(&all.1) {
        return Ok(all);
    }
    tell(&format!("comparing {} layers", layers.len()));
    let order = model.by_sensitivity(&engine, &ranges, &training, layers.clone())?;
    // Few layers go back to f32: twice as many more each time until it holds, then by halves.
    let (mut too_few, mut enough, mut best) = (0, layers.len(), None);
    let mut closest = all.1;
    while enough - too_few > 1 {
        // The first layers matter most.
        let count = too_few + ((enough - too_few) / 2).min(too_few.max(2));
        let found = measure(&ranges, &order[..count])?;
        if holds(&found.1) {
            (best, enough) = (Some(found), count);
        } else {
            too_few = count;
            closest = found.1;
        }
    }
    best.ok_or_else(|| over(&closest))
}

/// The layer of a step.
fn name_of(graph: &Graph, step: usize) -> String {
    let key = graph.steps[step].op.weights()[0];
    key.rsplit_once('.')
        .map_or(&**key, |(module, _)| module)
        .to_owned()
}

/// So many of `indices`, evenly spread.
fn spread(indices: Vec<usize>, count: usize) -> Vec<usize> {
    let all = indices.len();
    let count = count.max(1).min(all);
    (0..count)
        .map(|place| indices[place * all / count])
        .collect()
}

/// Photos of a run at its model's input size.
struct Images<'a> {
    preprocessing: &'a Preprocessing,
    /// `[image, height, width, 3]`.
    pixels: Vec<u8>,
}

impl<'a> Images<'a> {
    fn read(
        inputs: &Inputs,
        config: &RunConfig,
        preprocessing: &'a Preprocessing,
        indices: &[usize],
    ) -> Result<Self, ExportError> {
        let limits = config.decode_limits();
        let mut pixels = Vec::new();
        for &index in indices {
            let image = decode_file(inputs.dataset.image_path(index), &limits)?;
            pixels.extend(preprocessing.resize(&image)?.into_raw());
        }
        Ok(Self {
            preprocessing,
            pixels,
        })
    }

    fn len(&self) -> usize {
        self.pixels.len() / self.preprocessing.values_per_image()
    }

    /// Normalised, so many at a time.
    fn batches(&self, size: usize) -> impl Iterator<Item = (Vec<f32>, [usize; 4])> {
        let (width, height) = self.preprocessing.output_size();
        let of_image = self.preprocessing.values_per_image();
        self.pixels.chunks(size * of_image).map(move |pixels| {
            let mut values = vec![0.0; pixels.len()];
            for (pixels, values) in pixels.chunks(of_image).zip(values.chunks_mut(of_image)) {
                self.preprocessing.normalise_into(pixels, values);
            }
            let count = pixels.len() / of_image;
            (values, [count, 3, height as usize, width as usize])
        })
    }

    /// Some of them, evenly spread.
    fn some(&self, count: usize) -> Self {
        let of_image = self.preprocessing.values_per_image();
        let images = spread((0..self.len()).collect(), count).into_iter();
        let pixels = images.flat_map(|image| &self.pixels[image * of_image..][..of_image]);
        Self {
            preprocessing: self.preprocessing,
            pixels: pixels.copied().collect(),
        }
    }
}

/// The model that is rounded.
struct Model<'a> {
    graph: &'a Graph,
    description: &'a Description<'a>,
    threads: usize,
}

impl Model<'_> {
    /// The ranges of the graph's input and of each step's output, in two ways: the means of the
    /// images' smallest and largest values, beyond which few are, and the smallest and largest of
    /// all. Which of them costs less depends on the network.
    fn ranges(&self, images: &Images) -> Result<[Vec<[f32; 2]>; 2], ExportError> {
        let (bytes, names) = onnx::with_values(self.graph, self.description);
        let model = OnnxModel::of_bytes(bytes, true, self.threads)?;
        let count = images.len() as f32;
        let mut means = vec![[0.0f32; 2]; names.len()];
        let mut extremes = means.clone();
        for (image, shape) in images.batches(1) {
            let found = model.ranges(&image, shape, &names)?;
            for ((mean, extreme), [low, high]) in means.iter_mut().zip(&mut extremes).zip(found) {
                *mean = [mean[0] + low / count, mean[1] + high / count];
                *extreme = [extreme[0].min(low), extreme[1].max(high)];
            }
        }
        Ok([means, extremes])
    }

    /// What the model predicts with these steps in 8 bits.
    fn scores(&self, quantized: &Quantized, images: &Images) -> Result<Vec<f32>, ExportError> {
        let bytes = onnx::to_bytes(self.graph, self.description, Stored::I8, Some(quantized));
        let model = OnnxModel::of_bytes(bytes, false, self.threads)?;
        let mut scores = Vec::new();
        for (values, shape) in images.batches(AT_ONCE) {
            scores.extend(model.predict(&values, shape)?);
        }
        Ok(scores)
    }

    /// `layers` by how much the scores change when one alone is in 8 bits, the most first.
    fn by_sensitivity(
        &self,
        engine: &Engine,
        ranges: &[[f32; 2]],
        training: &Images,
        layers: Vec<usize>,
    ) -> Result<Vec<usize>, ExportError> {
        let images = training.some(COMPARED);
        let float = float_scores(engine, &images);
        let mut changes = Vec::new();
        for &layer in &layers {
            let others = layers.iter().copied().filter(|&other| other != layer);
            let quantized = Quantized::new(self.graph, ranges, &others.collect());
            let found = self.scores(&quantized, &images)?;
            let squares = found
                .iter()
                .zip(&float)
                .map(|(a, b)| f64::from(a - b).powi(2));
            changes.push((squares.sum::<f64>(), layer));
        }
        changes.sort_by(|a, b| b.0.total_cmp(&a.0));
        Ok(changes.into_iter().map(|(_, layer)| layer).collect())
    }
}

fn float_scores(engine: &Engine, images: &Images) -> Vec<f32> {
    let batches = images.batches(AT_ONCE);
    batches
        .flat_map(|(values, _)| engine.predict(&values))
        .collect()
}

/// Labels that scores are compared with.
struct Measured<'a> {
    labels: &'a [&'a [f32]],
    range: Option<[f32; 2]>,
}

impl Measured<'_> {
    /// Mean R² of both, and the interval of the difference.
    fn compare(&self, float: &[f32], found: &[f32]) -> Result<(f64, f64, [f64; 2]), ExportError> {
        let all: Vec<u32> = (0..self.labels.len() as u32).collect();
        let r2 = |scores: &[f32]| {
            self.r2(scores, &all)
                .ok_or(ExportError::Unmeasured(UNDEFINED))
        };
        let losses = (0..RESAMPLES).filter_map(|resample| {
            let rows = resample_rows(0, resample, all.len() as u32);
            Some(self.r2(float, &rows)? - self.r2(found, &rows)?)
        });
        let mut losses: Vec<f64> = losses.collect();
        losses.sort_by(f64::total_cmp);
        let (r2_f32, r2) = (r2(float)?, r2(found)?);
        let ends = [0.025, 0.975].map(|share| quantile(&losses, share));
        let [Some(low), Some(high)] = ends else {
            return Err(ExportError::Unmeasured(UNDEFINED));
        };
        Ok((r2_f32, r2, [low, high]))
    }

    fn r2(&self, scores: &[f32], rows: &[u32]) -> Option<f64> {
        let targets = self.labels[0].len();
        let mut sums = RegressionAccumulator::new(targets);
        for &row in rows {
            let row = row as usize;
            let clipped = |&score: &f32| match self.range {
                Some([low, high]) => f64::from(score.clamp(low, high)),
                None => f64::from(score),
            };
            let scores: Vec<f64> = scores[row * targets..][..targets]
                .iter()
                .map(clipped)
                .collect();
            let labels: Vec<f64> = self.labels[row]
                .iter()
                .map(|&label| f64::from(label))
                .collect();
            sums.push(&scores, &labels).ok()?;
        }
        sums.finish().ok()?.overall.r2
    }
}
