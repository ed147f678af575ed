//! A written report, parsed.

use std::path::{Path, PathBuf};

use psp_report::{Input, Photos, Settings, Written, write};
use scraper::{ElementRef, Html, Selector};

pub(crate) struct Report {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) written: Written,
    pub(crate) html: String,
    pub(crate) page: Html,
    pub(crate) markdown: String,
}

impl Report {
    pub(crate) fn of(input: &Input) -> Self {
        Self::with(input, &super::photos, &super::quick())
    }

    pub(crate) fn with(input: &Input, photos: &dyn Photos, settings: &Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let written = write(input, photos, folder.path(), settings).unwrap();
        let html = std::fs::read_to_string(&written.index).unwrap();
        keep(&html);
        let markdown = std::fs::read_to_string(&written.markdown).unwrap();
        let page = Html::parse_document(&html);
        assert_eq!(page.errors, Vec::<String>::new(), "the page is well-formed");
        Self {
            folder,
            written,
            page,
            html,
            markdown,
        }
    }

    pub(crate) fn all(&self, selector: &str) -> Vec<ElementRef<'_>> {
        self.page
            .select(&Selector::parse(selector).unwrap())
            .collect()
    }

    pub(crate) fn one(&self, selector: &str) -> ElementRef<'_> {
        let found = self.all(selector);
        assert_eq!(found.len(), 1, "{selector}");
        found[0]
    }

    /// The visible text of an element, in one line.
    pub(crate) fn text(&self, selector: &str) -> String {
        text(&self.one(selector))
    }

    pub(crate) fn says(&self, what: &str) -> bool {
        text(&self.one("main")).contains(what)
    }
}

/// Keeps a page under its test's name in the folder `PSP_REPORT_PAGES`, if that is
/// set, for whoever wants to look at it.
fn keep(html: &str) {
    let Some(folder) = std::env::var_os("PSP_REPORT_PAGES").map(PathBuf::from) else {
        return;
    };
    let thread = std::thread::current();
    let name = format!("{}.html", thread.name().unwrap_or("page"));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), html).unwrap();
}

pub(crate) fn text(element: &ElementRef) -> String {
    let text: String = element.text().collect();
    text.replace('\u{a0}', " ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// The texts of a row's cells, with spaces between.
pub(crate) fn cells(row: &ElementRef) -> String {
    let cells = row.children().filter_map(ElementRef::wrap);
    cells.map(|cell| text(&cell)).collect::<Vec<_>>().join(" ")
}

/// All files below a folder with their bytes, by name.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path))
        } else {
            files.push((path.clone(), std::fs::read(&path).unwrap()))
        }
    }
    files.sort();
    files
}
