//! Split files: a CSV with the columns `filename` and `split`.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::Splits;
use crate::discover::is_present;
use crate::error::{DataError, SplitError};
use crate::labels::LabelTable;
use crate::names::{Found, NameIndex};
use crate::part::{self, Part};
use crate::table::Table;
use psp_schema::{FileError, write_atomic};

impl Splits {
    /// Reads a split file: a CSV with the columns `filename` and `split`, one
    /// row for each image of the data set, in any order.
    ///
    /// # Errors
    /// An unknown part, a file name that the data set lacks, is empty or stands
    /// twice, a wrong number of fields (each with the line), or an image of the
    /// data set without a row.
    pub fn read(path: &Path, data: &LabelTable) -> Result<Self, DataError> {
        let mut table = Table::open(path)?;
        let filename_column = table.filename_column(None, None)?;
        let filename_name = table.name(filename_column).to_owned();
        let split_column = table.require("split", &[])?;
        let places: HashMap<&str, usize> = data
            .samples()
            .iter()
            .enumerate()
            .map(|(index, sample)| (sample.filename.as_str(), index))
            .collect();
        let mut found: Vec<Option<(Part, u64)>> = vec![None; data.len()];
        let _notices = table.rows(|cells| {
            let (filename, row) = (cells.raw(filename_column), cells.line);
            if filename.trim().is_empty() {
                return Err(DataError::EmptyFilename {
                    path: path.to_owned(),
                    row,
                    column: filename_name.clone(),
                });
            }
            let part = part::parse(cells.cell(split_column), path, row, None)?;
            let known = places.get(filename).or_else(|| places.get(filename.trim()));
            let Some(&index) = known else {
                let near = near(filename, data);
                return Err(SplitError::NotInDataset {
                    path: path.to_owned(),
                    row,
                    filename: filename.into(),
                    labels: data.labels_path().to_owned(),
                    near,
                }
                .into());
            };
            match found[index].replace((part, row)) {
                None => Ok(()),
                Some((_, first_row)) => Err(DataError::DuplicateFilename {
                    path: path.to_owned(),
                    filename: filename.to_owned(),
                    first_filename: filename.to_owned(),
                    first_row,
                    row,
                }),
            }
        })?;
        let count = found.iter().filter(|entry| entry.is_none()).count();
        if let Some(first) = found.iter().position(Option::is_none) {
            let sample = &data.samples()[first];
            return Err(SplitError::NotInSplit {
                path: path.to_owned(),
                count,
                filename: sample.filename.clone(),
                row: sample.row,
                labels: data.labels_path().to_owned(),
            }
            .into());
        }
        let parts = found.into_iter().flatten().map(|(part, _)| part).collect();
        Ok(Self::new(parts, data))
    }

    /// The file names in a split's file, blanks around them aside.
    ///
    /// # Errors
    /// A file that can't be read, or has no column of file names.
    pub fn names(path: &Path) -> Result<HashSet<String>, DataError> {
        let mut table = Table::open(path)?;
        let column = table.filename_column(None, None)?;
        let mut names = HashSet::new();
        let _notices = table.rows(|cells| {
            names.insert(cells.raw(column).trim().to_owned());
            Ok(())
        })?;
        Ok(names)
    }

    /// Writes the split to a file that [`read`](Self::read) takes, atomically.
    ///
    /// A file that already says the same is left alone; a different split is
    /// replaced only if `overwrite` is set, since results may refer to it, and a
    /// file that holds anything else never.
    ///
    /// # Errors
    /// [`SplitError::OtherDataset`] when the split was made for other labels,
    /// [`SplitError::SplitExists`], [`SplitError::NoSplit`], a symbolic link that leads
    /// nowhere, or a failed write.
    pub fn write(&self, path: &Path, data: &LabelTable, overwrite: bool) -> Result<(), DataError> {
        let same_length = self.parts.len() == data.len();
        if !same_length || Self::new(self.parts.clone(), data) != *self {
            let labels = data.labels_path().to_owned();
            return Err(SplitError::OtherDataset { labels }.into());
        }
        let content = self.to_csv(data);
        let content = content.map_err(FileError::write(path, "make its content"))?;
        match std::fs::read(path) {
            Ok(present) if present == content => return Ok(()),
            Ok(present) if !present.is_empty() && !is_split(path) => {
                let path = path.to_owned();
                return Err(SplitError::NoSplit { path }.into());
            }
            Ok(_) if !overwrite => {
                let path = path.to_owned();
                return Err(SplitError::SplitExists { path }.into());
            }
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                // A link that leads nowhere would be replaced.
                is_present(path)?;
            }
            Err(error) => return Err(DataError::io(path, "read the split already there")(error)),
        }
        write_atomic(path, |out| out.write_all(&content))?;
        Ok(())
    }

    fn to_csv(&self, data: &LabelTable) -> std::io::Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["filename", "split"])?;
        for (sample, part) in data.samples().iter().zip(&self.parts) {
            writer.write_record([sample.filename.as_str(), part.name()])?;
        }
        writer.into_inner().map_err(|error| error.into_error())
    }
}

/// The one name in the labels that `filename` may stand for: spelled a little differently, or
/// with other folders before it.
fn near(filename: &str, data: &LabelTable) -> Option<Box<str>> {
    let names = || data.samples().iter().map(|sample| sample.filename.as_str());
    let index = NameIndex::new(names().map(str::to_owned).collect());
    match index.find(filename) {
        Found::One(name, _) => return Some(name.into()),
        Found::Several(_) => return None,
        Found::Nothing => {}
    }
    let last = |name: &str| {
        let last = name.trim().rsplit(['/', '\\']).next().unwrap_or_default();
        NameIndex::plain(last)
    };
    let wanted = last(filename);
    let mut found = names().filter(|name| last(name) == wanted);
    let first = found.next()?;
    found.next().is_none().then(|| first.into())
}

/// Whether a file has a split's columns and no others.
fn is_split(path: &Path) -> bool {
    Table::open(path).is_ok_and(|mut table| {
        let filename = table.filename_column(None, None);
        match (filename, table.find("split")) {
            (Ok(filename), Some(split)) => table.others(&[filename, split]).is_empty(),
            _ => false,
        }
    })
}
