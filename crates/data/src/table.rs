//! Reading a CSV with checks that name the line.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use csv::{Position, Reader, ReaderBuilder, StringRecord, Trim};

use crate::error::DataError;

/// A CSV whose header and field counts have been checked.
pub(crate) struct Table {
    path: PathBuf,
    header: Vec<String>,
    reader: Reader<Cursor<Vec<u8>>>,
}

impl Table {
    /// Opens a CSV and checks its header. A UTF-8 byte-order mark is skipped;
    /// spaces around column names are dropped.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let content = std::fs::read(path).map_err(DataError::io(path, "read this CSV file"))?;
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .trim(Trim::Headers)
            .from_reader(Cursor::new(content));
        let header: Vec<String> = reader
            .headers()
            .map_err(|error| csv_error(path, 1, &error))?
            .iter()
            .map(str::to_owned)
            .collect();
        for (second, column) in header.iter().enumerate() {
            if let Some(first) = header[..second].iter().position(|other| other == column) {
                return Err(DataError::DuplicateColumn {
                    path: path.to_owned(),
                    column: column.clone(),
                    first: first + 1,
                    second: second + 1,
                });
            }
        }
        Ok(Self {
            path: path.to_owned(),
            header,
            reader,
        })
    }

    /// The position of a column, if there is one.
    pub(crate) fn find(&self, column: &str) -> Option<usize> {
        self.header.iter().position(|name| name == column)
    }

    /// The position of a column that must be there.
    pub(crate) fn require(&self, column: &str) -> Result<usize, DataError> {
        self.find(column).ok_or_else(|| {
            let nearest = self
                .header
                .iter()
                .map(|name| (strsim::jaro_winkler(name, column), name))
                .filter(|&(likeness, _)| likeness > 0.8)
                .max_by(|a, b| a.0.total_cmp(&b.0));
            let present: Vec<String> = self.header.iter().map(|c| format!("`{c}`")).collect();
            DataError::MissingColumn {
                path: self.path.clone(),
                column: column.to_owned(),
                present: present.join(", "),
                hint: nearest
                    .map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?")),
            }
        })
    }

    /// Calls `each` with every row and its line number.
    pub(crate) fn rows<F>(mut self, mut each: F) -> Result<(), DataError>
    where
        F: FnMut(u64, &StringRecord) -> Result<(), DataError>,
    {
        let mut record = StringRecord::new();
        loop {
            let row = self.next_line();
            let more = self.reader.read_record(&mut record);
            if !more.map_err(|error| csv_error(&self.path, row, &error))? {
                return Ok(());
            }
            if record.len() != self.header.len() {
                return Err(DataError::FieldCount {
                    path: self.path,
                    row,
                    expected: self.header.len(),
                    found: record.len(),
                });
            }
            each(row, &record)?;
        }
    }

    /// The line on which the next record starts.
    ///
    /// The reader's own position is where it stopped reading, so that blank
    /// lines and the second half of a CRLF still lie before the record.
    fn next_line(&self) -> u64 {
        let position: &Position = self.reader.position();
        let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
        let content = self.reader.get_ref().get_ref();
        let skipped = content.get(start..).unwrap_or_default().iter();
        let breaks = skipped
            .take_while(|&&byte| byte == b'\n' || byte == b'\r')
            .filter(|&&byte| byte == b'\n')
            .count();
        position.line() + breaks as u64
    }
}

fn csv_error(path: &Path, row: u64, error: &csv::Error) -> DataError {
    DataError::Csv {
        path: path.to_owned(),
        row,
        reason: match error.kind() {
            csv::ErrorKind::Utf8 { err, .. } => err.to_string(),
            _ => error.to_string(),
        },
    }
}
