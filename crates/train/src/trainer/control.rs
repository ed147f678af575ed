//! How a caller stops a run, and keeps others from its folder.

use std::sync::atomic::{AtomicBool, Ordering};

use psp_models::DeviceSpec;

use crate::config::{ConfigError, RunConfig};
use crate::error::TrainError;
use crate::run_dir::{RunDir, RunLock};
use crate::session::Session;

/// What a caller holds over a run while it trains.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct Control<'a> {
    pub(super) cancelled: &'a AtomicBool,
    fence: Option<&'a dyn Fn() -> bool>,
    devices: &'a [DeviceSpec],
    threads: usize,
    until: Option<u64>,
    pub(super) session: Option<&'a Session>,
}

impl<'a> Control<'a> {
    /// `cancelled` set to true saves and returns within a step.
    pub fn new(cancelled: &'a AtomicBool) -> Self {
        Self {
            cancelled,
            fence: None,
            devices: &[],
            threads: 0,
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

    /// The same on these devices (none: as configured), the first of them the run's
    /// and the others its replicas', and with this many decoding threads (0: as
    /// configured), whatever the run's configuration says.
    pub fn placed(self, devices: &'a [DeviceSpec], threads: usize) -> Self {
        Self {
            devices,
            threads,
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

    /// Puts the place into a run's configuration.
    ///
    /// # Errors
    /// When the run can't be on these devices together.
    pub(super) fn place(&self, config: &mut RunConfig) -> Result<(), ConfigError> {
        if self.threads > 0 {
            config.data.threads = self.threads;
        }
        let Some((&device, replicas)) = self.devices.split_first() else {
            return Ok(());
        };
        config.train.device = device;
        config.train.replicas = replicas.to_vec();
        config.validate()
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
