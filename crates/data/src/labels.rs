//! The labels CSV.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::error::{DataError, LabelError, OUT_OF_RANGE, Remedy};
use crate::label_range::LabelRange;
use crate::notice::{DataNotice, LabelNotice};
use crate::numbers::{Numbers, Rounding};
use crate::part::{self, Part};
use crate::sample::Sample;
use crate::table::Table;

/// The checked content of a labels CSV, without its images.
///
/// The file has a header with a column of file names and one column per target;
/// other columns are ignored, save for `split` (see
/// [`split_column`](Self::split_column)). Columns are separated by commas,
/// semicolons or tabs, and numbers may have decimal commas.
#[derive(Clone, Debug)]
pub struct LabelTable {
    path: PathBuf,
    targets: Vec<String>,
    range: Option<[f32; 2]>,
    samples: Vec<Sample>,
    split: Option<Vec<String>>,
    notices: Vec<DataNotice>,
}

impl LabelTable {
    /// The samples with these indices alone.
    pub(crate) fn only(&self, indices: &[usize]) -> Self {
        let part =
            |parts: &Vec<String>| indices.iter().map(|&index| parts[index].clone()).collect();
        Self {
            path: self.path.clone(),
            targets: self.targets.clone(),
            range: self.range,
            samples: indices
                .iter()
                .map(|&index| self.samples[index].clone())
                .collect(),
            split: self.split.as_ref().map(part),
            notices: self.notices.clone(),
        }
    }

    /// Reads a labels CSV.
    ///
    /// `targets` are the columns to predict; every label must be a finite
    /// number in `range`. Images are named by the column `filename`, or else by the only
    /// one that is known as such (`image`, `file_name`, …).
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
        Self::read_named(path, targets, range, None)
    }

    /// The same with images named by the column `filename`, if one is given.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_named(
        path: &Path,
        targets: &[String],
        range: impl Into<LabelRange>,
        filename: Option<&str>,
    ) -> Result<Self, DataError> {
        let range = range.into();
        check_settings(targets, range)?;
        let mut table = Table::open(path)?;
        let filename_column = table.filename_column(filename, Some(Remedy::FilenameColumn))?;
        let target_columns = targets
            .iter()
            .map(|target| table.require(target, targets))
            .collect::<Result<Vec<usize>, _>>()?;
        let split_column = table.find("split");
        check_columns(
            path,
            targets,
            &target_columns,
            filename_column,
            split_column,
        )?;
        let filename_name = table.name(filename_column).to_owned();
        // Those that name a part on each row so far, where no column `split` does.
        let mut like_split = match split_column {
            Some(_) => Vec::new(),
            None => table.others(&[target_columns.as_slice(), &[filename_column]].concat()),
        };

        let limits = range.limits();
        let refused = |row, target: usize, value: &str, problem| LabelError::Value {
            path: path.to_owned(),
            row,
            column: targets[target].clone(),
            value: excerpt(value),
            problem,
            low: limits[0],
            high: limits[1],
        };
        let mut samples: Vec<Sample> = Vec::new();
        let mut split = split_column.map(|_| Vec::new());
        let mut seen: HashMap<String, u64> = HashMap::new();
        let mut numbers = Numbers::new(table.separator);
        let mut roundings = vec![Rounding::NONE; targets.len()];
        let mut notices = table.rows(|row| {
            let filename = row.raw(filename_column).to_owned();
            if filename.trim().is_empty() {
                return Err(DataError::EmptyFilename {
                    path: path.to_owned(),
                    row: row.line,
                    column: filename_name.clone(),
                });
            }
            if let Some(first_row) = seen.insert(filename.clone(), row.line) {
                return Err(DataError::DuplicateFilename {
                    path: path.to_owned(),
                    first_filename: filename.clone(),
                    filename,
                    first_row,
                    row: row.line,
                });
            }
            let mut labels = Vec::with_capacity(targets.len());
            for (target, &column) in target_columns.iter().enumerate() {
                let value = row.cell(column);
                let label = numbers
                    .with_point(value, row.line, target)
                    .and_then(|number| {
                        let label = parse_label(&number, limits)?;
                        roundings[target].add(&number, label);
                        Ok(label)
                    });
                labels.push(label.map_err(|problem| refused(row.line, target, value, problem))?);
            }
            like_split.retain(|&(column, _)| part::known(row.cell(column)).is_some());
            if let (Some(parts), Some(column)) = (&mut split, split_column) {
                parts.push(row.cell(column).to_owned());
            }
            samples.push(Sample {
                filename,
                labels,
                row: row.line,
            });
            Ok(())
        })?;
        if samples.is_empty() {
            return Err(DataError::Empty {
                path: path.to_owned(),
            });
        }
        if let Some(unclear) = numbers.unclear() {
            let problem = "may be a number of thousands, as all others with a comma; write numbers \
                           without separators between thousands";
            return Err(refused(unclear.row, unclear.target, &unclear.text, problem).into());
        }
        for (column, rounding) in targets.iter().zip(&roundings) {
            rounding.check(path, column)?;
        }
        notices.extend(numbers.notice(path));
        let columns = targets.iter().zip(&roundings);
        let rounded = columns.filter_map(|(column, rounding)| rounding.notice(path, column));
        notices.extend(rounded.map(DataNotice::Label));
        notices.extend(
            like_split
                .pop()
                .map(|(_, column)| DataNotice::UnusedSplitColumn {
                    path: path.to_owned(),
                    column,
                }),
        );
        let (range, of_labels) = range.resolve(path, targets, &samples)?;
        notices.extend(of_labels.into_iter().map(DataNotice::Label));
        Ok(Self {
            path: path.to_owned(),
            targets: targets.to_vec(),
            range,
            samples,
            split,
            notices,
        })
    }

    /// What is worth telling about how the file was read.
    pub(crate) fn notices(&self) -> &[DataNotice] {
        &self.notices
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

    /// The targets whose label is the same on all of the samples `indices` of a part, of
    /// which there are several.
    pub fn same_labels(&self, part: Part, indices: &[usize]) -> Vec<LabelNotice> {
        let [first, _, ..] = *indices else {
            return Vec::new();
        };
        let labels = |index: usize| self.samples[index].labels.as_slice();
        let targets = self.targets.iter().zip(labels(first)).enumerate();
        let same = targets.filter(|&(target, (_, value))| {
            let mut others = indices.iter();
            others.all(|&index| labels(index)[target] == *value)
        });
        same.map(|(_, (column, &value))| LabelNotice::SameLabel {
            path: self.path.clone(),
            column: column.clone(),
            value,
            part,
            count: indices.len(),
        })
        .collect()
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
    Ok(())
}

/// Each target is a column of its own, which has no other use. They are found in any case.
fn check_columns(
    path: &Path,
    targets: &[String],
    columns: &[usize],
    filename_column: usize,
    split_column: Option<usize>,
) -> Result<(), DataError> {
    const NUMBERS: &str = "columns of numbers";
    let path = path.display();
    for (index, (target, &column)) in targets.iter().zip(columns).enumerate() {
        let first = columns[..index].iter().position(|&other| other == column);
        let (found, expected) = if let Some(first) = first {
            let first = &targets[first];
            (
                if first == target {
                    format!("`{target}` twice")
                } else {
                    format!("`{first}` and `{target}`, which are one column of {path}")
                },
                "each column once",
            )
        } else if column == filename_column {
            (
                format!("`{target}`, which holds the file names in {path}"),
                NUMBERS,
            )
        } else if Some(column) == split_column {
            (
                format!("`{target}`, which names the parts in {path}"),
                NUMBERS,
            )
        } else {
            continue;
        };
        let found = format!("a list with {found}");
        return Err(DataError::setting("targets", found, expected));
    }
    Ok(())
}

fn parse_label(text: &str, [low, high]: [f32; 2]) -> Result<f32, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty");
    }
    let value: f32 = text.parse().map_err(|_| "is not a number")?;
    if value.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit()) {
        Err("is beyond the largest number in single precision, 3.4e38")
    } else if !value.is_finite() {
        Err("is not finite")
    } else if value < low || value > high {
        Err(OUT_OF_RANGE)
    } else {
        // -0.0 and 0.0 are one label; fingerprints and bins compare bits.
        Ok(value + 0.0)
    }
}

/// A value as messages show it: no more than the beginning of its first line.
fn excerpt(value: &str) -> String {
    const SHOWN: usize = 40;
    let line = value.lines().next().unwrap_or_default();
    let shown: String = line.chars().take(SHOWN).collect();
    if shown.len() == value.len() {
        shown
    } else {
        shown + "…"
    }
}
