//! Regression metrics over any number of targets: streaming, numerically
//! stable, and ignorant of where the numbers come from.
//!
//! - Rows of predictions and labels are pushed into a [`RegressionAccumulator`],
//!   whose memory does not grow with their number; accumulators of several
//!   threads or batches can be merged. [`RegressionAccumulator::finish`] gives
//!   MSE, MAE, RMSE and R² per target and overall. [`MeanBaseline`] is the
//!   predictor that every model has to beat.
//! - A [`DetailedAccumulator`] gives everything that a report wants to say of a
//!   model, also by groups of labels, and beside the baseline.
//! - [`PairedRows`] keep the rows for what has to draw from them: [`bootstrap`]
//!   gives intervals of metrics, [`Conformal`] puts intervals around single
//!   predictions.
//! - [`sign_flip_test`] and [`holm`] tell models apart that have predicted the same
//!   rows, [`SeedSummary`] says how much seeds differ.
//! - [`LabelStatistics`] describe the labels alone.
//!
//! ```
//! use psp_metrics::RegressionAccumulator;
//!
//! let mut accumulator = RegressionAccumulator::new(2);
//! accumulator.push(&[0.1, 0.8], &[0.0, 0.9])?;
//! accumulator.push(&[0.7, 0.0], &[0.8, 0.0])?;
//! let metrics = accumulator.finish()?;
//! assert!((metrics.overall.mae - 0.075).abs() < 1e-12);
//! # Ok::<(), psp_metrics::MetricsError>(())
//! ```

mod accumulator;
mod baseline;
mod bootstrap;
mod comoments;
mod compare;
mod conformal;
mod detailed;
mod error;
mod labels;
mod metric;
mod moments;
mod random;
mod rank;
mod residuals;
mod rows;
mod settings;
mod sum;
mod totals;
mod types;

pub use accumulator::RegressionAccumulator;
pub use baseline::MeanBaseline;
pub use bootstrap::{
    Bootstrap, BootstrapSettings, MetricInterval, bootstrap, quantile, resample_rows,
};
pub use compare::{SeedSummary, holm, sign_flip_test, t_quantile};
pub use conformal::{Conformal, Coverage};
pub use detailed::{
    DetailedAccumulator, DetailedMetrics, DetailedOverall, DetailedTarget, GroupErrors,
    GroupScores, LabelBin, LabelGroups, Scores, WithinShare,
};
pub use error::{MetricsError, Side};
pub use labels::{HistogramSettings, LabelPair, LabelStatistics, TargetLabels};
pub use metric::{Group, Metric};
pub use rank::median;
pub use residuals::Residuals;
pub use rows::PairedRows;
pub use settings::MetricSettings;
pub use types::{OverallMetrics, RegressionMetrics, TargetMetrics};
