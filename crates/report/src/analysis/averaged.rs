//! Models whose errors are averaged over several trainings, resampled together.
//!
//! The mean over runs of the MSE is the MSE of the squared errors averaged over
//! runs, image by image; and since R² is linear in the squared errors where the
//! labels are given, so is its mean. Both can therefore be resampled from these
//! averages. A resample draws the same images for every model, and the very images
//! that `psp_metrics::bootstrap` draws.

use psp_metrics::{BootstrapSettings, resample_rows};
use rayon::prelude::*;

use super::estimate::Estimate;
use super::prepared::Part;

/// The labels of some images, and the squared errors of models over them.
#[derive(Debug)]
pub(crate) struct Averaged {
    /// For each target, the labels less their mean.
    labels: Vec<Vec<f64>>,
    /// Targets whose labels differ: those that R² is averaged over.
    scored: Vec<usize>,
    /// For each model and target, the squared error of each image.
    models: Vec<Vec<Vec<f64>>>,
}

/// The values of one model over one draw of images: MSE, R² (NaN where undefined),
/// and each target's MSE.
#[derive(Debug)]
struct Values {
    mse: f64,
    r2: f64,
    targets: Vec<f64>,
}

/// What is drawn, resample by resample.
#[derive(Debug)]
pub(crate) struct Draws {
    /// Over the images as they are, one entry per model.
    whole: Vec<Values>,
    /// The same for each resample.
    resamples: Vec<Vec<Values>>,
    confidence: f64,
}

/// What is known of a model's errors, or of how those of two differ.
#[derive(Debug)]
pub(crate) struct Errors {
    pub(crate) mse: Estimate,
    /// `None` where no target's labels differ.
    pub(crate) r2: Option<Estimate>,
    pub(crate) target_mse: Vec<Estimate>,
}

impl Averaged {
    /// `models` are the runs of each; all runs are over the same images.
    pub(crate) fn new(models: &[Vec<&Part>]) -> Option<Self> {
        let reference = models.first()?.first()?.predictions;
        let (targets, rows) = (reference.targets().len(), reference.rows());
        let labels = (0..targets).map(|target| {
            let labels = reference.pairs(target).map(|(label, _)| label);
            let mean = labels.clone().sum::<f64>() / rows.len() as f64;
            labels.map(|label| label - mean).collect()
        });
        let scored = |target: &usize| {
            let first = rows[0].labels[*target];
            rows.iter().any(|row| row.labels[*target] != first)
        };
        let squared = |runs: &Vec<&Part>, target: usize| {
            let mut squared = vec![0.0; rows.len()];
            for run in runs {
                let pairs = run.predictions.pairs(target);
                for (sum, (label, prediction)) in squared.iter_mut().zip(pairs) {
                    *sum += (prediction - label).powi(2) / runs.len() as f64;
                }
            }
            squared
        };
        Some(Self {
            labels: labels.collect(),
            scored: (0..targets).filter(scored).collect(),
            models: models
                .iter()
                .map(|runs| (0..targets).map(|target| squared(runs, target)).collect())
                .collect(),
        })
    }

    pub(crate) fn images(&self) -> usize {
        self.labels[0].len()
    }

    /// The squared errors of a model, averaged over targets, image by image.
    pub(crate) fn squared_errors(&self, model: usize) -> Vec<f64> {
        let targets = &self.models[model];
        let mean = |image: usize| {
            targets.iter().map(|target| target[image]).sum::<f64>() / targets.len() as f64
        };
        (0..self.images()).map(mean).collect()
    }

    pub(crate) fn draw(&self, settings: &BootstrapSettings) -> Draws {
        let images = self.images() as u32;
        let resamples = (0..settings.resamples).into_par_iter().map(|resample| {
            let mut weights = vec![0.0; self.images()];
            for row in resample_rows(settings.seed, resample, images) {
                weights[row as usize] += 1.0;
            }
            self.values(&weights)
        });
        Draws {
            whole: self.values(&vec![1.0; self.images()]),
            resamples: resamples.collect(),
            confidence: settings.confidence,
        }
    }

    /// When each image counts so many times.
    fn values(&self, weights: &[f64]) -> Vec<Values> {
        let images = weights.len() as f64;
        let spread = self.labels.iter().map(|labels| {
            let square = |(weight, label): (&f64, &f64)| weight * label * label;
            let mean = dot(weights, labels) / images;
            // A resample of equal labels has no spread, but for a rounding.
            let squares: f64 = weights.iter().zip(labels).map(square).sum();
            let spread = squares - images * mean * mean;
            if spread > 1e-12 * squares {
                spread
            } else {
                f64::NAN
            }
        });
        let spread: Vec<f64> = spread.collect();
        let of = |targets: &Vec<Vec<f64>>| {
            let sums: Vec<f64> = targets.iter().map(|errors| dot(weights, errors)).collect();
            let scores = self.scored.iter().map(|&t| 1.0 - sums[t] / spread[t]);
            Values {
                mse: sums.iter().sum::<f64>() / images / sums.len() as f64,
                r2: scores.sum::<f64>() / self.scored.len() as f64,
                targets: sums.iter().map(|sum| sum / images).collect(),
            }
        };
        self.models.iter().map(of).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Eight sums side by side, so that the processor adds them at once.
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks(8), b.chunks(8));
    for (a, b) in a.zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

impl Draws {
    /// The errors of a model.
    pub(crate) fn model(&self, model: usize) -> Errors {
        self.errors(|values, of| of(&values[model]))
    }

    /// The first model's errors less the second's.
    pub(crate) fn difference(&self, first: usize, second: usize) -> Errors {
        self.errors(|values, of| of(&values[first]) - of(&values[second]))
    }

    /// The first model's MSE less the second's.
    pub(crate) fn mse_difference(&self, first: usize, second: usize) -> Estimate {
        self.estimate(|values| values[first].mse - values[second].mse)
    }

    fn estimate(&self, value: impl Fn(&[Values]) -> f64) -> Estimate {
        let drawn = self.resamples.iter().map(|values| value(values));
        Estimate::new(value(&self.whole), drawn, self.confidence)
    }

    fn errors(&self, value: impl Fn(&[Values], &dyn Fn(&Values) -> f64) -> f64) -> Errors {
        let estimate = |of: &dyn Fn(&Values) -> f64| self.estimate(|values| value(values, of));
        let r2 = estimate(&|values| values.r2);
        let targets = 0..self.whole[0].targets.len();
        Errors {
            mse: estimate(&|values| values.mse),
            r2: Some(r2).filter(|r2| r2.value.is_finite()),
            target_mse: targets
                .map(|target| estimate(&|values| values.targets[target]))
                .collect(),
        }
    }
}
