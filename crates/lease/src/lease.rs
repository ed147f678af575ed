//! A claim that this process made.

use std::path::Path;
use std::sync::Arc;

use psp_schema::Access;

use crate::error::LeaseError;
use crate::folder::{create_new, is_gone, release_path};
use crate::heart::Heart;
use crate::pulse::Pulse;

/// A claim that this process made on a job, kept alive in the background.
///
/// Give it back with [`release`](Self::release). If it is only dropped, its
/// heartbeat stops, and anybody, this process included, takes the job over once
/// the lease has passed, just as after a crash.
#[derive(Debug)]
#[must_use = "a claim that is dropped is not released: it stands until it expires"]
pub struct Lease {
    pulse: Arc<Pulse>,
    heart: Arc<Heart>,
    id: u64,
}

impl Lease {
    pub(crate) fn new(pulse: Pulse, heart: &Arc<Heart>) -> Self {
        let pulse = Arc::new(pulse);
        let id = heart.add(Arc::clone(&pulse));
        let heart = Arc::clone(heart);
        Self { pulse, heart, id }
    }

    /// The claim's number, counted from 1; every later claim on the job has a
    /// higher one. Written into a result, it tells which attempt made it.
    pub fn token(&self) -> u64 {
        self.pulse.token()
    }

    /// The job's folder.
    pub fn job(&self) -> &Path {
        self.pulse.job()
    }

    /// Whether the claim is known to be lost: it was taken over, its folder is
    /// gone, or no heartbeat succeeded for as long as the lease. Once lost, it
    /// stays so.
    ///
    /// This costs nothing, and is as old as the last heartbeat: a reason to
    /// stop early. Before writing what others will read ask
    /// [`holds`](Self::holds).
    pub fn is_lost(&self) -> bool {
        self.pulse.is_lost()
    }

    /// Whether the job is held at this moment: makes one heartbeat and reads
    /// the job's folder.
    ///
    /// # Errors
    /// When that can't be told. Then nothing may be written.
    pub fn holds(&self) -> Result<bool, LeaseError> {
        let action = Access::Read("tell whether the claim still holds");
        self.pulse
            .beat()
            .map_err(LeaseError::io(self.job(), action))
    }

    /// Gives the job back, so that anybody may claim it at once. Returns
    /// whether it was held until now; if not, nothing is written.
    ///
    /// # Errors
    /// When the job's folder can't be read or written. The claim then expires.
    pub fn release(self) -> Result<bool, LeaseError> {
        if !self.holds()? {
            return Ok(false);
        }
        let path = release_path(self.job(), self.token());
        match create_new(&path) {
            Ok(_) => Ok(true),
            Err(error) if is_gone(&error) => Ok(false),
            Err(error) => Err(LeaseError::io(&path, Access::Write("release the claim"))(
                error,
            )),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.heart.remove(self.id);
    }
}
