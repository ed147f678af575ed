//! Comparing models over the same rows.
//!
//! Two models err on the same hard images, so the difference of a metric is far
//! less uncertain than the metric itself. It is resampled row by row together.
//! Whether there is a difference at all is answered by a permutation test, and
//! the more pairs are asked about the stricter, by Holm's correction.

mod holm;
mod permutation;
mod seeds;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    BootstrapSettings, Metric, MetricInterval, MetricsError, PairedRows,
    bootstrap::{Resamples, check_share},
};
pub use holm::holm;
pub use permutation::sign_flip_test;
pub use seeds::SeedSummary;

/// The settings of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareSettings {
    /// What differences are given of: MSE and R².
    pub metrics: Vec<Metric>,
    /// How their intervals are resampled. Its seed is that of the permutations
    /// too.
    pub bootstrap: BootstrapSettings,
    /// How many permutations each test draws: 10 000, so that the smallest
    /// p-value is about 0.0001.
    pub permutations: u32,
    /// A difference is shown if its adjusted p-value is at most this: 0.05. It
    /// is the chance of seeing any difference where there is none.
    pub level: f64,
}

impl Default for CompareSettings {
    fn default() -> Self {
        Self {
            metrics: vec![Metric::Mse, Metric::R2],
            bootstrap: BootstrapSettings::default(),
            permutations: 10_000,
            level: 0.05,
        }
    }
}

/// All pairs of some models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The number of rows.
    pub count: u64,
    /// What they were compared with.
    pub settings: CompareSettings,
    /// The pairs (0, 1), (0, 2), …, (1, 2), …
    pub pairs: Vec<PairComparison>,
}

/// Two models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PairComparison {
    /// The first model's index, from 0.
    pub first: usize,
    /// The second model's index.
    pub second: usize,
    /// For each target, the metrics of the first less those of the second. A
    /// negative difference of errors speaks for the first. The intervals are of
    /// each pair alone, without a correction for their number.
    pub targets: Vec<Vec<MetricInterval>>,
    /// The same for all targets together.
    pub overall: Vec<MetricInterval>,
    /// The p-value of [`sign_flip_test`] over the images' squared errors,
    /// averaged over the targets: how often models that do not differ would
    /// differ in overall MSE as much as these.
    pub p_value: f64,
    /// After [`holm`]'s correction over all pairs.
    pub adjusted_p_value: f64,
    /// Whether `adjusted_p_value` is at most the level. `false` does not say
    /// that the two are equal, only that these rows cannot tell.
    pub differs: bool,
}

/// Compares each pair of `models`, which hold the predictions of several models
/// for the same images in the same order.
///
/// # Errors
/// [`MetricsError::Unpaired`] if the labels (or the number of rows or targets,
/// the bounds or the bins) of two models differ, [`MetricsError::Argument`] for
/// settings that make no sense, [`MetricsError::Metric`] for a metric that the
/// rows' settings do not define.
pub fn compare(
    models: &[&PairedRows],
    settings: &CompareSettings,
) -> Result<Comparison, MetricsError> {
    let metrics = settings.metrics.as_slice();
    settings.bootstrap.check()?;
    check_share("level", settings.level)?;
    let unpaired = |model: usize| Some((model, models[0].difference(models[model])?));
    if let Some((model, differs)) = (1..models.len()).find_map(unpaired) {
        return Err(MetricsError::Unpaired { model, differs });
    }
    let drawn = models
        .iter()
        .map(|rows| {
            rows.check(metrics)?;
            Ok(Resamples::draw(rows, metrics, &settings.bootstrap))
        })
        .collect::<Result<Vec<_>, MetricsError>>()?;
    let errors: Vec<_> = models.iter().map(|rows| rows.squared_errors()).collect();
    let indices = (0..models.len())
        .flat_map(|first| (first + 1..models.len()).map(move |second| (first, second)));
    let mut pairs = indices
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|(first, second)| {
            let pair = errors[first].iter().zip(&errors[second]);
            let differences: Vec<f64> = pair.map(|(a, b)| a - b).collect();
            let seed = settings.bootstrap.seed;
            let p_value = sign_flip_test(&differences, settings.permutations, seed)?;
            let confidence = settings.bootstrap.confidence;
            let (targets, overall) = drawn[first].differences(&drawn[second], metrics, confidence);
            Ok(PairComparison {
                first,
                second,
                targets,
                overall,
                p_value,
                adjusted_p_value: p_value,
                differs: false,
            })
        })
        .collect::<Result<Vec<_>, MetricsError>>()?;
    let p_values: Vec<f64> = pairs.iter().map(|pair| pair.p_value).collect();
    for (pair, adjusted) in pairs.iter_mut().zip(holm(&p_values)?) {
        pair.adjusted_p_value = adjusted;
        pair.differs = adjusted <= settings.level;
    }
    Ok(Comparison {
        count: models.first().map_or(0, |rows| rows.count() as u64),
        settings: settings.clone(),
        pairs,
    })
}
