//! What of a study failed, told at its end.

use std::collections::BTreeMap;

use anyhow::Result;
use psp_schema::shell_quoted;
use psp_search::{Failure, Study};

use crate::text::counted;

/// Folders that are named for one reason.
const NAMED: usize = 5;

/// Says how many trials failed, why, and how they are tried again; whether any did.
pub(super) fn tell(study: &Study) -> Result<bool> {
    let failures = study.failures()?;
    if failures.is_empty() {
        return Ok(false);
    }
    let trials = failures.iter().filter(|one| one.is_trial).count();
    let others = failures.len() - trials;
    let mut what = Vec::new();
    if trials > 0 {
        let all = counted(study.wanted(), "trial");
        what.push(format!("{trials} of {all}"));
    }
    if others > 0 {
        let noun = match others {
            1 => "further training or test",
            _ => "further trainings or tests",
        };
        what.push(format!("{others} {noun}"));
    }
    eprintln!("error: {} failed:", what.join(" and "));
    for (reason, folders) in by_reason(&failures) {
        eprintln!("  {reason} ({folders})");
    }
    let root = shell_quoted(study.dir.root());
    let diverged = |failure: &Failure| failure.reason.starts_with("training diverged");
    if failures.iter().all(diverged) {
        eprintln!(
            "psp study show {root} has the whole reasons; tried again, they most likely diverge \
             again: leave such values out of a new study"
        );
    } else {
        eprintln!(
            "psp study show {root} has the whole reasons; once the cause is fixed, psp study \
             retry {root} has them tried again, as they were drawn (with other images, labels, \
             weights or settings it is a new study)"
        );
    }
    Ok(true)
}

/// Reasons, numbers within them aside, with the folders that each stands for.
fn by_reason(failures: &[Failure]) -> Vec<(String, String)> {
    let mut groups: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for failure in failures {
        let reason = failure.reason.lines().next().unwrap_or_default();
        let key = reason.replace(|c: char| c.is_ascii_digit(), "");
        let group = groups.entry(key).or_default();
        if group.0.is_empty() {
            reason.clone_into(&mut group.0);
        }
        group.1.push(failure.dir.name());
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|(_, folders)| std::cmp::Reverse(folders.len()));
    let named = groups.into_iter().map(|(reason, folders)| {
        let mut text = folders[..folders.len().min(NAMED)].join(", ");
        if folders.len() > NAMED {
            text = format!("{text} and {} more", folders.len() - NAMED);
        }
        (reason, text)
    });
    named.collect()
}
