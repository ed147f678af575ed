//! The checkpoints of a run folder, which replace each other: where they lie, and how they are
//! written and the newest is read.

use std::path::{Path, PathBuf};

use psp_schema::{FileError, remove};

use super::RunDir;
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::error::TrainError;

/// A checkpoint that becomes `best` together with the `next` beside it.
const NEXT_BEST: &str = "next-best";

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
    pub(super) fn name_best(
        &self,
        file: &Path,
        checkpoint: &Checkpoint,
    ) -> Result<(), CheckpointError> {
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

    /// Reads a checkpoint, which has to be of this run.
    pub(super) fn read_own(&self, path: &Path) -> Result<Checkpoint, CheckpointError> {
        let checkpoint = Checkpoint::read(path)?;
        if self.is_own(&checkpoint.progress) {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::OfAnotherRun {
                path: path.to_owned(),
            })
        }
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
