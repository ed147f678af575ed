//! What a trained model is worth: its predictions beside the labels, metrics
//! beside "predict the training mean", and plots to look at.
//!
//! [`Predictions`] are made by the caller, row by row, and checked once.
//! [`Evaluation::new`] computes the metrics, and [`write_all`] leaves a folder
//! with everything that a report needs:
//!
//! | file | content |
//! |---|---|
//! | `metrics.json` | [`Evaluation`] |
//! | `predictions.csv` | [`Predictions`] |
//! | `prediction_vs_label.svg`, `.png` | [`plot::prediction_vs_label`] |
//! | `distributions.svg`, `.png` | [`plot::distributions`] |
//! | `samples.png` | [`plot::samples`] |
//!
//! [`HeatMap`]s say what it looks at in an image.
//!
//! Every file is written under a temporary name and then renamed, so that an
//! interrupted run never leaves half a file under a final name.

mod error;
mod evaluation;
mod heat_map;
pub mod plot;
mod predictions;
mod predictions_csv;
mod table;
mod write;

pub use error::{EvalError, ImageSource};
pub use evaluation::{Evaluation, OverallEvaluation, SCHEMA_VERSION, TargetEvaluation};
pub use heat_map::{HeatMap, Method, NotFinite};
pub use predictions::{PredictionRow, Predictions, ScoreSpans};
pub use psp_plot::FONT_LICENCE;
pub use write::{PICTURES, WriteOptions, write_all};
