//! Trials that failed, and those of them that are to be tried again.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use psp_schema::{FileError, remove};

use crate::error::SearchError;
use crate::folder::TrialDir;
use crate::records::{TrialOutcome, read_json};
use crate::select::TestRecord;
use crate::study::Study;
use crate::under_way::tasks_in;

/// A trial, or another training or its test, that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The task's folder.
    pub dir: TrialDir,
    /// Whether it is a trial, and not a training that came of one.
    pub is_trial: bool,
    /// Why it failed.
    pub reason: String,
    /// What says so.
    file: PathBuf,
}

impl Failure {
    /// Whether it can go on from a checkpoint, and not only from its beginning.
    pub fn has_checkpoint(&self) -> bool {
        let run = self.dir.run();
        let may_have = run.result().exists() || self.dir.has_progress() || run.best().exists();
        may_have && run.can_be_continued()
    }
}

impl Study {
    /// Takes failed trials up again, and failed trainings and tests of finalists: all, or
    /// those named by their numbers or folders, of which one may also have ended well and
    /// lost its model since, as the chosen one may. How they had ended is kept beside as
    /// `failed.N.json`, and the tries until then count no more. They go on from their
    /// last checkpoints, or begin anew, when the study next goes on; workers that are at
    /// it meanwhile are not disturbed and may leave them to later ones.
    ///
    /// # Errors
    /// A name that no failed trial has, or a file that can't be read or moved.
    pub fn retry(&self, named: &[String]) -> Result<Vec<Failure>, SearchError> {
        // What has to be trained before it is tested comes first.
        let mut failed = self.lost(named)?;
        let lost_choice = self.lost_choice()?;
        for failure in self.failures()?.into_iter().chain(lost_choice) {
            if !failed.iter().any(|other| other.dir == failure.dir) {
                failed.push(failure);
            }
        }
        for name in named {
            if !failed.iter().any(|failure| is_named(&failure.dir, name)) {
                return Err(SearchError::NotFailed {
                    study: self.dir.root().to_owned(),
                    reason: self.not_failed(name, &failed)?,
                });
            }
        }
        let mut retried = Vec::new();
        for failure in failed {
            if !named.is_empty() && !named.iter().any(|name| is_named(&failure.dir, name)) {
                continue;
            }
            let claims = psp_lease::history(failure.dir.root())?;
            let attempts = claims.last().map_or(0, |claim| claim.token);
            if failure.file == failure.dir.outcome() {
                // Once it is trained again it is tested again.
                let test = failure.dir.test();
                remove(&test)?;
                let run = failure.dir.run();
                if run.fault_of_records()?.is_some() {
                    // Nothing tells what its checkpoints are of, if there are any.
                    run.discard()?;
                }
            }
            if set_aside(&failure.file, &failure.dir.retried(attempts))? {
                retried.push(failure);
            }
        }
        Ok(retried)
    }

    /// What failed so far: trials in the order of the draw, then what is trained and
    /// tested of the finalists that they make and the refit. What was a finalist or the
    /// refit before counts no more.
    ///
    /// # Errors
    /// A file that can't be read.
    pub fn failures(&self) -> Result<Vec<Failure>, SearchError> {
        let mut failures = Vec::new();
        for trial in self.trials()? {
            let dir = self.folder(&trial);
            failures.extend(untrained(&dir, true)?);
        }
        let tested = self.tested()?;
        let trials = self.dir.trials();
        for dir in &tested {
            // A trial that is compared itself is told of already.
            if !dir.root().starts_with(&trials) {
                failures.extend(untrained(dir, false)?);
            }
        }
        for dir in tested {
            failures.extend(untested(dir)?);
        }
        Ok(failures)
    }

    /// What was trained to its end and has lost its model since, of those that are named
    /// or whose test failed.
    fn lost(&self, named: &[String]) -> Result<Vec<Failure>, SearchError> {
        let mut lost = Vec::new();
        for dir in self.trainings()? {
            let is_meant = named.iter().any(|name| is_named(&dir, name));
            if is_meant || untested(dir.clone())?.is_some() {
                lost.extend(self.lost_model(dir)?);
            }
        }
        Ok(lost)
    }

    /// The chosen run, where it has lost its model since it was trained.
    ///
    /// # Errors
    /// A file of the study that can't be read.
    pub fn lost_choice(&self) -> Result<Option<Failure>, SearchError> {
        match self.selected()? {
            Some(chosen) => self.lost_training(&chosen.folder),
            None => Ok(None),
        }
    }

    /// A training that a choice was made of, by its folder within the study's, where it has
    /// lost its model since.
    ///
    /// # Errors
    /// A file of the study that can't be read.
    pub fn lost_training(&self, folder: &str) -> Result<Option<Failure>, SearchError> {
        let dir = TrialDir::new(self.dir.root().join(folder));
        // Of another number of trials, or another refit, another may have been chosen.
        if !self.trainings()?.contains(&dir) {
            return Ok(None);
        }
        let is_whole = dir.root().exists();
        // Where it can't be told, whoever uses the model meets the fault.
        Ok(if is_whole {
            self.lost_model(dir).unwrap_or_default()
        } else {
            self.fault_of(dir).unwrap_or_default()
        })
    }

    /// A training that ended well and has lost its model since.
    fn lost_model(&self, dir: TrialDir) -> Result<Option<Failure>, SearchError> {
        let record = dir.read_outcome()?;
        if record.is_none_or(|record| record.outcome.result().is_none()) {
            return Ok(None);
        }
        self.fault_of(dir)
    }

    fn fault_of(&self, dir: TrialDir) -> Result<Option<Failure>, SearchError> {
        Ok(dir.run().fault_of_model()?.map(|reason| Failure {
            file: dir.outcome(),
            is_trial: dir.root().starts_with(self.dir.trials()),
            dir,
            reason,
        }))
    }

    /// Everything that is trained: the trials known so far, the finalists and the refit.
    fn trainings(&self) -> Result<Vec<TrialDir>, SearchError> {
        let trials = self.trials()?;
        let mut dirs: Vec<_> = trials.iter().map(|trial| self.folder(trial)).collect();
        let further = self.tested()?.into_iter();
        dirs.extend(further.filter(|dir| !dir.root().starts_with(self.dir.trials())));
        Ok(dirs)
    }

    /// Why nothing that failed is meant by `name`.
    fn not_failed(&self, name: &str, failed: &[Failure]) -> Result<String, SearchError> {
        let trainings = self.trainings()?;
        let reason = match trainings.iter().find(|dir| is_named(dir, name)) {
            Some(dir) if dir.is_to_be_retried() => {
                format!("trial `{name}` is to be tried again already, when the study goes on")
            }
            Some(_) => format!("trial `{name}` has not failed"),
            None => format!("there is no trial `{name}`"),
        };
        let names: Vec<String> = failed.iter().map(|one| one.dir.name()).collect();
        Ok(if names.is_empty() {
            format!("{reason}; no trial has failed")
        } else {
            format!("{reason}; those that failed: {}", names.join(", "))
        })
    }

    /// How many trainings were evaluated on the test split that are no finalists' and not
    /// the refit any more.
    ///
    /// # Errors
    /// A file or folder that can't be read.
    pub fn earlier_tests(&self) -> Result<usize, SearchError> {
        let now = self.tested()?;
        let mut earlier = 0;
        for folder in [self.dir.trials(), self.dir.finals(), self.dir.refits()] {
            let tested = tasks_in(&folder)?.into_iter();
            earlier += tested
                .filter(|dir| dir.test().exists() && !now.contains(dir))
                .count();
        }
        Ok(earlier)
    }

    /// What is evaluated on the test split once it is trained: the finalists'
    /// trainings, then the refit.
    pub(crate) fn tested(&self) -> Result<Vec<TrialDir>, SearchError> {
        let mut dirs = Vec::new();
        for finalist in self.finalists()?.unwrap_or_default().entries {
            let runs = finalist.seeds.iter();
            dirs.extend(runs.map(|run| self.dir.finalist(&finalist.trial, run)));
        }
        dirs.extend(self.refit()?.map(|refit| self.dir.refit_run(&refit)));
        Ok(dirs)
    }
}

/// Whether a user means this task: by its trial's number, or its folder's name or path.
fn is_named(dir: &TrialDir, name: &str) -> bool {
    let folder = dir.name();
    let number = folder.split('-').next().and_then(|text| text.parse().ok());
    let last = Path::new(name).file_name();
    last.is_some_and(|last| *last == *folder)
        || name.parse::<usize>().is_ok_and(|name| Some(name) == number)
}

/// A training that failed.
fn untrained(dir: &TrialDir, is_trial: bool) -> Result<Option<Failure>, SearchError> {
    let outcome = dir.read_outcome()?.map(|record| record.outcome);
    Ok(match outcome {
        Some(TrialOutcome::Failed { reason }) => Some(Failure {
            file: dir.outcome(),
            dir: dir.clone(),
            is_trial,
            reason,
        }),
        _ => None,
    })
}

/// A test that failed.
fn untested(dir: TrialDir) -> Result<Option<Failure>, SearchError> {
    let test: Option<TestRecord> = read_json(&dir.test())?;
    let reason = test.and_then(|test| test.failure);
    Ok(reason.map(|reason| Failure {
        file: dir.test(),
        dir,
        is_trial: false,
        reason,
    }))
}

/// Of all who move the file one does.
fn set_aside(file: &Path, to: &Path) -> Result<bool, SearchError> {
    match std::fs::rename(file, to) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        other => {
            other.map_err(FileError::write(file, "set it aside"))?;
            Ok(true)
        }
    }
}
