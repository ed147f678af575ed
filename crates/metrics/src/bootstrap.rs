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
mod settings;

use serde::{Deserialize, Serialize};

use crate::error::MetricsError;
use crate::metric::Metric;
use crate::rows::PairedRows;
pub use interval::{MetricInterval, quantile};
pub(crate) use resamples::Resamples;
pub use resamples::resample_rows;
pub use settings::BootstrapSettings;

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
