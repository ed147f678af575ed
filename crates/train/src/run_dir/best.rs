//! The best checkpoint of a run: whether it is what the run knows as such, what is wrong with it
//! otherwise, and what is left in its place.

use std::path::PathBuf;
use std::time::Duration;

use super::RunDir;
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::error::TrainError;
use crate::log::MetricsLog;

/// How often the best checkpoint and the last are read again where they don't fit together,
/// and after how long: a trainer replaces one after the other.
const RETRIES: usize = 3;
const PAUSE: Duration = Duration::from_millis(50);

impl RunDir {
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
}
