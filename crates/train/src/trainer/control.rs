//! How a caller stops a run, and keeps others from its folder.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::TrainError;
use crate::machine::Machine;
use crate::run_dir::{RunDir, RunLock};
use crate::session::Session;

/// What a caller holds over a run while it trains.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct Control<'a> {
    pub(super) cancelled: &'a AtomicBool,
    fence: Option<&'a dyn Fn() -> bool>,
    pub(super) machine: &'a Machine,
    until: Option<u64>,
    pub(super) session: Option<&'a Session>,
}

impl<'a> Control<'a> {
    /// A run on `machine`; `cancelled` set to true saves and returns within a step.
    pub fn new(machine: &'a Machine, cancelled: &'a AtomicBool) -> Self {
        Self {
            cancelled,
            fence: None,
            machine,
            until: None,
            session: None,
        }
    }

    /// The same for a folder that is given away by other means than the run's
    /// own lock, which is a file lock and not known to every network file
    /// system: `fence` says, before each write, whether the folder is still the
    /// caller's.
    pub fn fenced(self, fence: &'a dyn Fn() -> bool) -> Self {
        Self {
            fence: Some(fence),
            ..self
        }
    }

    /// The same up to the end of this epoch, counted from 1: a run that has more
    /// is then saved and [`Outcome::Paused`](super::Outcome::Paused). `None`:
    /// without a pause.
    pub fn until(self, epoch: Option<u64>) -> Self {
        Self {
            until: epoch,
            ..self
        }
    }

    /// The same with what `session` keeps of earlier runs of this process.
    pub fn within(self, session: &'a Session) -> Self {
        Self {
            session: Some(session),
            ..self
        }
    }

    /// Whether a run that has done so many epochs is to pause.
    pub(super) fn pauses_after(&self, epochs: u64) -> bool {
        self.until.is_some_and(|until| epochs >= until)
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Whether the folder is given away by a fence.
    pub(super) fn is_fenced(&self) -> bool {
        self.fence.is_some()
    }

    /// Takes the run's folder, unless a fence does that.
    pub(super) fn lock(&self, run: &RunDir) -> Result<Option<RunLock>, TrainError> {
        match self.fence {
            None => run.lock().map(Some),
            Some(_) => {
                run.create()?;
                self.check(run).map(|()| None)
            }
        }
    }

    /// Whether the folder may still be written to.
    ///
    /// # Errors
    /// [`TrainError::Fenced`].
    pub(super) fn check(&self, run: &RunDir) -> Result<(), TrainError> {
        if self.fence.is_none_or(|holds| holds()) {
            Ok(())
        } else {
            Err(TrainError::Fenced {
                run: run.root().to_owned(),
            })
        }
    }
}
