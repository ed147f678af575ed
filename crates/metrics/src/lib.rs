//! Regression metrics over any number of targets: streaming, numerically
//! stable, and ignorant of where the numbers come from.
//!
//! Rows of predictions and labels are pushed into a [`RegressionAccumulator`],
//! whose memory does not grow with their number; accumulators of several
//! threads or batches can be merged. [`RegressionAccumulator::finish`] gives
//! MSE, MAE, RMSE and R² per target and overall. [`MeanBaseline`] is the
//! predictor that every model has to beat.
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
mod error;
mod moments;
mod sum;
mod types;

pub use accumulator::RegressionAccumulator;
pub use baseline::MeanBaseline;
pub use error::{MetricsError, Side};
pub use types::{OverallMetrics, RegressionMetrics, TargetMetrics};
