//! Intervals around single predictions.
//!
//! Split conformal prediction with absolute residuals (Papadopoulos et al.,
//! 2002; Lei et al., 2018, *Distribution-free predictive inference for
//! regression*): if calibration rows and new rows are exchangeable, a new label
//! is in its interval with a probability of at least 1 − alpha, whatever the
//! model. That is on average over images; no promise is made for any one kind
//! of image.

use serde::{Deserialize, Serialize};

use crate::error::{MetricsError, Side, check_row, check_share};
use crate::residuals::{Residuals, quantile_place};
use crate::rows::PairedRows;
use crate::sum::Sum;

/// Intervals of one width per target, calibrated on rows that the model was not
/// trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Conformal {
    /// The share of labels that may be outside their intervals.
    pub alpha: f64,
    /// The number of calibration rows.
    pub count: u64,
    /// Lowest and highest label that can occur.
    pub label_range: [f64; 2],
    /// Whether predictions are clipped to `label_range` first.
    pub clip_predictions: bool,
    /// Whether intervals are cut off at the ends of `label_range`. No label is
    /// lost by it.
    pub clip_intervals: bool,
    /// For each target, half the width of the interval, in the label's unit: the
    /// ⌈(n + 1)(1 − alpha)⌉-th smallest |label − prediction| of n. `None` where
    /// n is too small for so high a place: the interval is then infinite.
    pub radii: Vec<Option<f64>>,
}

/// How intervals fare on rows that they were not calibrated on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Coverage {
    /// The number of rows.
    pub count: u64,
    /// The share of labels inside their intervals, ends included.
    pub coverage: f64,
    /// The mean width of the intervals, in the label's unit; `None` if infinite.
    pub mean_width: Option<f64>,
}

impl Conformal {
    /// Calibrates on `rows`, whose settings say whether predictions are clipped.
    ///
    /// # Errors
    /// [`MetricsError::Argument`] unless `alpha` is between 0 and 1.
    pub fn fit(rows: &PairedRows, alpha: f64, clip_intervals: bool) -> Result<Self, MetricsError> {
        check_share("alpha", alpha)?;
        let settings = rows.settings();
        let place = quantile_place(rows.count(), alpha);
        let radius = |target| {
            let mut residuals: Vec<f64> = rows.pairs(target).map(|(p, l)| (l - p).abs()).collect();
            (place <= residuals.len()).then(|| {
                let (_, radius, _) = residuals.select_nth_unstable_by(place - 1, f64::total_cmp);
                *radius
            })
        };
        Ok(Self {
            alpha,
            count: rows.count() as u64,
            label_range: settings.label_range,
            clip_predictions: settings.clip,
            clip_intervals,
            radii: (0..settings.targets()).map(radius).collect(),
        })
    }

    /// The same of `residuals` that were kept, of predictions clipped to `range` if there is
    /// one; intervals are then cut off at its ends.
    ///
    /// # Errors
    /// [`MetricsError::Argument`] unless `alpha` is between 0 and 1.
    pub fn of_residuals(
        residuals: &Residuals,
        alpha: f64,
        range: Option<[f64; 2]>,
    ) -> Result<Self, MetricsError> {
        check_share("alpha", alpha)?;
        let targets = 0..residuals.sorted.len();
        Ok(Self {
            alpha,
            count: residuals.count,
            label_range: range.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]),
            clip_predictions: range.is_some(),
            clip_intervals: range.is_some(),
            radii: targets
                .map(|target| residuals.radius(target, alpha))
                .collect(),
        })
    }

    /// The interval [low, high] of each target around a row of raw predictions;
    /// the ends of an infinite one are infinite unless they are cut off.
    ///
    /// # Errors
    /// [`MetricsError::Length`] or [`MetricsError::Value`] for a bad row.
    pub fn intervals(&self, prediction: &[f64]) -> Result<Vec<[f64; 2]>, MetricsError> {
        check_row(Side::Prediction, prediction, self.radii.len())?;
        let intervals = prediction.iter().enumerate();
        Ok(intervals
            .map(|(target, &raw)| {
                let clipped = if self.clip_predictions {
                    self.in_range(raw)
                } else {
                    raw
                };
                self.interval(target, clipped)
            })
            .collect())
    }

    /// Coverage and width of each target over `rows`, which should be others
    /// than those calibrated on and must have been prepared with the same
    /// clipping and label range.
    ///
    /// # Errors
    /// [`MetricsError::Length`] for another number of targets,
    /// [`MetricsError::Settings`] for other clipping or another range.
    pub fn evaluate(&self, rows: &PairedRows) -> Result<Vec<Coverage>, MetricsError> {
        let settings = rows.settings();
        if settings.targets() != self.radii.len() {
            return Err(MetricsError::Length {
                side: Side::Prediction,
                expected: self.radii.len(),
                got: settings.targets(),
            });
        }
        if settings.clip != self.clip_predictions || settings.label_range != self.label_range {
            return Err(MetricsError::Settings);
        }
        let coverage = |target| {
            let radius = self.radius(target);
            let (mut covered, mut width) = (0_u64, Sum::default());
            for (prediction, label) in rows.pairs(target) {
                let [low, high] = self.interval(target, prediction);
                // The ends are rounded: where a label lies on one, as those that
                // gave the radius did, the residual itself decides.
                let near = (label - prediction).abs() <= radius;
                covered += u64::from(near || (low <= label && label <= high));
                width.add(high - low);
            }
            let width = width.value() / rows.count() as f64;
            Coverage {
                count: rows.count() as u64,
                coverage: covered as f64 / rows.count() as f64,
                mean_width: width.is_finite().then_some(width),
            }
        };
        Ok((0..self.radii.len()).map(coverage).collect())
    }

    fn radius(&self, target: usize) -> f64 {
        self.radii[target].unwrap_or(f64::INFINITY)
    }

    fn interval(&self, target: usize, prediction: f64) -> [f64; 2] {
        let radius = self.radius(target);
        let ends = [prediction - radius, prediction + radius];
        if self.clip_intervals {
            ends.map(|end| self.in_range(end))
        } else {
            ends
        }
    }

    /// `max` and `min` rather than `clamp`, which panics on a range that is
    /// upside down, as one that was read back from somewhere may be.
    fn in_range(&self, value: f64) -> f64 {
        let [low, high] = self.label_range;
        value.max(low).min(high)
    }
}
