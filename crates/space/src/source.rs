//! The text that a space is read from, and places in it.

use std::ops::Range;

use serde::Deserialize;
use toml::Value;
use toml::de::{DeTable, DeValue, Error, ValueDeserializer};

use crate::error::SpaceError;

/// A part of a document together with where it stands.
pub(crate) type Spanned<'a> = toml::Spanned<DeValue<'a>>;

/// `section.key` with the place of the key, and its value.
pub(crate) struct Entry<'t, 'a> {
    pub(crate) key: String,
    pub(crate) span: Range<usize>,
    pub(crate) value: &'t Spanned<'a>,
}

/// A document's text and the name that it has in errors.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) text: &'a str,
    pub(crate) name: &'a str,
}

impl<'a> Source<'a> {
    pub(crate) fn parse(self) -> Result<DeTable<'a>, SpaceError> {
        DeTable::parse(self.text)
            .map(toml::Spanned::into_inner)
            .map_err(|error| self.syntax(&error))
    }

    /// The line of a place in the text, from 1.
    pub(crate) fn line(self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().iter().take(span.start);
        1 + before.filter(|&&byte| byte == b'\n').count()
    }

    pub(crate) fn place(self, span: &Range<usize>) -> String {
        place(self.name, self.line(span))
    }

    pub(crate) fn malformed(
        self,
        span: &Range<usize>,
        key: &str,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> SpaceError {
        SpaceError::Malformed {
            place: self.place(span),
            key: key.to_owned(),
            found: found.into(),
            expected: expected.into(),
        }
    }

    /// The value without its places.
    pub(crate) fn value(self, value: &Spanned<'_>) -> Result<Value, SpaceError> {
        Value::deserialize(ValueDeserializer::from(value.clone()))
            .map_err(|error| self.syntax(&error))
    }

    /// The entries of a table of tables, in alphabetical order of their keys.
    pub(crate) fn entries<'t>(
        self,
        table: &'t DeTable<'a>,
        what: &str,
    ) -> Result<Vec<Entry<'t, 'a>>, SpaceError> {
        let mut found = Vec::new();
        for (section, keys) in table {
            let DeValue::Table(keys) = keys.get_ref() else {
                let name = section.get_ref();
                let found = if name.contains('.') {
                    format!("`{name}` stands in quotes")
                } else {
                    format!("`{name}` stands alone")
                };
                let expected = "section.key without quotes, such as train.learning_rate";
                return Err(self.malformed(&section.span(), what, found, expected));
            };
            found.extend(keys.iter().map(|(key, value)| Entry {
                key: format!("{}.{}", section.get_ref(), key.get_ref()),
                span: key.span(),
                value,
            }));
        }
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    fn syntax(self, error: &Error) -> SpaceError {
        SpaceError::Syntax {
            place: self.place(&error.span().unwrap_or_default()),
            reason: error.message().trim_end().to_owned(),
        }
    }
}

/// `name, line N`.
pub(crate) fn place(name: &str, line: usize) -> String {
    format!("{name}, line {line}")
}

/// The known name most like `name`.
pub(crate) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    known
        .into_iter()
        .min_by_key(|known| strsim::damerau_levenshtein(name, known))
        .unwrap_or_default()
        .to_owned()
}
