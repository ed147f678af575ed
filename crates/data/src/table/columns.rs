//! Finding a CSV's columns by name.

use super::Table;
use crate::discover::has_image_extension;
use crate::error::{CsvError, DataError, Remedy};
use crate::notice::DataNotice;

/// The column of image names unless another is configured.
const FILENAME: &str = "filename";

/// What other tools call that column. Case counts as little as the difference
/// between `_`, `-` and a blank.
const OTHER_FILENAMES: [&str; 16] = [
    "file_name",
    "file",
    "filepath",
    "file_path",
    "fname",
    "image",
    "images",
    "image_name",
    "image_file",
    "image_filename",
    "image_path",
    "img",
    "img_name",
    "img_path",
    "path",
    "name",
];

impl Table {
    /// The column of image names: the `configured` one, or else `filename`, or else
    /// the only one under a name that other tools give it. `remedy` names another.
    pub(crate) fn filename_column(
        &mut self,
        configured: Option<&str>,
        remedy: Option<Remedy>,
    ) -> Result<usize, DataError> {
        if let Some(name) = configured {
            let found = self.find(name);
            return found.ok_or_else(|| self.no_filenames(name, remedy));
        }
        if let Some(column) = self.find(FILENAME) {
            return Ok(column);
        }
        let known = |name: &&usize| {
            let name = self.header[**name].to_lowercase().replace([' ', '-'], "_");
            OTHER_FILENAMES.contains(&name.as_str())
        };
        let columns: Vec<usize> = (0..self.header.len()).collect();
        let found: Vec<usize> = columns.iter().filter(known).copied().collect();
        match found[..] {
            [column] => {
                self.note_column(FILENAME, column);
                Ok(column)
            }
            [] => Err(self.no_filenames(FILENAME, remedy)),
            _ => Err(CsvError::SeveralFilenameColumns {
                path: self.path.clone(),
                row: self.header_line(),
                found: self.quoted(&found),
                remedy,
            }
            .into()),
        }
    }

    /// The position of a column, if there is one: of this name, or the only one whose
    /// name differs in nothing but case.
    pub(crate) fn find(&mut self, column: &str) -> Option<usize> {
        if let Some(exact) = self.header.iter().position(|name| name == column) {
            return Some(exact);
        }
        let wanted = column.to_lowercase();
        let mut alike =
            (0..self.header.len()).filter(|&at| self.header[at].to_lowercase() == wanted);
        let (found, None) = (alike.next()?, alike.next()) else {
            return None;
        };
        self.note_column(column, found);
        Some(found)
    }

    /// The position of a column that must be there, as must the `others`.
    pub(crate) fn require(&mut self, column: &str, others: &[String]) -> Result<usize, DataError> {
        match self.find(column) {
            Some(found) => Ok(found),
            None if column == "split" => Err(self.missing(column, others, "", None)),
            None => Err(self.missing(column, others, "", Some(Remedy::Targets))),
        }
    }

    /// No two columns of one name, and a first line that is no row of data.
    pub(super) fn check_header(&self) -> Result<(), CsvError> {
        if let Some(value) = self.value_in_header() {
            return Err(CsvError::NoHeader {
                path: self.path.clone(),
                row: self.header_line(),
                value: value.to_owned(),
            });
        }
        for (second, column) in self.header.iter().enumerate() {
            let first = self.header[..second].iter().position(|name| name == column);
            if let (Some(first), false) = (first, column.is_empty()) {
                return Err(CsvError::DuplicateColumn {
                    path: self.path.clone(),
                    row: self.header_line(),
                    column: column.clone(),
                    first: first + 1,
                    second: second + 1,
                });
            }
        }
        Ok(())
    }

    /// An image's name among the columns' names, or a number after which only numbers
    /// follow.
    fn value_in_header(&self) -> Option<&str> {
        let mut names = self.header.iter();
        if let Some(image) = names.find(|name| has_image_extension(name.as_ref())) {
            return Some(image);
        }
        let (_, others) = self.header.split_first()?;
        let is_number = |name: &String| name.replace(',', ".").parse::<f64>().is_ok();
        if others.iter().all(is_number) {
            others.first().map(String::as_str)
        } else {
            None
        }
    }

    fn note_column(&mut self, wanted: &str, found: usize) {
        self.notices.push(DataNotice::Column {
            path: self.path.clone(),
            wanted: wanted.to_owned(),
            found: self.header[found].clone(),
        });
    }

    /// That there is no column of this name, which the one of image names should have.
    fn no_filenames(&self, name: &str, remedy: Option<Remedy>) -> DataError {
        let hint = format!("; call the column of the file names `{name}`");
        self.missing(name, &[], &hint, remedy)
    }

    /// What is called as one of the `others` can't be meant; `hint` says what else helps, as
    /// a clause, and `remedy` which setting does.
    fn missing(
        &self,
        column: &str,
        others: &[String],
        hint: &str,
        remedy: Option<Remedy>,
    ) -> DataError {
        let named: Vec<usize> = self.named().collect();
        let help = match named[..] {
            [] if self.header.is_empty() => "the file is empty".to_owned(),
            [] => "no column has a name".to_owned(),
            [only] if self.header[only].contains([',', ';', '\t', '|']) => format!(
                "the only column is `{}`, since this line stands in quotes as a whole; put quotes \
                 around single cells, or none",
                self.header[only]
            ),
            // A title, or a separator that is none.
            [only] => format!(
                "the only column is `{}`; this line must name all columns, with commas, semicolons, \
                 tabs or bars between them",
                self.header[only]
            ),
            _ => format!(
                "the columns are {}{}{hint}",
                self.quoted(&named),
                self.nearest(column, others)
            ),
        };
        CsvError::MissingColumn {
            path: self.path.clone(),
            row: self.header_line(),
            column: column.to_owned(),
            help,
            remedy: remedy.filter(|_| named.len() > 1),
        }
        .into()
    }

    /// The column that is most like `column` in name and none of the `others`, as a clause;
    /// or nothing.
    fn nearest(&self, column: &str, others: &[String]) -> String {
        let wanted = column.to_lowercase();
        let likeness = |at: usize| strsim::jaro_winkler(&self.header[at].to_lowercase(), &wanted);
        let nearest = self
            .named()
            .filter(|&at| !others.contains(&self.header[at]))
            .map(|at| (likeness(at), at))
            .filter(|&(likeness, _)| likeness > 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        nearest.map_or_else(String::new, |(_, at)| {
            format!("; did you mean `{}`?", self.header[at])
        })
    }

    /// The columns that have a name.
    fn named(&self) -> impl Iterator<Item = usize> {
        (0..self.header.len()).filter(|&at| !self.header[at].is_empty())
    }

    /// The columns but for `used`, with their names.
    pub(crate) fn others(&self, used: &[usize]) -> Vec<(usize, String)> {
        let others = self.named().filter(|at| !used.contains(at));
        others.map(|at| (at, self.header[at].clone())).collect()
    }

    /// A column's name.
    pub(crate) fn name(&self, column: usize) -> &str {
        &self.header[column]
    }

    fn header_line(&self) -> u64 {
        1 + self.lines_before
    }

    fn quoted(&self, columns: &[usize]) -> String {
        let names = columns.iter().map(|&at| format!("`{}`", self.header[at]));
        names.collect::<Vec<_>>().join(", ")
    }
}
