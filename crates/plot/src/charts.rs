//! The figures, each with its input.

pub(crate) mod accuracy_and_cost;
pub(crate) mod calibration;
pub(crate) mod card;
pub(crate) mod comparison;
pub(crate) mod distributions;
pub(crate) mod error_by_bin;
pub(crate) mod explanations;
pub(crate) mod gallery;
pub(crate) mod heat;
mod histogram;
pub(crate) mod importance;
pub(crate) mod label_distribution;
pub(crate) mod label_shares;
pub(crate) mod learning_curves;
mod parallel_axis;
pub(crate) mod parallel_coordinates;
pub(crate) mod pareto;
pub(crate) mod prediction_vs_label;
pub(crate) mod residuals;
pub(crate) mod run_curves;
pub(crate) mod scored;
pub(crate) mod search_history;
pub(crate) mod selection;
pub(crate) mod slices;
