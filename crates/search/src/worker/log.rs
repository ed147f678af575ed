//! A trial's log: what happened, one line each, with the time in UTC.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Appends to `log.txt`. A log that can't be written stops nobody's work: then
/// there is none.
pub(crate) struct TrialLog(Option<File>);

impl TrialLog {
    pub(crate) fn open(path: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(path);
        Self(file.ok())
    }

    pub(crate) fn line(&mut self, text: &str) {
        let Some(file) = &mut self.0 else { return };
        let now = jiff::Timestamp::now().strftime("%FT%TZ");
        if writeln!(file, "{now} {text}").is_err() {
            self.0 = None;
        }
    }
}
