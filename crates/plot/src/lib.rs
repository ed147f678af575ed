//! The pictures of a study's report: plain data in, SVG and PNG out.
//!
//! Each figure is a function with an input of its own, and knows nothing of
//! files, models or studies. It is composed of a heading (title, facts, legend)
//! and panels, each with its axes, on which the data are drawn. plotters writes
//! the SVG, and resvg draws the PNG from it, so that both look the same; tests
//! can ask whether two texts overlap. All are 1520 pixels wide and meant to be
//! shown at half that. Pictures of single photos ([`scored_photo`], [`looked_at`])
//! are pixels, as large as the photo is.
//!
//! Whatever the numbers are, there is a figure: those that cannot be drawn (NaN,
//! infinite, or beyond 1e150) are left out and counted, and a figure without any
//! says that there is nothing to show. The same input gives the same bytes.
//!
//! Colours are those of Okabe and Ito and Viridis, which colour-blind readers
//! can tell apart. Texts are set in DejaVu Sans, which is compiled in; a PNG
//! shows a box for a character that this font lacks, an SVG leaves it to the
//! reader's fonts.
//!
//! ```
//! use psp_plot::{Importance, ImportanceBar, importance};
//!
//! let figure = importance(&Importance {
//!     notes: vec!["fANOVA over 200 trials".to_owned()],
//!     unit: "share of the variance".to_owned(),
//!     bars: vec![ImportanceBar {
//!         name: "learning rate".to_owned(),
//!         value: 0.41,
//!     }],
//! })?;
//! assert!(figure.to_svg()?.contains("learning rate"));
//! assert!(figure.to_png()?.starts_with(b"\x89PNG"));
//! # Ok::<(), psp_plot::PlotError>(())
//! ```

mod charts;
mod dimension;
mod draw;
mod error;
mod figure;
mod layout;
pub mod number;
mod objective;
mod pairs;
#[cfg(test)]
mod testing;

pub use charts::accuracy_and_cost::{AccuracyAndCost, CostedModel, accuracy_and_cost};
pub use charts::calibration::{Calibration, CoveragePoint, TargetCoverage, calibration};
pub use charts::card::{ErrorSize, Sample};
pub use charts::comparison::{Compared, Comparison, comparison};
pub use charts::distributions::distributions;
pub use charts::error_by_bin::{ErrorBin, ErrorByBin, TargetErrors, error_by_bin};
pub use charts::explanations::{Explained, Explanations, explanations};
pub use charts::gallery::{Gallery, MOST_SAMPLES, gallery, label_range};
pub use charts::heat::HeatMap;
pub use charts::importance::{Importance, ImportanceBar, importance};
pub use charts::label_distribution::{LabelDistribution, label_distribution};
pub use charts::label_shares::PartLabels;
pub use charts::learning_curves::{LearningCurves, TrialCurves, learning_curves};
pub use charts::parallel_coordinates::parallel_coordinates;
pub use charts::pareto::pareto_front;
pub use charts::prediction_vs_label::{PredictionVsLabel, prediction_vs_label};
pub use charts::residuals::residuals;
pub use charts::run_curves::{RunCurves, run_curves};
pub use charts::scored::{ImageScores, LONGEST_SIDE, LookedAt, looked_at, scored_photo};
pub use charts::search_history::{HistoryTrial, SearchHistory, search_history};
pub use charts::selection::Selection;
pub use charts::slices::{Slices, slices};
pub use dimension::{Dimension, Trials, Values};
pub use draw::photo::{Photo, jpeg, part, png, resized, shrunk};
pub use error::PlotError;
pub use figure::Figure;
pub use layout::label_bins::LabelRange;
pub use layout::names::short_names;
pub use layout::sheet::MOST_TARGETS;
pub use objective::{Better, Objective};
pub use pairs::{Interval, Metrics, Pairs, Predicted};

/// The licence of the DejaVu fonts whose glyphs are compiled into programs that
/// use this crate; it asks to be passed on with them.
pub const FONT_LICENCE: &str = include_str!("../assets/DejaVu-LICENSE.txt");
