//! `predictions.csv`: filename, then `<target>`, `<target>_predicted` for each
//! target.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Writer};
use psp_schema::{FileError, write_atomic};

use crate::{EvalError, PredictionRow, Predictions, predictions::predicted_column};

impl Predictions {
    /// The content of `predictions.csv`. Numbers have as few digits as it takes to
    /// read back the very same single-precision value, so that a label looks as it
    /// does in the labels' file, and metrics computed from the file are those of
    /// the run.
    ///
    /// # Errors
    /// [`EvalError::Csv`] if the rows cannot be serialised, which checked rows can.
    pub fn to_csv(&self) -> Result<Vec<u8>, EvalError> {
        let failed = |source| EvalError::Csv {
            path: "predictions.csv".into(),
            source,
        };
        let mut writer = Writer::from_writer(Vec::new());
        writer
            .write_record(header(self.targets()))
            .map_err(failed)?;
        for row in self.rows() {
            let values = row
                .labels
                .iter()
                .zip(&row.predictions)
                .flat_map(|(label, prediction)| [label, prediction])
                // Unlike `{}`, `{:?}` writes 1e-7 rather than 0.0000001.
                .map(|value| format!("{value:?}"));
            writer
                .write_record(std::iter::once(row.filename.clone()).chain(values))
                .map_err(failed)?;
        }
        writer
            .into_inner()
            .map_err(|error| failed(error.into_error().into()))
    }

    /// Writes [`Predictions::to_csv`] to `path`, as a whole or not at all.
    ///
    /// # Errors
    /// [`EvalError::File`].
    pub fn write_csv(&self, path: &Path) -> Result<(), EvalError> {
        let csv = self.to_csv()?;
        Ok(write_atomic(path, |out| out.write_all(&csv))?)
    }

    /// Reads what [`Predictions::write_csv`] wrote.
    ///
    /// # Errors
    /// [`EvalError::File`], [`EvalError::Csv`] and [`EvalError::Header`] for a
    /// file of another shape; [`EvalError::Cell`] with line, row and column for
    /// a cell without a number; [`EvalError::InFile`] around what
    /// [`Predictions::new`] refuses.
    pub fn read_csv(path: &Path) -> Result<Self, EvalError> {
        let bytes = std::fs::read(path).map_err(FileError::read(path))?;
        let malformed = |source| EvalError::Csv {
            path: path.to_owned(),
            source,
        };
        let mut reader = ReaderBuilder::new().from_reader(bytes.as_slice());
        let columns = reader.headers().map_err(malformed)?.clone();
        let targets = targets(&columns).map_err(|reason| EvalError::Header {
            path: path.to_owned(),
            reason,
        })?;
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(malformed)?;
            rows.push(parse(path, &columns, rows.len() + 1, &record)?);
        }
        Self::new(targets, rows).map_err(|source| EvalError::InFile {
            path: path.to_owned(),
            source: Box::new(source),
        })
    }
}

fn header(targets: &[String]) -> impl Iterator<Item = String> {
    let columns = targets
        .iter()
        .flat_map(|target| [target.clone(), predicted_column(target)]);
    std::iter::once("filename".to_owned()).chain(columns)
}

/// The targets that a header names, or what is wrong with it.
fn targets(columns: &StringRecord) -> Result<Vec<String>, String> {
    let names: Vec<&str> = columns.iter().skip(1).collect();
    if columns.get(0) != Some("filename") {
        let first = columns.get(0).unwrap_or_default();
        return Err(format!("the first column is {first:?}, not filename"));
    }
    if !names.len().is_multiple_of(2) {
        return Err(format!(
            "column {:?} has no partner",
            names[names.len() - 1]
        ));
    }
    let mut targets = Vec::new();
    for pair in names.chunks_exact(2) {
        let expected = predicted_column(pair[0]);
        if pair[1] != expected {
            let got = pair[1];
            return Err(format!("column {:?} is followed by {got:?}", pair[0]));
        }
        targets.push(pair[0].to_owned());
    }
    Ok(targets)
}

fn parse(
    path: &Path,
    columns: &StringRecord,
    row: usize,
    record: &StringRecord,
) -> Result<PredictionRow, EvalError> {
    let (mut labels, mut predictions) = (Vec::new(), Vec::new());
    for (index, (cell, column)) in record.iter().zip(columns).enumerate().skip(1) {
        let value: f32 = cell.parse().map_err(|_| EvalError::Cell {
            path: path.to_owned(),
            line: record.position().map_or(0, csv::Position::line),
            row,
            column: column.to_owned(),
            value: cell.to_owned(),
        })?;
        if index % 2 == 1 {
            labels.push(value);
        } else {
            predictions.push(value);
        }
    }
    Ok(PredictionRow {
        filename: record.get(0).unwrap_or_default().to_owned(),
        labels,
        predictions,
    })
}
