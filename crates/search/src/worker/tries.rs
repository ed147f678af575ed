//! What became of earlier tries, and why a try panicked.

use std::time::UNIX_EPOCH;

use psp_lease::ClaimRecord;

use crate::error::SearchError;
use crate::folder::TrialDir;
use crate::records::{FailedAttempt, read_json};

/// What tells whether a task came further between two claims: its newest
/// checkpoint's time, or the empty text before there is any.
pub(super) fn progress_of(dir: &TrialDir) -> String {
    let modified = |metadata: std::fs::Metadata| metadata.modified().ok();
    let time = std::fs::metadata(dir.run().last()).ok().and_then(modified);
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or_else(String::new, |since| since.as_nanos().to_string())
}

/// Reasons of the tries before `token` that ended badly, the last ones in a row
/// that came no further.
pub(super) fn fruitless(dir: &TrialDir, token: u64) -> Result<Vec<String>, SearchError> {
    let history = psp_lease::history(dir.root())?;
    let note = |record: &ClaimRecord| record.holder.as_ref().map(|holder| holder.note.clone());
    let now = history.iter().find(|record| record.token == token);
    let Some(now) = now.and_then(note) else {
        return Ok(Vec::new());
    };
    let mut reasons = Vec::new();
    for record in history.iter().rev().filter(|record| record.token < token) {
        // Taken up again after that.
        if dir.retried(record.token).exists() {
            break;
        }
        // A claim that was never written out died as it was made.
        if note(record).is_some_and(|then| then != now) {
            break;
        }
        if dir.pause(record.token).exists() {
            continue;
        }
        let failed: Option<FailedAttempt> = read_json(&dir.attempt(record.token))?;
        match failed {
            Some(failed) if failed.of_machine => {}
            Some(failed) => reasons.push(failed.reason),
            // Given back in good order, by an interruption.
            None if record.released => {}
            None => reasons.push(match &record.holder {
                Some(holder) => format!("worker {} vanished", holder.worker),
                None => "a worker vanished".to_owned(),
            }),
        }
    }
    reasons.reverse();
    Ok(reasons)
}

/// Why a task is given up, by the reasons of its tries.
pub(super) fn given_up(reasons: &[String]) -> String {
    let last = reasons.last().map_or("", String::as_str);
    match reasons.len() {
        1 => format!("1 try came no further: {last}"),
        count => format!("{count} tries came no further; the last: {last}"),
    }
}

/// The text of a panic.
pub(super) fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

/// What the system refused, where a panic says so: libraries that can't start a thread
/// do.
pub(super) fn os_error(panic: &str) -> Option<std::io::Error> {
    let (_, code) = panic.split_once("Os { code: ")?;
    let (code, _) = code.split_once(',')?;
    Some(std::io::Error::from_raw_os_error(code.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_for_want_of_threads_names_what_the_system_said() {
        let panic = "failed to spawn thread: Os { code: 11, kind: WouldBlock, message: \"x\" }";
        assert_eq!(os_error(panic).unwrap().raw_os_error(), Some(11));
        assert!(os_error("index out of bounds: the len is 11").is_none());
    }
}
