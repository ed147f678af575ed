//! Every figure without data.

use psp_plot::{
    AccuracyAndCost, Calibration, Comparison, Distributions, ErrorByBin, Explanations, Gallery,
    Importance, LabelDistribution, LearningCurves, ParallelCoordinates, PredictionVsLabel,
    Residuals, RunCurves, SearchHistory, Slices, accuracy_and_cost, calibration, comparison,
    distributions, error_by_bin, explanations, gallery, importance, label_distribution,
    learning_curves, parallel_coordinates, prediction_vs_label, residuals, run_curves,
    search_history, slices,
};

use crate::nasty::Drawn;

pub(crate) fn figures() -> Vec<Drawn> {
    vec![
        (
            "prediction_vs_label",
            prediction_vs_label(&PredictionVsLabel::default()),
        ),
        ("distributions", distributions(&Distributions::default())),
        ("residuals", residuals(&Residuals::default())),
        ("error_by_bin", error_by_bin(&ErrorByBin::default())),
        (
            "label_distribution",
            label_distribution(&LabelDistribution::default()),
        ),
        ("gallery", gallery(&Gallery::default())),
        ("explanations", explanations(&Explanations::default())),
        ("search_history", search_history(&SearchHistory::default())),
        (
            "learning_curves",
            learning_curves(&LearningCurves::default()),
        ),
        ("run_curves", run_curves(&RunCurves::default())),
        (
            "parallel_coordinates",
            parallel_coordinates(&ParallelCoordinates::default()),
        ),
        ("slices", slices(&Slices::default())),
        ("importance", importance(&Importance::default())),
        ("comparison", comparison(&Comparison::default())),
        (
            "accuracy_and_cost",
            accuracy_and_cost(&AccuracyAndCost::default()),
        ),
        ("calibration", calibration(&Calibration::default())),
    ]
}
