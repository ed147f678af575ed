//! Failed trials that are to be tried again.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::SearchError;
use crate::folder::{TrialDir, TrialOutcome, read_json};
use crate::select::TestRecord;
use crate::study::Study;

/// A trial, or a finalist's training or test, that is to be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retried {
    /// Name of its folder.
    pub name: String,
    /// Why it had failed.
    pub reason: String,
}

/// A failed task.
struct Failed {
    dir: TrialDir,
    number: usize,
    reason: String,
    /// What says so.
    file: PathBuf,
}

impl Study {
    /// Takes failed trials up again, and failed trainings and tests of finalists: all, or
    /// those named by their numbers or folders. How they had failed is kept beside as
    /// `failed.N.json`, and the tries until then count no more. They go on from their
    /// last checkpoints when the study next goes on; workers that are at it meanwhile
    /// are not disturbed and may leave them to later ones.
    ///
    /// # Errors
    /// A name that no failed trial has, or a file that can't be read or moved.
    pub fn retry(&self, named: &[String]) -> Result<Vec<Retried>, SearchError> {
        let failed = self.failed_tasks()?;
        let is_meant = |task: &Failed, name: &str| {
            task.dir.name() == name || name.parse() == Ok(task.number)
        };
        for name in named {
            if !failed.iter().any(|task| is_meant(task, name)) {
                return Err(SearchError::NotFailed {
                    study: self.dir.root().to_owned(),
                    name: name.clone(),
                    failed: match failed.is_empty() {
                        true => "none has".to_owned(),
                        false => names(&failed),
                    },
                });
            }
        }
        let mut retried = Vec::new();
        for task in failed {
            if !named.is_empty() && !named.iter().any(|name| is_meant(&task, name)) {
                continue;
            }
            let claims = psp_lease::history(task.dir.root())?;
            let attempts = claims.last().map_or(0, |claim| claim.token);
            if set_aside(&task.file, &task.dir.retried(attempts))? {
                retried.push(Retried {
                    name: task.dir.name(),
                    reason: task.reason,
                });
            }
        }
        Ok(retried)
    }

    fn failed_tasks(&self) -> Result<Vec<Failed>, SearchError> {
        let trials = self.trials()?;
        let trials = trials.iter().map(|trial| (trial.number, self.folder(trial)));
        let finalists = self.finalists()?.unwrap_or_default();
        let finals = finalists.entries.iter().flat_map(|finalist| {
            let number = finalist.trial.number;
            let runs = finalist.seeds.iter();
            runs.map(move |run| (number, self.dir.finalist(number, run)))
        });
        let mut failed = Vec::new();
        for (number, dir) in trials.chain(finals) {
            if let Some((reason, file)) = failure(&dir)? {
                failed.push(Failed {
                    dir,
                    number,
                    reason,
                    file,
                });
            }
        }
        Ok(failed)
    }
}

/// Why a task failed, and the file that says so.
fn failure(dir: &TrialDir) -> Result<Option<(String, PathBuf)>, SearchError> {
    match dir.read_outcome()?.map(|record| record.outcome) {
        Some(TrialOutcome::Failed { reason }) => return Ok(Some((reason, dir.outcome()))),
        Some(TrialOutcome::Finished { .. }) => {}
        None => return Ok(None),
    }
    let test: Option<TestRecord> = read_json(&dir.test())?;
    let reason = test.and_then(|test| test.failure);
    Ok(reason.map(|reason| (reason, dir.test())))
}

/// Of all who move the file one does.
fn set_aside(file: &Path, to: &Path) -> Result<bool, SearchError> {
    match std::fs::rename(file, to) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        other => other.map(|()| true).map_err(SearchError::io(file)),
    }
}

fn names(failed: &[Failed]) -> String {
    let names: Vec<String> = failed.iter().map(|task| task.dir.name()).collect();
    names.join(", ")
}
