//! Reading TOML with overrides, and saying well what is wrong with it.

use std::path::Path;

use psp_schema::FileError;
use serde::de::{DeserializeOwned, Error, Unexpected};
use serde::{Deserialize, Deserializer};
use toml::de::DeTable;
use toml::{Table, Value};

use super::explain::explain;
use super::{ConfigError, RunConfig};

/// What only the file of a study has.
const STUDY: [&str; 3] = ["study", "space", "exclude"];

pub(super) fn read(path: Option<&Path>, overrides: &[String]) -> Result<RunConfig, ConfigError> {
    let Some(path) = path else {
        let config = overridden(Table::new(), overrides)?;
        config.validate()?;
        return Ok(config);
    };
    let text = std::fs::read_to_string(path).map_err(FileError::read(path))?;
    let name = path.display().to_string();
    let config = overridden(parse_run(&text, path)?, overrides)?;
    let checked = config.validate();
    checked.map_err(|error| error.with_line(&text, &name, overrides))?;
    Ok(config)
}

fn overridden(mut table: Table, overrides: &[String]) -> Result<RunConfig, ConfigError> {
    let mut config = from_table(table.clone(), "configuration")?;
    for given in overrides {
        let place = format!("--set {given}");
        set(&mut table, given, &place)?;
        config = from_table(table.clone(), &place)?;
    }
    Ok(config)
}

/// Parses the content of the file as a table that overrides can change, and as the
/// configuration for the line of any error.
fn parse_run(text: &str, path: &Path) -> Result<Table, ConfigError> {
    let name = path.display().to_string();
    let table: Table = parse(text, &name)?;
    if STUDY.iter().any(|key| table.contains_key(*key)) {
        return Err(ConfigError::StudyFile {
            path: path.to_owned(),
        });
    }
    parse::<RunConfig>(text, &name)?;
    Ok(table)
}

/// Parses a TOML document; an error names the line of `name`, and the nearest
/// known key where one is unknown.
///
/// # Errors
/// [`ConfigError::Parse`].
pub fn parse<T: DeserializeOwned>(text: &str, name: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| ConfigError::Parse {
        place: place_in(text, error.span().map_or(0, |span| span.start), name),
        reason: explain(error.message()),
    })
}

impl ConfigError {
    /// This error with the line of the file `name` (its content is `text`) that the value is
    /// from, unless it is from one of the `overrides` or a default.
    #[must_use]
    pub fn with_line(self, text: &str, name: &str, overrides: &[String]) -> Self {
        let Self::Value { key, .. } = &self else {
            return self;
        };
        let is_given = |given: &String| {
            let name = key_and_value(given).map_or("", |(name, _)| name.trim());
            let inner = name.strip_prefix(key);
            inner.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if overrides.iter().any(is_given) {
            return self;
        }
        match line_of(text, name, key) {
            Some(place) => Self::At {
                place,
                source: Box::new(self),
            },
            None => self,
        }
    }
}

/// Where a key, by its dotted name, stands in the TOML document `text`: `name, line 3`.
pub fn line_of(text: &str, name: &str, key: &str) -> Option<String> {
    let document = DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut parts = key.split('.').peekable();
    loop {
        let (key, value) = table.get_key_value(parts.next()?)?;
        if parts.peek().is_none() {
            return Some(place_in(text, key.span().start, name));
        }
        table = value.get_ref().as_table()?;
    }
}

/// `file, line 3`.
fn place_in(text: &str, start: usize, name: &str) -> String {
    let line = 1 + text[..start.min(text.len())].matches('\n').count();
    format!("{name}, line {line}")
}

impl RunConfig {
    /// This configuration with other values of some keys (`section.key`), not
    /// checked for their range; `place` tells where a key's value comes from.
    ///
    /// # Errors
    /// [`ConfigError::Parse`] for a key that is unknown or a value of the wrong
    /// type.
    pub fn with_values<'a>(
        &self,
        values: impl IntoIterator<Item = (&'a str, &'a Value)>,
        place: impl Fn(&str) -> String,
    ) -> Result<Self, ConfigError> {
        let values: Vec<_> = values.into_iter().collect();
        let own = self.to_table()?;
        let mut table = own.clone();
        for (path, value) in &values {
            insert(&mut table, path, (*value).clone(), || place(path))?;
        }
        from_table(table, "configuration").or_else(|error| {
            // Which of them is at fault shows when they are read one by one.
            let mut table = own;
            for (path, value) in values {
                insert(&mut table, path, value.clone(), || place(path))?;
                from_table(table.clone(), &place(path))?;
            }
            Err(error)
        })
    }

    /// This configuration with `section.key=value` overrides, not checked for
    /// their range.
    ///
    /// # Errors
    /// As [`RunConfig::with_values`].
    pub fn with_overrides(&self, overrides: &[String]) -> Result<Self, ConfigError> {
        overridden(self.to_table()?, overrides)
    }

    /// The configuration as a TOML table.
    ///
    /// # Errors
    /// When a path is not valid UTF-8.
    pub fn to_table(&self) -> Result<Table, ConfigError> {
        Table::try_from(self).map_err(|error| ConfigError::Parse {
            place: "configuration".to_owned(),
            reason: error.to_string(),
        })
    }
}

/// Reads a number that is counted from 1, which [`explain`] says of what is none. 0 is
/// read, too: [`RunConfig::validate`] refuses it.
pub(super) fn counted<'de, D: Deserializer<'de>, T: TryFrom<i64>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let number = i64::deserialize(deserializer)?;
    let negative = || D::Error::invalid_value(Unexpected::Signed(number), &"i64");
    T::try_from(number).map_err(|_| negative())
}

pub(super) fn from_table(table: Table, place: &str) -> Result<RunConfig, ConfigError> {
    RunConfig::deserialize(Value::Table(table)).map_err(|error| ConfigError::Parse {
        place: place.to_owned(),
        reason: explain(error.message()),
    })
}

/// Key and value of a `section.key=value`.
///
/// # Errors
/// That it is none.
pub fn key_and_value(given: &str) -> Result<(&str, &str), String> {
    given
        .split_once('=')
        .filter(|(key, _)| key.contains('.'))
        .ok_or_else(|| "expected section.key=value, such as train.epochs=20".to_owned())
}

/// Applies one `section.key=value`. A value that is not TOML is a string, so
/// that `--set model.weights=a.pth` needs no quotes.
fn set(table: &mut Table, given: &str, place: &str) -> Result<(), ConfigError> {
    let malformed = |reason| ConfigError::Parse {
        place: place.to_owned(),
        reason,
    };
    let (path, text) = key_and_value(given).map_err(malformed)?;
    let value = toml::from_str::<Table>(&format!("value = {text}"))
        .ok()
        .and_then(|mut parsed| parsed.remove("value"))
        .unwrap_or_else(|| Value::String(text.to_owned()));
    insert(table, path.trim(), value, || place.to_owned())
}

/// The table under `key`, a new one where there is none; `None` where another value is.
fn table_in<'a>(table: &'a mut Table, key: &str) -> Option<&'a mut Table> {
    let new = || Value::Table(Table::new());
    table
        .entry(key.to_owned())
        .or_insert_with(new)
        .as_table_mut()
}

/// Puts a value at `section.key`, or at `section.map.stage`.
pub(super) fn insert(
    table: &mut Table,
    path: &str,
    value: Value,
    place: impl Fn() -> String,
) -> Result<(), ConfigError> {
    let malformed = || ConfigError::Parse {
        place: place(),
        reason: format!("`{path}` is not a key; expected section.key, such as train.epochs"),
    };
    let (section, mut key) = path.split_once('.').ok_or_else(malformed)?;
    let mut table = table_in(table, section).ok_or_else(malformed)?;
    // A stage's name may have points of its own.
    if let Some((map, stage)) = key.split_once('.') {
        table = table_in(table, map).ok_or_else(malformed)?;
        key = stage;
    }
    table.insert(key.to_owned(), value);
    Ok(())
}
