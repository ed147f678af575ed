//! Tables that can be sorted.

use super::Text;
use crate::analysis::Estimate;
use crate::format::{count, multiply_adds};

/// A table; the first cell of each row is its heading.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// Unique within the report.
    pub(crate) id: String,
    pub(crate) caption: Text,
    /// Headings over several columns, with how many; none: no such row.
    pub(crate) groups: Vec<(String, usize)>,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// Whether it takes a page across, when printed.
    pub(crate) wide: bool,
}

/// A table that is filled column by column, from one value per row.
#[derive(Debug)]
pub(crate) struct Columns<R> {
    table: Table,
    of: Vec<R>,
}

/// The heading of a column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) title: String,
    /// What it means, where the title is too short to tell.
    pub(crate) hint: Option<String>,
    pub(crate) numeric: bool,
    /// How its texts are broken into lines.
    pub(crate) lines: Lines,
}

/// How the texts of a column are broken into lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    /// Not at all.
    One,
    /// Where the table would be too wide.
    Few,
    /// As a paragraph is.
    Many,
}

/// One row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) cells: Vec<Cell>,
    pub(crate) mark: Mark,
}

/// How a row stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mark {
    #[default]
    None,
    /// It is the chosen one.
    Chosen,
    /// It counts for less.
    Quiet,
}

/// One cell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) text: Text,
    /// Below the text, smaller, such as an interval.
    pub(crate) detail: Option<Text>,
    /// What a numeric column is sorted by; without one the row comes last.
    pub(crate) number: Option<f64>,
}

impl Mark {
    pub(crate) fn chosen(is: bool) -> Self {
        if is { Self::Chosen } else { Self::None }
    }

    pub(crate) fn quiet(is: bool) -> Self {
        if is { Self::Quiet } else { Self::None }
    }
}

impl Table {
    /// A table with a row for each of `of`.
    pub(crate) fn of<R>(
        id: impl Into<String>,
        caption: impl Into<Text>,
        of: impl IntoIterator<Item = R>,
    ) -> Columns<R> {
        let of: Vec<R> = of.into_iter().collect();
        let table = Self {
            id: id.into(),
            caption: caption.into(),
            rows: vec![Row::default(); of.len()],
            ..Self::default()
        };
        Columns { table, of }
    }

    /// Whether there is a box to filter rows with: where one has to search for a row.
    pub(crate) fn has_filter(&self) -> bool {
        self.rows.len() >= 20
    }

    pub(crate) fn has_hints(&self) -> bool {
        self.columns.iter().any(|column| column.hint.is_some())
    }
}

impl<R> Columns<R> {
    /// Adds a column of texts.
    pub(crate) fn text<C: Into<Cell>>(
        self,
        title: impl Into<String>,
        cell: impl FnMut(&R) -> C,
    ) -> Self {
        self.column(title, false, cell)
    }

    /// Adds a column of numbers.
    pub(crate) fn number<C: Into<Cell>>(
        self,
        title: impl Into<String>,
        cell: impl FnMut(&R) -> C,
    ) -> Self {
        self.column(title, true, cell)
    }

    pub(crate) fn column<C: Into<Cell>>(
        mut self,
        title: impl Into<String>,
        numeric: bool,
        mut cell: impl FnMut(&R) -> C,
    ) -> Self {
        self.table.columns.push(Column {
            title: title.into(),
            hint: None,
            numeric,
            lines: Lines::One,
        });
        for (row, of) in self.table.rows.iter_mut().zip(&self.of) {
            row.cells.push(cell(of).into());
        }
        self
    }

    /// Lets the names in the last column be broken.
    pub(crate) fn names(self) -> Self {
        self.last(|column| column.lines = Lines::Few)
    }

    /// Gives the last column room for sentences.
    pub(crate) fn long(self) -> Self {
        self.last(|column| column.lines = Lines::Many)
    }

    /// Explains the last column.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        self.last(|column| column.hint = Some(hint.into()))
    }

    fn last(mut self, change: impl FnOnce(&mut Column)) -> Self {
        self.table.columns.last_mut().map(change);
        self
    }

    /// Puts a heading over the columns since the last one.
    pub(crate) fn group(mut self, title: impl Into<String>) -> Self {
        let covered: usize = self.table.groups.iter().map(|(_, columns)| columns).sum();
        let columns = self.table.columns.len() - covered;
        self.table.groups.push((title.into(), columns));
        self
    }

    /// Adds columns that only some reports have.
    pub(crate) fn when(self, condition: bool, more: impl FnOnce(Self) -> Self) -> Self {
        if condition { more(self) } else { self }
    }

    /// Gives the table a page across, when printed.
    pub(crate) fn wide(mut self, wide: bool) -> Self {
        self.table.wide = wide;
        self
    }

    /// Says how each row stands out.
    pub(crate) fn marked(mut self, mark: impl Fn(&R) -> Mark) -> Self {
        for (row, of) in self.table.rows.iter_mut().zip(&self.of) {
            row.mark = mark(of);
        }
        self
    }
}

impl<R> From<Columns<R>> for Table {
    fn from(columns: Columns<R>) -> Self {
        columns.table
    }
}

impl Column {
    /// Its name in the style sheet.
    pub(crate) fn class(&self) -> &'static str {
        match (self.numeric, self.lines) {
            (true, _) => "number",
            (_, Lines::Few) => "name",
            (_, Lines::Many) => "long",
            (_, Lines::One) => "",
        }
    }
}

impl Row {
    /// Its name in the style sheet.
    pub(crate) fn class(&self) -> &'static str {
        match self.mark {
            Mark::None => "",
            Mark::Chosen => "chosen",
            Mark::Quiet => "quiet",
        }
    }
}

impl Cell {
    pub(crate) fn number(value: f64, text: impl Into<Text>) -> Self {
        Self {
            text: text.into(),
            number: value.is_finite().then_some(value),
            detail: None,
        }
    }

    /// With `format`, where there is a value.
    pub(crate) fn of(value: impl Into<Option<f64>>, format: impl FnOnce(f64) -> String) -> Self {
        let value = value.into();
        value.map(|value| Self::number(value, format(value))).into()
    }

    pub(crate) fn count(value: impl TryInto<u64>) -> Self {
        let value = value.try_into().unwrap_or(u64::MAX);
        Self::number(value as f64, count(value))
    }

    pub(crate) fn multiply_adds(value: u64) -> Self {
        Self::number(value as f64, multiply_adds(value))
    }

    /// A value with its interval below.
    pub(crate) fn estimate(
        of: impl Into<Option<Estimate>>,
        format: impl Fn(f64) -> String,
    ) -> Self {
        let of = of.into();
        let interval = of.and_then(|of| of.interval);
        Self::of(of.map(|of| of.value), &format).interval(interval, format)
    }

    pub(crate) fn detail(mut self, detail: impl Into<Text>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With the ends of an interval below.
    pub(crate) fn interval(self, ends: Option<[f64; 2]>, format: impl Fn(f64) -> String) -> Self {
        match ends {
            Some([low, high]) => self.detail(format!("[{}, {}]", format(low), format(high))),
            None => self,
        }
    }

    /// What `data-sort` says.
    pub(crate) fn sort_key(&self) -> String {
        self.number
            .map(|number| number.to_string())
            .unwrap_or_default()
    }
}

impl From<Text> for Cell {
    fn from(text: Text) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Text::from(text).into()
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Text::from(text).into()
    }
}

impl From<Option<Self>> for Cell {
    /// A dash where there is no value.
    fn from(cell: Option<Self>) -> Self {
        cell.unwrap_or_else(|| "–".into())
    }
}
