//! Everything that can go wrong.

use std::path::PathBuf;

use psp_metrics::MetricsError;
use psp_schema::FileError;
use thiserror::Error;

/// Why there is no report. A trial without numbers, a photo that is gone or a
/// prediction that is no number is none of these: the report says so and goes on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The input contradicts itself.
    #[error("the report's input is wrong: {0}")]
    Input(String),
    /// The settings, or labels that are no numbers.
    #[error("cannot compute the report's numbers: {0}")]
    Metrics(#[from] MetricsError),
    /// A page could not be made from its template.
    #[error("cannot fill in the report's template")]
    Template(#[from] askama::Error),
    /// The numbers could not be put into JSON.
    #[error("cannot write the report's numbers as JSON")]
    Json(#[from] serde_json::Error),
    /// Something in the report's place that no report wrote.
    #[error(
        "{0} was not written by a report, and a report would replace it: name another folder, or \
         move it away"
    )]
    Foreign(PathBuf),
    /// A report could neither be put in its place nor the earlier one back.
    #[error("{cause}; nor can {path} be put back: the earlier report is kept in {kept}")]
    NotPutBack {
        /// Why the new report is not in its place.
        cause: Box<ReportError>,
        /// What could not be put back.
        path: PathBuf,
        /// Where it is.
        kept: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file or folder could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}
