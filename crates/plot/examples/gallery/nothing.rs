//! Every figure without data.

use crate::nasty::Drawn;

/// The figures of these names, each drawn by the function of the same name.
macro_rules! of_nothing {
    ($($figure:ident,)+) => {
        vec![$((stringify!($figure), psp_plot::$figure(&Default::default())),)+]
    };
}

pub(crate) fn figures() -> Vec<Drawn> {
    of_nothing![
        prediction_vs_label,
        distributions,
        residuals,
        error_by_bin,
        label_distribution,
        gallery,
        explanations,
        search_history,
        learning_curves,
        run_curves,
        parallel_coordinates,
        slices,
        importance,
        comparison,
        accuracy_and_cost,
        calibration,
    ]
}
