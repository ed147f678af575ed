//! Tables that can be sorted.

use super::Text;

/// A table; the first cell of each row is its heading.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// Unique within the report.
    pub(crate) id: &'static str,
    pub(crate) caption: Text,
    /// Headings over several columns, with how many; none: no such row.
    pub(crate) groups: Vec<(String, usize)>,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// Whether it takes a page across, when printed.
    pub(crate) wide: bool,
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

impl Table {
    pub(crate) fn new(id: &'static str, caption: impl Into<Text>) -> Self {
        Self {
            id,
            caption: caption.into(),
            ..Self::default()
        }
    }

    /// Adds a column of texts.
    pub(crate) fn text(mut self, title: impl Into<String>) -> Self {
        self.columns.push(Column {
            title: title.into(),
            hint: None,
            numeric: false,
            lines: Lines::One,
        });
        self
    }

    /// Adds a column of numbers.
    pub(crate) fn number(mut self, title: impl Into<String>) -> Self {
        self.columns.push(Column {
            title: title.into(),
            hint: None,
            numeric: true,
            lines: Lines::One,
        });
        self
    }

    /// Lets the names in the last column be broken.
    pub(crate) fn names(mut self) -> Self {
        if let Some(column) = self.columns.last_mut() {
            column.lines = Lines::Few;
        }
        self
    }

    /// Gives the last column room for sentences.
    pub(crate) fn long(mut self) -> Self {
        if let Some(column) = self.columns.last_mut() {
            column.lines = Lines::Many;
        }
        self
    }

    /// Explains the last column.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(column) = self.columns.last_mut() {
            column.hint = Some(hint.into());
        }
        self
    }

    /// Puts a heading over the columns since the last one.
    pub(crate) fn group(mut self, title: impl Into<String>) -> Self {
        let covered: usize = self.groups.iter().map(|(_, columns)| columns).sum();
        let columns = self.columns.len() - covered;
        self.groups.push((title.into(), columns));
        self
    }

    /// Whether there is a box to filter rows with: where one has to search for a row.
    pub(crate) fn has_filter(&self) -> bool {
        self.rows.len() >= 20
    }

    pub(crate) fn has_hints(&self) -> bool {
        self.columns.iter().any(|column| column.hint.is_some())
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.marked(Mark::None, cells);
    }

    pub(crate) fn marked(&mut self, mark: Mark, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len(), "{}", self.id);
        self.rows.push(Row { cells, mark });
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
    /// There is no such value.
    pub(crate) fn none() -> Self {
        Self {
            text: Text::from("–"),
            ..Self::default()
        }
    }

    pub(crate) fn text(text: impl Into<Text>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    pub(crate) fn number(value: f64, text: impl Into<Text>) -> Self {
        Self {
            text: text.into(),
            number: value.is_finite().then_some(value),
            detail: None,
        }
    }

    /// With `format`, where there is a value.
    pub(crate) fn of(value: Option<f64>, format: impl FnOnce(f64) -> String) -> Self {
        match value {
            Some(value) => Self::number(value, format(value)),
            None => Self::none(),
        }
    }

    pub(crate) fn count(value: usize) -> Self {
        Self::number(value as f64, crate::format::count(value as u64))
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
