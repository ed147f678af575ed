//! Reading the tables `space` and `exclude`.

use toml::de::{DeTable, DeValue};

use crate::condition::Condition;
use crate::dimension::Dimension;
use crate::domain;
use crate::error::SpaceError;
use crate::source::Source;

/// Points that are not in the space.
pub(crate) struct Exclude {
    pub(crate) condition: Condition,
    pub(crate) line: usize,
}

/// Dimensions by key, and excludes as they stand, with conditions that are not
/// yet checked against other keys.
pub(crate) fn read(text: &str, name: &str) -> Result<(Vec<Dimension>, Vec<Exclude>), SpaceError> {
    let source = Source { text, name };
    let document = source.parse()?;
    Ok((dimensions(source, &document)?, excludes(source, &document)?))
}

fn dimensions<'a>(
    source: Source<'a>,
    document: &DeTable<'a>,
) -> Result<Vec<Dimension>, SpaceError> {
    let expected = "[space] with at least one key, such as model.dropout = [0.0, 0.2]";
    let Some((key, space)) = document.get_key_value("space") else {
        return Err(source.malformed(&(0..0), "space", "the table is missing", expected));
    };
    let entries = match space.get_ref() {
        DeValue::Table(table) => source.entries(table, "space")?,
        _ => Vec::new(),
    };
    if entries.is_empty() {
        return Err(source.malformed(&key.span(), "space", "there is no key in it", expected));
    }
    let dimensions = entries.into_iter().map(|entry| {
        let (domain, when) = domain::read(source, &entry)?;
        Ok(Dimension {
            grid: domain.grid(),
            line: source.line(&entry.span),
            key: entry.key,
            domain,
            when,
        })
    });
    dimensions.collect()
}

fn excludes<'a>(source: Source<'a>, document: &DeTable<'a>) -> Result<Vec<Exclude>, SpaceError> {
    let Some((key, excludes)) = document.get_key_value("exclude") else {
        return Ok(Vec::new());
    };
    let malformed = |span: &_, found| {
        source.malformed(
            span,
            "exclude",
            found,
            "[[exclude]] with section.key = value below it",
        )
    };
    let DeValue::Array(excludes) = excludes.get_ref() else {
        return Err(malformed(&key.span(), "it is no list of tables"));
    };
    let excludes = excludes.iter().map(|exclude| match exclude.get_ref() {
        DeValue::Table(terms) if !terms.is_empty() => Ok(Exclude {
            condition: Condition::read(source, "exclude", terms)?,
            line: source.line(&exclude.span()),
        }),
        DeValue::Table(_) => Err(malformed(&exclude.span(), "it names no key")),
        _ => Err(malformed(&exclude.span(), "it is no table")),
    });
    excludes.collect()
}
