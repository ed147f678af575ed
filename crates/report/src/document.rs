//! What a report says, before it is set as a page or as Markdown.
//!
//! Both forms come from the same blocks, so that they cannot disagree.

mod link;
mod table;
mod text;

pub(crate) use link::Link;
pub(crate) use table::{Cell, Column, Columns, Mark, Table};
pub(crate) use text::{Span, Text};

use psp_plot::ErrorSize;

use crate::figures::Drawn;
use crate::pictures::Picture;

/// A whole report.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    pub(crate) title: String,
    /// Below the title.
    pub(crate) lead: Text,
    pub(crate) verdict: Verdict,
    pub(crate) sections: Vec<Section<'a>>,
    pub(crate) foot: Text,
}

/// What a reader has to know who reads nothing else.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) headline: Text,
    pub(crate) numbers: Vec<KeyNumber>,
    pub(crate) lines: Vec<Text>,
    /// The most important thing that should not be concluded.
    pub(crate) caveat: Option<Text>,
}

/// A number that stands out.
#[derive(Debug)]
pub(crate) struct KeyNumber {
    pub(crate) label: String,
    /// A link to the run that it comes from.
    pub(crate) value: Text,
    pub(crate) details: Vec<String>,
}

/// A part of the report with a heading.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) blocks: Vec<Block<'a>>,
}

/// One thing after another.
#[derive(Debug)]
pub(crate) enum Block<'a> {
    /// A heading within the section.
    Heading(String),
    Paragraph(Text),
    List(Vec<Text>),
    /// Names and what belongs to them.
    Facts(Vec<(&'static str, Text)>),
    /// Lines as they are to be typed.
    Code(String),
    /// What is long, and seldom wanted.
    Folded {
        summary: &'static str,
        code: String,
    },
    Table(Table),
    Figure {
        figure: &'a Drawn,
        caption: Text,
    },
    Gallery(Gallery<'a>),
}

/// Photos with their scores.
#[derive(Debug)]
pub(crate) struct Gallery<'a> {
    pub(crate) title: &'static str,
    pub(crate) note: Text,
    pub(crate) shots: Vec<Shot<'a>>,
    /// The same as one picture, for Markdown.
    pub(crate) figure: Option<&'a Drawn>,
}

/// One photo.
#[derive(Debug)]
pub(crate) struct Shot<'a> {
    pub(crate) filename: &'a str,
    /// Or why there is none.
    pub(crate) photo: Result<&'a Picture, &'a str>,
    pub(crate) scores: Vec<ShotScore<'a>>,
}

/// The scores of one target, as text.
#[derive(Debug)]
pub(crate) struct ShotScore<'a> {
    pub(crate) target: &'a str,
    pub(crate) label: String,
    pub(crate) prediction: String,
    pub(crate) error: String,
    pub(crate) size: ErrorSize,
}

impl<'a> Section<'a> {
    pub(crate) fn heading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading(text.into()));
    }

    /// Adds nothing for an empty text.
    pub(crate) fn say(&mut self, text: impl Into<Text>) {
        let text = text.into();
        if !text.is_empty() {
            self.blocks.push(Block::Paragraph(text));
        }
    }

    /// Adds nothing where there are no items.
    pub(crate) fn list(&mut self, items: impl IntoIterator<Item = impl Into<Text>>) {
        let items: Vec<Text> = items.into_iter().map(Into::into).collect();
        if !items.is_empty() {
            self.blocks.push(Block::List(items));
        }
    }

    pub(crate) fn facts(
        &mut self,
        facts: impl IntoIterator<Item = (&'static str, impl Into<Text>)>,
    ) {
        let facts = facts.into_iter().map(|(name, text)| (name, text.into()));
        self.blocks.push(Block::Facts(facts.collect()));
    }

    pub(crate) fn table(&mut self, table: impl Into<Table>) {
        self.blocks.push(Block::Table(table.into()));
    }

    /// Adds nothing where there is no such figure.
    pub(crate) fn figure(&mut self, figure: Option<&'a Drawn>, caption: impl Into<Text>) {
        if let Some(figure) = figure {
            let caption = caption.into();
            self.blocks.push(Block::Figure { figure, caption });
        }
    }
}
