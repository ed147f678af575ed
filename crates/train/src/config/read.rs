//! Reading TOML with overrides, and saying well what is wrong with it.

use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

use super::{ConfigError, RunConfig};

pub(super) fn read(path: Option<&Path>, overrides: &[String]) -> Result<RunConfig, ConfigError> {
    let mut table = match path {
        Some(path) => read_file(path)?,
        None => Table::new(),
    };
    let mut config = from_table(table.clone(), "configuration")?;
    for given in overrides {
        let place = format!("--set {given}");
        set(&mut table, given, &place)?;
        config = from_table(table.clone(), &place)?;
    }
    Ok(config)
}

/// Parses the file as the configuration first, for the line of any error,
/// and then as a table that overrides can change.
fn read_file(path: &Path) -> Result<Table, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Io {
        path: path.to_owned(),
        source,
    })?;
    let parse = |error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = 1 + text[..start.min(text.len())].matches('\n').count();
        ConfigError::Parse {
            place: format!("{}, line {line}", path.display()),
            reason: explain(error.message()),
        }
    };
    toml::from_str::<RunConfig>(&text).map_err(parse)?;
    toml::from_str::<Table>(&text).map_err(parse)
}

fn from_table(table: Table, place: &str) -> Result<RunConfig, ConfigError> {
    RunConfig::deserialize(Value::Table(table)).map_err(|error| ConfigError::Parse {
        place: place.to_owned(),
        reason: explain(error.message()),
    })
}

/// Applies one `section.key=value`. A value that is not TOML is a string, so
/// that `--set model.weights=a.pth` needs no quotes.
fn set(table: &mut Table, given: &str, place: &str) -> Result<(), ConfigError> {
    let malformed = || ConfigError::Parse {
        place: place.to_owned(),
        reason: "expected section.key=value, such as train.epochs=20".to_owned(),
    };
    let (path, text) = given.split_once('=').ok_or_else(malformed)?;
    let (section, key) = path.trim().split_once('.').ok_or_else(malformed)?;
    let value = toml::from_str::<Table>(&format!("value = {text}"))
        .ok()
        .and_then(|mut parsed| parsed.remove("value"))
        .unwrap_or_else(|| Value::String(text.to_owned()));
    table
        .entry(section.to_owned())
        .or_insert_with(|| Value::Table(Table::new()))
        .as_table_mut()
        .ok_or_else(malformed)?
        .insert(key.to_owned(), value);
    Ok(())
}

/// Adds the nearest known name to serde's "unknown …, expected one of …".
fn explain(message: &str) -> String {
    let message = message.trim_end();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    let (true, Some(given)) = (unknown, quoted.next()) else {
        return message.to_owned();
    };
    let nearest = quoted.min_by_key(|known| strsim::damerau_levenshtein(given, known));
    match nearest {
        Some(nearest) => format!("{message}; did you mean `{nearest}`?"),
        None => message.to_owned(),
    }
}
