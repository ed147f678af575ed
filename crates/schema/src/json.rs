//! Values as JSON files.

use std::io;
use std::path::Path;

use serde::Serialize;

use crate::{FileError, write_atomic, write_new};

/// Writes a value as indented JSON, as [`write_atomic`] does.
///
/// # Errors
/// As [`write_atomic`], or that the value has no form in JSON.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), FileError> {
    let text = to_json(path, value)?;
    write_atomic(path, |out| out.write_all(&text))
}

/// Writes a value as indented JSON, as [`write_new`] does.
///
/// # Errors
/// As [`write_new`], or that the value has no form in JSON.
pub fn write_json_new(path: &Path, value: &impl Serialize) -> Result<bool, FileError> {
    let text = to_json(path, value)?;
    write_new(path, |out| out.write_all(&text))
}

fn to_json(path: &Path, value: &impl Serialize) -> Result<Vec<u8>, FileError> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| FileError::write(path, "make its content")(io::Error::from(error)))?;
    text.push(b'\n');
    Ok(text)
}
