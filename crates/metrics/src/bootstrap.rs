//! How far a metric would move with another draw of as many images.
//!
//! The bootstrap (Efron, 1979) draws rows with replacement; a row keeps its
//! prediction, its labels and all its targets together. Since a resample only
//! says how often each row counts, whatever has to be sorted is sorted once, and
//! medians and ranks are read off by walking the order with these counts.
//!
//! Intervals are percentile intervals: the quantiles of the resampled values.
//! They stay within a metric's range, turn with any monotone change of scale
//! (RMSE beside MSE), and need no formula. The BCa correction was left out: its
//! acceleration comes from the jackknife, which is not valid for the median, and
//! at the thousands of rows of a test set the correction is smaller than the
//! noise of the resampling. With a few dozen rows either kind is too narrow.
//! They hold for *this* trained model: what another seed would have given is
//! another question, [`SeedSummary`](crate::SeedSummary).

mod interval;
mod resamples;

use serde::{Deserialize, Serialize};

use crate::{Metric, MetricsError, PairedRows};
pub use interval::MetricInterval;
pub(crate) use resamples::Resamples;
pub use resamples::resample_rows;

/// The settings of a bootstrap.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootstrapSettings {
    /// How many resamples, at most a million: 10 000, at which the ends of an
    /// interval move by about 1 % of its width from seed to seed.
    pub resamples: u32,
    /// The share of resamples that an interval spans: 0.95.
    pub confidence: f64,
    /// Chooses the resamples.
    pub seed: u64,
}

impl Default for BootstrapSettings {
    fn default() -> Self {
        Self {
            resamples: 10_000,
            confidence: 0.95,
            seed: 0,
        }
    }
}

impl BootstrapSettings {
    pub(crate) fn check(&self) -> Result<(), MetricsError> {
        // Their values are kept until the end.
        if !(1..=1_000_000).contains(&self.resamples) {
            return Err(MetricsError::Argument {
                name: "resamples",
                value: f64::from(self.resamples),
                needed: "a number from 1 to 1 000 000",
            });
        }
        check_share("confidence", self.confidence)
    }
}

/// Refuses what is not strictly between 0 and 1.
pub(crate) fn check_share(name: &'static str, value: f64) -> Result<(), MetricsError> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    Err(MetricsError::Argument {
        name,
        value,
        needed: "a number between 0 and 1, neither of them included",
    })
}

/// Intervals of a model's metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Bootstrap {
    /// The number of rows.
    pub count: u64,
    /// What they were resampled with.
    pub settings: BootstrapSettings,
    /// For each target, one entry per metric, in the order they were asked for.
    pub targets: Vec<Vec<MetricInterval>>,
    /// The same for all targets together.
    pub overall: Vec<MetricInterval>,
}

/// Intervals of `metrics` over `rows`. The same seed gives the same intervals on
/// any number of threads, and draws the same rows for every model that has as
/// many.
///
/// # Errors
/// [`MetricsError::Argument`] for settings that make no sense,
/// [`MetricsError::Metric`] for a metric that the rows' settings do not define.
pub fn bootstrap(
    rows: &PairedRows,
    metrics: &[Metric],
    settings: &BootstrapSettings,
) -> Result<Bootstrap, MetricsError> {
    settings.check()?;
    rows.check(metrics)?;
    let resamples = Resamples::draw(rows, metrics, settings);
    let (targets, overall) = resamples.intervals(metrics, settings.confidence);
    Ok(Bootstrap {
        count: rows.count() as u64,
        settings: *settings,
        targets,
        overall,
    })
}
