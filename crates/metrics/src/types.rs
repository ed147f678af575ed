//! The metrics that come out.

use serde::{Deserialize, Serialize};

/// Metrics of a regressor over a set of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RegressionMetrics {
    /// The number of rows.
    pub count: u64,
    /// One entry per target, in the order of the columns.
    pub targets: Vec<TargetMetrics>,
    /// The targets taken together.
    pub overall: OverallMetrics,
}

/// Metrics of one target. The unit of `mae`, `rmse`, `label_mean` and
/// `label_std` is that of the label.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TargetMetrics {
    /// Mean squared error.
    pub mse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Square root of `mse`.
    pub rmse: f64,
    /// Coefficient of determination, 1 − Σ(label − prediction)² / Σ(label − mean
    /// label)², as scikit-learn's `r2_score`. `None` where it is undefined: the
    /// label is constant, as it always is with a single row. (scikit-learn
    /// would put 0 or 1 there; a constant label says nothing about a model.)
    pub r2: Option<f64>,
    /// Mean of the labels.
    pub label_mean: f64,
    /// Standard deviation of the labels over this set (divided by the count,
    /// not by the count less one): the RMSE of predicting `label_mean`.
    pub label_std: f64,
}

/// Metrics of all targets together: each is the plain mean over the targets
/// (scikit-learn's `multioutput="uniform_average"`), save for `rmse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OverallMetrics {
    /// Mean of the targets' MSE.
    pub mse: f64,
    /// Mean of the targets' MAE.
    pub mae: f64,
    /// Square root of the overall `mse`, *not* the mean of the targets' RMSE.
    pub rmse: f64,
    /// Mean of R² over the targets that have one; `None` if none has.
    pub r2: Option<f64>,
    /// Indices (from 0) of the targets whose R² is undefined, and which the
    /// overall R² therefore leaves out. They depend on the labels alone, so two
    /// models judged on the same rows are averaged over the same targets.
    pub r2_left_out: Vec<usize>,
}

impl OverallMetrics {
    /// Averages over `targets`, of which there must be at least one.
    pub(crate) fn of(targets: &[TargetMetrics]) -> Self {
        let mean_of = |value: fn(&TargetMetrics) -> f64| {
            targets.iter().map(value).sum::<f64>() / targets.len() as f64
        };
        let mse = mean_of(|target| target.mse);
        let defined: Vec<f64> = targets.iter().filter_map(|target| target.r2).collect();
        Self {
            mse,
            mae: mean_of(|target| target.mae),
            rmse: mse.sqrt(),
            r2: (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64),
            r2_left_out: (0..targets.len())
                .filter(|&index| targets[index].r2.is_none())
                .collect(),
        }
    }
}
