//! Errors of CSV files, whatever they hold.

use std::path::PathBuf;

use super::Remedy;
use crate::plural::plural;

/// What is wrong with a CSV file's format, header or number of fields.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CsvError {
    /// The file breaks the rules of the format.
    #[error(
        "{path}: line {row}: not readable as CSV: {reason}; expected UTF-8 with commas, semicolons \
         or tabs between columns"
    )]
    Unreadable {
        /// The CSV file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// What the CSV reader found.
        reason: String,
    },
    /// A CSV's header lacks a column.
    #[error("{path}: line {row}: no column `{column}`; {help}")]
    MissingColumn {
        /// The CSV file.
        path: PathBuf,
        /// The header's line.
        row: u64,
        /// The column that was looked for.
        column: String,
        /// Which columns are there and the likeliest, as clauses.
        help: String,
        /// The setting that names another, where there is one.
        remedy: Option<Remedy>,
    },
    /// A CSV begins with a row of values.
    #[error(
        "{path}: line {row} must name the columns, `filename` among them, but holds the value \
         `{value}`; put a line with the columns' names above it"
    )]
    NoHeader {
        /// The CSV file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// What is no column's name.
        value: String,
    },
    /// Several columns may hold the images' names.
    #[error(
        "{path}: line {row}: no column `filename`, and several that may take its place \
         ({found}); call the column of the file names `filename`"
    )]
    SeveralFilenameColumns {
        /// The CSV file.
        path: PathBuf,
        /// The header's line.
        row: u64,
        /// The columns, quoted and comma-separated.
        found: String,
        /// The setting that names one of them, where there is one.
        remedy: Option<Remedy>,
    },
    /// A value stands in a column without a name.
    #[error(
        "{path}: line {row}: `{value}` stands in column {column}, which has no name in the \
         header; name it there or remove it{hint}"
    )]
    UnnamedColumn {
        /// The CSV file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// The value.
        value: String,
        /// The column's position, counting from 1.
        column: usize,
        /// What usually leads to it, as a clause, or nothing.
        hint: &'static str,
    },
    /// A CSV's header names a column twice.
    #[error(
        "{path}: line {row}: the column `{column}` stands at positions {first} and {second}; \
         rename or remove one"
    )]
    DuplicateColumn {
        /// The CSV file.
        path: PathBuf,
        /// The header's line.
        row: u64,
        /// The column's name.
        column: String,
        /// Position of the first, counting from 1.
        first: usize,
        /// Position of the second, counting from 1.
        second: usize,
    },
    /// A row has more or fewer fields than the header.
    #[error(
        "{path}: line {row}: {}; expected {expected}, as in the header{hint}",
        plural(*found, "field")
    )]
    FieldCount {
        /// The CSV file.
        path: PathBuf,
        /// The line.
        row: u64,
        /// Fields in the header.
        expected: usize,
        /// Fields in the row.
        found: usize,
        /// What usually leads to it, as a clause, or nothing.
        hint: &'static str,
    },
}
