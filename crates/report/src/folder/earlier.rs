//! What stands where a report is to go.

use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::Path;

use psp_schema::FileError;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{NUMBERS, PIECES};
use crate::ReportError;

/// What the numbers of a report have in every version, so that a new version can
/// replace the report of an older one.
#[derive(Deserialize)]
#[expect(dead_code, reason = "only whether all of it is there matters")]
struct Mark {
    schema_version: u32,
    title: String,
    date: String,
    settings: std::collections::BTreeMap<String, IgnoredAny>,
    targets: Vec<String>,
    candidates: Vec<IgnoredAny>,
    caveats: Vec<IgnoredAny>,
}

/// Refuses a folder in which a report would replace what no report wrote: files of
/// a report's names without a report's numbers.
///
/// # Errors
/// [`ReportError::Foreign`]; [`ReportError::File`] where that can't be read.
pub fn check_place(out: &Path) -> Result<(), ReportError> {
    let is_there = |name: &&str| out.join(name).symlink_metadata().is_ok();
    let Some(name) = PIECES.into_iter().find(is_there) else {
        return Ok(());
    };
    if is_numbers(&out.join(NUMBERS))? {
        Ok(())
    } else {
        Err(ReportError::Foreign(out.join(name)))
    }
}

fn is_numbers(path: &Path) -> Result<bool, ReportError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        other => other.map_err(FileError::read(path))?,
    };
    Ok(serde_json::from_reader::<_, Mark>(BufReader::new(file)).is_ok())
}
