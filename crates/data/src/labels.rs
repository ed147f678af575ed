//! The labels CSV.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::label_range::LabelRange;
use crate::table::Table;

/// One image and its scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The image's path relative to the image folder, as the CSV spells it.
    pub filename: String,
    /// One score per target, in the order of [`LabelTable::targets`].
    pub labels: Vec<f32>,
    /// The line of the CSV, counting from 1 with the header.
    pub row: u64,
}

/// The checked content of a labels CSV, without its images.
///
/// The file has a header with a column `filename` and one column per target;
/// other columns are ignored, save for `split` (see
/// [`split_column`](Self::split_column)).
#[derive(Clone, Debug)]
pub struct LabelTable {
    path: PathBuf,
    targets: Vec<String>,
    range: Option<[f32; 2]>,
    samples: Vec<Sample>,
    split: Option<Vec<String>>,
}

impl LabelTable {
    /// Reads a labels CSV.
    ///
    /// `targets` are the columns to predict; every label must be a finite
    /// number in `range`.
    ///
    /// # Errors
    /// A missing, repeated or unreadable column, a wrong number of fields, a
    /// label that is no number in the range, an empty or repeated file name, or
    /// no rows at all: each with the file, the line and the column.
    pub fn read(
        path: &Path,
        targets: &[String],
        range: impl Into<LabelRange>,
    ) -> Result<Self, DataError> {
        let range = range.into();
        check_settings(targets, range)?;
        let table = Table::open(path)?;
        let filename_column = table.require("filename")?;
        let target_columns = targets
            .iter()
            .map(|target| table.require(target))
            .collect::<Result<Vec<usize>, _>>()?;
        let split_column = table.find("split");

        let limits = range.limits();
        let mut samples: Vec<Sample> = Vec::new();
        let mut split = split_column.map(|_| Vec::new());
        let mut seen: HashMap<String, u64> = HashMap::new();
        table.rows(|row, record| {
            let filename = record[filename_column].to_owned();
            if filename.trim().is_empty() {
                let path = path.to_owned();
                return Err(DataError::EmptyFilename { path, row });
            }
            if let Some(first_row) = seen.insert(filename.clone(), row) {
                return Err(DataError::DuplicateFilename {
                    path: path.to_owned(),
                    first_filename: filename.clone(),
                    filename,
                    first_row,
                    row,
                });
            }
            let mut labels = Vec::with_capacity(targets.len());
            for (target, &column) in targets.iter().zip(&target_columns) {
                let value = &record[column];
                labels.push(
                    parse_label(value, limits).map_err(|problem| DataError::Label {
                        path: path.to_owned(),
                        row,
                        column: target.clone(),
                        value: value.to_owned(),
                        problem,
                        low: limits[0],
                        high: limits[1],
                    })?,
                );
            }
            if let (Some(parts), Some(column)) = (&mut split, split_column) {
                parts.push(record[column].trim().to_owned());
            }
            samples.push(Sample {
                filename,
                labels,
                row,
            });
            Ok(())
        })?;
        if samples.is_empty() {
            return Err(DataError::Empty {
                path: path.to_owned(),
            });
        }
        Ok(Self {
            path: path.to_owned(),
            targets: targets.to_vec(),
            range: range.resolve(path, targets, &samples)?,
            samples,
            split,
        })
    }

    /// The number of samples, at least 1.
    #[allow(clippy::len_without_is_empty)] // An empty table is refused on reading.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// The target columns, in the order of every label and prediction vector.
    pub fn targets(&self) -> &[String] {
        &self.targets
    }

    /// The range `[low, high]` in effect, in which every label lies; `None`: labels
    /// are not bounded.
    pub fn label_range(&self) -> Option<[f32; 2]> {
        self.range
    }

    /// The samples in the order of the file.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The labels CSV.
    pub fn labels_path(&self) -> &Path {
        &self.path
    }

    /// The column named `split`, one text per sample, if the CSV has one.
    ///
    /// The texts are not yet checked; `Splits::from_column` does that.
    pub fn split_column(&self) -> Option<&[String]> {
        self.split.as_deref()
    }
}

fn check_settings(targets: &[String], range: LabelRange) -> Result<(), DataError> {
    if !range.is_valid() {
        return Err(DataError::setting(
            "label_range",
            range.to_string(),
            "two finite numbers, the smaller first",
        ));
    }
    if targets.is_empty() {
        return Err(DataError::setting(
            "targets",
            "empty",
            "at least one column of the labels file",
        ));
    }
    for (index, target) in targets.iter().enumerate() {
        if targets[..index].contains(target) {
            return Err(DataError::setting(
                "targets",
                format!("a list with `{target}` twice"),
                "each column once",
            ));
        }
        if target == "filename" || target == "split" {
            return Err(DataError::setting(
                "targets",
                format!("a list with `{target}`"),
                "columns of numbers; this one has another use",
            ));
        }
    }
    Ok(())
}

fn parse_label(text: &str, [low, high]: [f32; 2]) -> Result<f32, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty");
    }
    let value: f32 = text.parse().map_err(|_| "is not a number")?;
    if !value.is_finite() {
        Err("is not finite")
    } else if value < low || value > high {
        Err("is out of range")
    } else {
        // -0.0 and 0.0 are one label; fingerprints and bins compare bits.
        Ok(value + 0.0)
    }
}
