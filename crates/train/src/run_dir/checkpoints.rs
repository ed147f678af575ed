//! The checkpoints of a run folder, which replace each other.

use std::path::{Path, PathBuf};
use std::time::Duration;

use psp_schema::{FileError, remove};

use super::RunDir;
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::error::TrainError;
use crate::log::MetricsLog;

/// A checkpoint that becomes `best` together with the `next` beside it.
const NEXT_BEST: &str = "next-best";

/// How often the best checkpoint and the last are read again where they don't fit together,
/// and after how long: a trainer replaces one after the other.
const RETRIES: usize = 3;
const PAUSE: Duration = Duration::from_millis(50);

/// The newest checkpoint that is whole.
pub(crate) struct Newest {
    pub(crate) checkpoint: Checkpoint,
    /// Newer ones that are damaged.
    pub(crate) damaged: Vec<PathBuf>,
    /// What is wrong with each newer one.
    pub(crate) faults: Vec<CheckpointError>,
}

impl RunDir {
    /// The checkpoint to continue from.
    pub fn last(&self) -> PathBuf {
        self.checkpoint("last")
    }

    /// The one before it.
    pub fn previous(&self) -> PathBuf {
        self.checkpoint("previous")
    }

    /// The checkpoint of the best validation MSE; without validation images the last.
    pub fn best(&self) -> PathBuf {
        self.checkpoint("best")
    }

    /// The folder of the checkpoints.
    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoints")
    }

    fn checkpoint(&self, name: &str) -> PathBuf {
        self.checkpoints().join(format!("{name}.safetensors"))
    }

    /// Removes what an attempt left that was killed before it had begun.
    ///
    /// # Errors
    /// When a checkpoint can't be removed.
    pub(crate) fn clear(&self) -> Result<(), TrainError> {
        self.remove_leftovers();
        for path in [
            self.checkpoint("next"),
            self.checkpoint(NEXT_BEST),
            self.last(),
            self.previous(),
            self.best(),
        ] {
            remove(&path)?;
        }
        Ok(())
    }

    /// Makes a run that can't be continued one that never began, so that another can begin
    /// in its folder.
    ///
    /// # Errors
    /// When a file can't be removed.
    pub fn discard(&self) -> Result<(), TrainError> {
        for path in [self.result(), self.config()] {
            remove(&path)?;
        }
        self.clear()
    }

    /// Writes `last`, keeping the one before as `previous`, and makes it `best` too
    /// when it is, or else `best` what is given as such; at no moment is there no
    /// whole checkpoint, or a `best` that is not the one that `last` knows.
    pub(crate) fn write_last(
        &self,
        checkpoint: &Checkpoint,
        best: Option<&Checkpoint>,
    ) -> Result<(), CheckpointError> {
        let next_best = self.checkpoint(NEXT_BEST);
        match best {
            Some(best) => best.write(&next_best)?,
            // Of a write that was killed before its `next` was whole.
            None => remove(&next_best)?,
        }
        checkpoint.write(&self.checkpoint("next"))?;
        self.publish(checkpoint)
    }

    /// Completes a [`write_last`](Self::write_last) that a killed process left
    /// between its renames.
    pub(crate) fn complete_write(&self) -> Result<(), CheckpointError> {
        let staged = self.checkpoint("next");
        if !staged.exists() {
            return Ok(());
        }
        let Ok(checkpoint) = self.read_own(&staged) else {
            // `read_last` meets the same fault and goes back to the one before.
            return Ok(());
        };
        let last = self.last();
        if let Err(CheckpointError::Damaged { .. }) = Checkpoint::read(&last) {
            // It must not take the place of a whole `previous`.
            remove(&last)?;
        }
        self.publish(&checkpoint)
    }

    /// Gives the whole checkpoint `next` its names. Each step may be repeated.
    fn publish(&self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        let (last, previous) = (self.last(), self.previous());
        let staged = self.checkpoint("next");
        let rename = |from: &Path, to: &Path| {
            std::fs::rename(from, to)
                .map_err(FileError::write(to, "move the finished file into place"))
        };
        if checkpoint.progress.is_best() {
            self.name_best(&staged, checkpoint)?;
        }
        let next_best = self.checkpoint(NEXT_BEST);
        if next_best.exists() {
            rename(&next_best, &self.best())?;
        }
        if last.exists() {
            rename(&last, &previous)?;
        }
        Ok(rename(&staged, &last)?)
    }

    /// Gives the checkpoint in `file` the name `best` too.
    fn name_best(&self, file: &Path, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        let best = self.best();
        // A second name for the same file: checkpoints are replaced, never
        // changed, so the two can't disturb each other.
        let link = self.checkpoint("best-link");
        let _ = std::fs::remove_file(&link);
        if std::fs::hard_link(file, &link).is_err() {
            return checkpoint.write(&best);
        }
        std::fs::rename(&link, &best)
            .map_err(FileError::write(&best, "move the finished file into place"))?;
        // POSIX: renaming one name of a file onto another name of the same file
        // does nothing, and leaves both.
        let _ = std::fs::remove_file(&link);
        Ok(())
    }

    /// Reads `best`, which has to be the checkpoint that `last` knows as such; where `last`
    /// can't be read, that of the epoch in `result.json`.
    ///
    /// # Errors
    /// As [`Checkpoint::read`]; [`CheckpointError::Damaged`] of another epoch's, and
    /// [`CheckpointError::OfAnotherRun`].
    pub fn read_best(&self) -> Result<Checkpoint, CheckpointError> {
        for _ in 0..RETRIES {
            match self.read_best_once() {
                Err(CheckpointError::Damaged { .. }) if !self.result().exists() => {
                    std::thread::sleep(PAUSE);
                }
                result => return result,
            }
        }
        self.read_best_once()
    }

    fn read_best_once(&self) -> Result<Checkpoint, CheckpointError> {
        let path = self.best();
        let best = self.read_own(&path)?;
        let own = &best.progress;
        let (expected, is_own) = match Checkpoint::progress_of(&self.last()) {
            // It is named as the best before it is the last.
            Ok(last)
                if last.step < own.step && last.seed == own.seed && !self.result().exists() =>
            {
                return Ok(best);
            }
            Ok(last) => {
                let (known, own_mse) = (last.early_stopping, own.early_stopping.best_mse);
                let is_like = known.best_epoch != own.epoch || known.best_mse == own_mse;
                (known.best_epoch, last.seed == own.seed && is_like)
            }
            Err(_) => match self.read_result() {
                Ok(result) => (result.best_epoch, true),
                Err(_) => return Ok(best),
            },
        };
        let reason = if !is_own {
            "it is of another run than the last checkpoint".to_owned()
        } else if own.epoch != expected {
            let epoch = own.epoch;
            format!("it is of epoch {epoch}, and the best is epoch {expected}")
        } else {
            return Ok(best);
        };
        Err(CheckpointError::Damaged { path, reason })
    }

    /// Why the run can't be continued for its `metrics.jsonl`, if it can't.
    pub fn fault_of_log(&self) -> Option<String> {
        let last = Checkpoint::progress_of(&self.last()).ok()?;
        let checked = MetricsLog::check(&self.metrics(), &last);
        checked.err().map(|error| error.to_string())
    }

    /// What is wrong with `best`, if anything is.
    ///
    /// # Errors
    /// When that can't be said: it can't be read, or a newer psp wrote it.
    pub fn fault_of_best(&self) -> Result<Option<String>, CheckpointError> {
        let path = self.best();
        match self.read_best() {
            Ok(_) => Ok(None),
            Err(
                error @ (CheckpointError::Damaged { .. } | CheckpointError::OfAnotherRun { .. }),
            ) => Ok(Some(error.to_string())),
            Err(error) if error.is_a_folder() => Ok(Some(error.to_string())),
            Err(_) if matches!(path.try_exists(), Ok(false)) => {
                Ok(Some(format!("{}: missing", path.display())))
            }
            Err(error) => Err(error),
        }
    }

    /// What a run that has a model has lost of it, if anything: its whole folder, `best`, or
    /// what tells what it is of.
    ///
    /// # Errors
    /// As [`fault_of_best`](Self::fault_of_best).
    pub fn fault_of_model(&self) -> Result<Option<String>, TrainError> {
        if matches!(self.root.try_exists(), Ok(false)) {
            return Ok(Some(format!("{}: missing", self.root.display())));
        }
        match self.fault_of_best()? {
            None => self.fault_of_records(),
            fault => Ok(fault),
        }
    }

    /// Makes the checkpoint of the end of this `epoch`, which is the best, `best` again;
    /// whether there still is one.
    ///
    /// # Errors
    /// [`CheckpointError::OfAnotherRun`] of a `best` that would be replaced; see
    /// [`kept_of`](Self::kept_of).
    pub(crate) fn restore_best(&self, epoch: u64) -> Result<bool, CheckpointError> {
        if let Err(error @ CheckpointError::OfAnotherRun { .. }) = self.read_own(&self.best()) {
            return Err(error);
        }
        match self.kept_of(epoch)? {
            Some((path, kept)) => self.name_best(&path, &kept).map(|()| true),
            None => Ok(false),
        }
    }

    /// Reads a checkpoint, which has to be of this run.
    fn read_own(&self, path: &Path) -> Result<Checkpoint, CheckpointError> {
        let checkpoint = Checkpoint::read(path)?;
        if self.is_own(&checkpoint.progress) {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::OfAnotherRun {
                path: path.to_owned(),
            })
        }
    }

    /// Another checkpoint of the end of this `epoch`, which is the best.
    fn kept_of(&self, epoch: u64) -> Result<Option<(PathBuf, Checkpoint)>, CheckpointError> {
        let mut unread = None;
        for path in [self.last(), self.previous()] {
            match self.read_own(&path) {
                Ok(kept) if kept.progress.is_best() && kept.progress.epoch == epoch => {
                    return Ok(Some((path, kept)));
                }
                Ok(_)
                | Err(CheckpointError::Damaged { .. } | CheckpointError::OfAnotherRun { .. }) => {}
                Err(_) if matches!(path.try_exists(), Ok(false)) => {}
                Err(error) => unread = Some(error),
            }
        }
        // What only can't be read now may be the one.
        unread.map_or(Ok(None), Err)
    }

    /// That `best`, of this `epoch`, is lost by this fault, and no other checkpoint is of it.
    pub(crate) fn lost_best(&self, fault: String, epoch: u64) -> TrainError {
        let mut left = [self.last(), self.previous()].into_iter();
        let newest = left.find(|path| self.read_own(path).is_ok());
        TrainError::LostBest {
            fault,
            epoch,
            newest: newest.unwrap_or_else(|| self.last()),
        }
    }

    /// Whether another run's checkpoint lies in the place of `best`.
    pub fn has_foreign_best(&self) -> bool {
        matches!(
            self.read_own(&self.best()),
            Err(CheckpointError::OfAnotherRun { .. })
        )
    }

    /// Whether another checkpoint of the best epoch is left than `best`. One that only can't
    /// be read now may be it.
    pub fn has_other_best(&self) -> bool {
        let best_epoch = match self.read_result() {
            Ok(result) => Some(result.best_epoch),
            Err(_) => {
                let newest = self.read_last().ok();
                newest.map(|newest| newest.checkpoint.progress.early_stopping.best_epoch)
            }
        };
        best_epoch.is_none_or(|epoch| !matches!(self.kept_of(epoch), Ok(None)))
    }

    /// Whether a checkpoint is left to go on from or, once the run has ended, one of its best
    /// epoch. One that only can't be read now may be whole.
    pub fn can_be_continued(&self) -> bool {
        if matches!(self.fault_of_records(), Ok(Some(_))) {
            return false;
        }
        match self.read_result() {
            Ok(result) => {
                !matches!(self.fault_of_best(), Ok(Some(_)))
                    || !matches!(self.kept_of(result.best_epoch), Ok(None))
            }
            Err(_) => self
                .read_last()
                .map_or_else(|error| !error.is_lost_run(), |_| true),
        }
    }

    /// Whether the best epoch's checkpoint is missing, and not just to come.
    pub fn has_lost_best(&self) -> bool {
        let has_best_epoch = || match Checkpoint::read(&self.last()) {
            Ok(last) => last.progress.early_stopping.best_epoch > 0,
            Err(_) => self.result().exists(),
        };
        !self.best().exists() && has_best_epoch()
    }

    /// Reads the newest checkpoint that is whole.
    ///
    /// # Errors
    /// When no checkpoint is whole, with the fault of each, or a newer psp wrote one.
    pub(crate) fn read_last(&self) -> Result<Newest, TrainError> {
        let mut damaged = Vec::new();
        let mut faults = Vec::new();
        // `next` is whole but not yet renamed when the process died between.
        let newest_first = [
            self.checkpoint("next"),
            self.last(),
            self.previous(),
            self.best(),
        ];
        for path in newest_first {
            // An older one than a newer one that may be whole is none to go on from.
            if path == self.best() && damaged.len() < faults.len() {
                break;
            }
            if matches!(path.try_exists(), Ok(false)) {
                // Each write makes it, so that somebody removed it.
                if path == self.last() && self.previous().exists() {
                    faults.push(CheckpointError::Damaged {
                        path: path.clone(),
                        reason: "it is missing".to_owned(),
                    });
                    damaged.push(path);
                }
                continue;
            }
            match self.read_own(&path) {
                Ok(mut checkpoint) => {
                    // The best may be of the epoch whose own checkpoint is lost.
                    if path == self.previous()
                        && damaged.len() == faults.len()
                        && let Ok(best) = self.read_own(&self.best())
                        && best.progress.step > checkpoint.progress.step
                        && best.progress.seed == checkpoint.progress.seed
                        && best.targets == checkpoint.targets
                    {
                        checkpoint = best;
                    }
                    return Ok(Newest {
                        checkpoint,
                        damaged,
                        faults,
                    });
                }
                Err(error @ CheckpointError::Version { .. }) => return Err(error.into()),
                // It may be the only copy, which a later write would replace.
                Err(error @ CheckpointError::OfAnotherRun { .. }) => return Err(error.into()),
                // Every later write of a checkpoint would fail on it.
                Err(error) if error.is_a_folder() => return Err(error.into()),
                Err(error) => {
                    // What only can't be read now may be whole.
                    if let CheckpointError::Damaged { .. } = error {
                        damaged.push(path);
                    }
                    faults.push(error);
                }
            }
        }
        Err(TrainError::NoCheckpoint {
            run: self.root.clone(),
            faults,
        })
    }
}
