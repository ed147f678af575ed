//! Everything that can go wrong, with the place where it did.

use std::path::PathBuf;

use psp_metrics::MetricsError;
use psp_plot::PlotError;
use psp_schema::FileError;
use thiserror::Error;

/// What a caller's image closure may fail with.
pub type ImageSource = Box<dyn std::error::Error + Send + Sync>;

/// An error of this crate. Rows count from 1 and leave out the header.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EvalError {
    /// A file or folder could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is no CSV, or has rows of different lengths.
    #[error("{} is not a well-formed CSV", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// Why, with the line.
        source: csv::Error,
    },
    /// The header of a predictions file is not as this crate writes it.
    #[error("{}: {reason}; expected filename, then <target>, <target>_predicted for each target", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A cell of a predictions file holds no number.
    #[error("{}, line {line} (row {row}), column {column}: {value:?} is not a number", path.display())]
    Cell {
        /// The file.
        path: PathBuf,
        /// The line in the file, from 1.
        line: u64,
        /// The row, from 1.
        row: usize,
        /// The column's name.
        column: String,
        /// The text that stands there.
        value: String,
    },
    /// A file can be read, but what it says cannot be used.
    #[error("{}: cannot be used", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<EvalError>,
    },
    /// There is no target.
    #[error("predictions need at least one target")]
    NoTargets,
    /// There is no row.
    #[error("there are no predictions: at least one row is needed")]
    NoRows,
    /// A target has no name.
    #[error("target {index} (from 0) has an empty name")]
    UnnamedTarget {
        /// The target's index, from 0.
        index: usize,
    },
    /// Two columns of `predictions.csv` would have the same name.
    #[error("the column {column} would stand in predictions.csv twice: rename a target")]
    DuplicateColumn {
        /// The column's name.
        column: String,
    },
    /// A row has no file name.
    #[error("row {row} has an empty filename")]
    NoFilename {
        /// The row, from 1.
        row: usize,
    },
    /// A row has not as many labels or predictions as there are targets.
    #[error("row {row} ({filename}) has {got} {what}, expected {expected}: one per target")]
    Length {
        /// The row, from 1.
        row: usize,
        /// Its file name.
        filename: String,
        /// "labels" or "predictions".
        what: &'static str,
        /// How many there are.
        got: usize,
        /// The number of targets.
        expected: usize,
    },
    /// A label or prediction is NaN or infinite.
    #[error("row {row} ({filename}), column {column}: {value} is not a finite number")]
    NotFinite {
        /// The row, from 1.
        row: usize,
        /// Its file name.
        filename: String,
        /// The column's name in `predictions.csv`.
        column: String,
        /// The value.
        value: f64,
    },
    /// Two things that belong together have different targets.
    #[error("{what} for {got:?}, but the predictions for {expected:?}")]
    Targets {
        /// What does not fit the predictions, and a verb.
        what: &'static str,
        /// Its targets.
        got: Vec<String>,
        /// The targets of the predictions.
        expected: Vec<String>,
    },
    /// The baseline was fitted to another number of targets.
    #[error("the baseline has {got} means, but the predictions have {expected} targets")]
    Baseline {
        /// Means of the baseline.
        got: usize,
        /// Targets of the predictions.
        expected: usize,
    },
    /// The metrics refused the numbers.
    #[error("cannot compute metrics")]
    Metrics(#[from] MetricsError),
    /// `metrics.json` is not what this crate writes.
    #[error("the metrics are not readable as JSON")]
    Json(#[from] serde_json::Error),
    /// `metrics.json` was written by another version of this crate.
    #[error("the metrics have schema version {found}; this version reads {supported}")]
    SchemaVersion {
        /// The file's version.
        found: u32,
        /// [`crate::SCHEMA_VERSION`].
        supported: u32,
    },
    /// The caller could not give an image of the samples page.
    #[error("cannot get the image {filename}")]
    Image {
        /// The image's name.
        filename: String,
        /// The caller's error.
        source: ImageSource,
    },
    /// An image of the samples page has no pixels.
    #[error("the image {filename} is {width}×{height} pixels large")]
    EmptyImage {
        /// The image's name.
        filename: String,
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
    },
    /// A figure could not be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
}
