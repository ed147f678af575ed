//! Text with emphasis and links.

use super::Link;

/// Part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Plain(String),
    Strong(String),
    Code(String),
    Link(String, Link),
}

/// Some spans one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) spans: Vec<Span>,
}

impl Text {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    pub(crate) fn plain(mut self, text: impl Into<String>) -> Self {
        self.spans.push(Span::Plain(text.into()));
        self
    }

    pub(crate) fn strong(mut self, text: impl Into<String>) -> Self {
        self.spans.push(Span::Strong(text.into()));
        self
    }

    pub(crate) fn code(mut self, text: impl Into<String>) -> Self {
        self.spans.push(Span::Code(text.into()));
        self
    }

    /// To a folder or file, given relative to the report's own folder.
    pub(crate) fn path(mut self, text: impl Into<String>, path: &str) -> Self {
        let link = Link::Path(path.to_owned());
        self.spans.push(Span::Link(text.into(), link));
        self
    }

    /// Links to folders or files, with commas between.
    pub(crate) fn links<'a>(links: impl IntoIterator<Item = (String, &'a str)>) -> Self {
        links.into_iter().fold(Self::new(), |text, (name, path)| {
            let comma = if text.is_empty() { "" } else { ", " };
            text.then(comma).path(name, path)
        })
    }

    /// To a section.
    pub(crate) fn section(mut self, text: impl Into<String>, id: &'static str) -> Self {
        self.spans.push(Span::Link(text.into(), Link::Section(id)));
        self
    }

    pub(crate) fn then(mut self, other: impl Into<Self>) -> Self {
        self.spans.extend(other.into().spans);
        self
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        match text {
            "" => Self::new(),
            _ => Self::new().plain(text),
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}
