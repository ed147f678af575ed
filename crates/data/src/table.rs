//! Reading a CSV with checks that name the line.

mod columns;
mod text;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use csv::{Position, Reader, ReaderBuilder, StringRecord};

use crate::error::{CsvError, DataError};
use crate::notice::DataNotice;
use crate::separator::Separator;
use text::Text;

/// A CSV whose header has been checked.
///
/// Names and values may stand in quotes, with blanks around them. Columns without a
/// name and rows without a value, as Excel leaves them behind, are passed over.
pub(crate) struct Table {
    path: PathBuf,
    header: Vec<String>,
    reader: Reader<Cursor<Vec<u8>>>,
    lines_before: u64,
    /// What stands between columns.
    pub(crate) separator: Separator,
    notices: Vec<DataNotice>,
}

/// One row of a [`Table`].
pub(crate) struct Row<'a> {
    /// Its line in the file, counting from 1.
    pub(crate) line: u64,
    record: &'a StringRecord,
}

impl Row<'_> {
    /// The value of a column as the file has it, without quotes.
    pub(crate) fn raw(&self, column: usize) -> &str {
        unquoted(self.record.get(column).unwrap_or_default())
    }

    /// The value of a column, without quotes and blanks around it.
    pub(crate) fn cell(&self, column: usize) -> &str {
        self.raw(column).trim()
    }
}

impl Table {
    /// Opens a CSV and checks its header.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        if path.is_dir() {
            return Err(DataError::FolderForFile {
                path: path.to_owned(),
            });
        }
        psp_schema::check_is_file(path)?;
        let bytes = std::fs::read(path).map_err(DataError::io(path, "read this CSV file"))?;
        let text = Text::new(bytes).map_err(|reason| CsvError::Unreadable {
            path: path.to_owned(),
            row: 1,
            reason: reason.to_owned(),
        })?;
        let mut notices = Vec::new();
        if text.separator != Separator::Comma || text.is_utf16 {
            notices.push(DataNotice::Separator {
                path: path.to_owned(),
                separator: text.separator,
                is_utf16: text.is_utf16,
            });
        }
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .delimiter(text.separator.byte())
            .from_reader(Cursor::new(text.content));
        let header: Vec<String> = reader
            .headers()
            .map_err(|error| csv_error(path, 1 + text.lines_before, &error))?
            .iter()
            .map(|name| unquoted(name).trim().to_owned())
            .collect();
        let table = Self {
            path: path.to_owned(),
            header,
            reader,
            lines_before: text.lines_before,
            separator: text.separator,
            notices,
        };
        table.check_header()?;
        Ok(table)
    }

    /// Calls `each` with every row that has a value, and returns what is worth
    /// telling about the file.
    pub(crate) fn rows<F>(mut self, mut each: F) -> Result<Vec<DataNotice>, DataError>
    where
        F: FnMut(Row<'_>) -> Result<(), DataError>,
    {
        let mut record = StringRecord::new();
        let mut empty_rows = 0;
        loop {
            let line = self.next_line();
            let more = self.reader.read_record(&mut record);
            if !more.map_err(|error| csv_error(&self.path, line, &error))? {
                break;
            }
            if record.iter().all(|value| value.trim().is_empty()) {
                empty_rows += 1;
                continue;
            }
            self.check_fields(line, &record)?;
            each(Row {
                line,
                record: &record,
            })?;
        }
        let empty_columns = self.header.iter().skip(1);
        let empty_columns = empty_columns.filter(|name| name.is_empty()).count();
        if empty_columns + empty_rows > 0 {
            self.notices.push(DataNotice::EmptyCells {
                path: self.path,
                columns: empty_columns,
                rows: empty_rows,
            });
        }
        Ok(self.notices)
    }

    /// As many fields as the header has, but for empty ones at the end, and no value
    /// in a column without a name. The first column may lack one: pandas and R put
    /// row numbers there.
    fn check_fields(&self, line: u64, record: &StringRecord) -> Result<(), CsvError> {
        let is_empty = |value: Option<&str>| value.is_none_or(|value| value.trim().is_empty());
        let expected = self.header.len();
        let mut missing = self.header.iter().skip(record.len());
        let mut extra = record.iter().skip(expected);
        if missing.any(|name| !name.is_empty()) || !extra.all(|value| is_empty(Some(value))) {
            return Err(CsvError::FieldCount {
                path: self.path.clone(),
                row: line,
                expected,
                found: record.len(),
                hint: self.hint_at_a_cause(record),
            });
        }
        let mut unnamed = (1..expected).filter(|&column| self.header[column].is_empty());
        match unnamed.find(|&column| !is_empty(record.get(column))) {
            None => Ok(()),
            Some(column) => Err(CsvError::UnnamedColumn {
                path: self.path.clone(),
                row: line,
                value: record[column].trim().to_owned(),
                column: column + 1,
                hint: self.hint_at_a_cause(record),
            }),
        }
    }

    /// What to do about `a.jpg,0,25,1,0` and `"a.jpg,0.25`.
    fn hint_at_a_cause(&self, record: &StringRecord) -> &'static str {
        if record.iter().any(|field| field.contains('\n')) {
            return "; one of them has a line break: is a quotation mark not closed?";
        }
        let is_whole = |text: &str| {
            let digits = text.trim().trim_start_matches(['+', '-']);
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        let fields: Vec<bool> = record.iter().map(is_whole).collect();
        let is_split = fields.windows(2).any(|pair| pair == [true, true]);
        if self.separator == Separator::Comma && is_split {
            "; if the numbers have decimal commas, separate the columns by semicolons or put \
             each number in quotes"
        } else {
            ""
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
        position.line() + breaks as u64 + self.lines_before
    }
}

/// A value whose quotes have blanks before them, which the CSV reader therefore
/// takes for part of it, without these.
fn unquoted(value: &str) -> &str {
    let inner = value.trim().strip_prefix('"');
    inner
        .and_then(|inner| inner.strip_suffix('"'))
        .unwrap_or(value)
}

fn csv_error(path: &Path, row: u64, error: &csv::Error) -> CsvError {
    CsvError::Unreadable {
        path: path.to_owned(),
        row,
        reason: match error.kind() {
            csv::ErrorKind::Utf8 { err, .. } => format!(
                "field {} is not UTF-8; save the file as UTF-8 (\"CSV UTF-8\" in Excel)",
                err.field() + 1
            ),
            _ => error.to_string(),
        },
    }
}
