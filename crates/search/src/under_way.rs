//! What of a study is being worked on.

use std::fs::{DirEntry, read_dir};
use std::io::ErrorKind;
use std::path::Path;

use psp_schema::FileError;

use crate::error::SearchError;
use crate::folder::TrialDir;
use crate::records::TrialOutcome;
use crate::study::Study;

impl Study {
    /// Tasks that were claimed and have not ended: trials, trainings of finalists,
    /// the refit, and the tests of these. Whoever claimed one may have died since.
    ///
    /// # Errors
    /// A file or folder that can't be read.
    pub fn under_way(&self) -> Result<Vec<TrialDir>, SearchError> {
        let tested = self.tested()?;
        let trials = self.dir.trials();
        let mut found = Vec::new();
        // By what lies there: somebody may train what is no finalist any more.
        for folder in [trials.clone(), self.dir.finals(), self.dir.refits()] {
            for dir in tasks_in(&folder)? {
                let is_tested = folder != trials || tested.contains(&dir);
                if !has_ended(&dir, is_tested)? && is_claimed(&dir)? {
                    found.push(dir);
                }
            }
        }
        Ok(found)
    }
}

/// The tasks' folders in one of a study's, by name.
pub(crate) fn tasks_in(folder: &Path) -> Result<Vec<TrialDir>, SearchError> {
    let entries = match read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(FileError::list(folder))?,
    };
    let entries: Result<Vec<DirEntry>, _> = entries.collect();
    let mut paths: Vec<_> = entries
        .map_err(FileError::list(folder))?
        .iter()
        .map(DirEntry::path)
        .filter(|path| path.is_dir())
        .collect();
    paths.sort();
    Ok(paths.into_iter().map(TrialDir::new).collect())
}

/// Whether nothing is left to do for a task that is tested, too, once it is trained.
fn has_ended(dir: &TrialDir, is_tested: bool) -> Result<bool, SearchError> {
    let record = dir.read_outcome()?;
    Ok(match record.map(|record| record.outcome) {
        None => false,
        Some(TrialOutcome::Failed { .. }) => true,
        Some(TrialOutcome::Finished { .. }) => !is_tested || dir.test().exists(),
    })
}

/// Whether the last claim was not given back.
fn is_claimed(dir: &TrialDir) -> Result<bool, SearchError> {
    let history = psp_lease::history(dir.root())?;
    Ok(history.last().is_some_and(|claim| !claim.released))
}
