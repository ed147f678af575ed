//! Claiming jobs.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use psp_schema::Access;

use crate::error::LeaseError;
use crate::folder::{Listing, claim_path, create_new, release_path};
use crate::heart::Heart;
use crate::lease::Lease;
use crate::process::Process;
use crate::pulse::Pulse;
use crate::record::{ClaimRecord, Holder, look};
use crate::watcher::{Look, Watcher};

/// Below this, a busy machine would be taken for a dead one.
const SHORTEST: Duration = Duration::from_millis(20);
/// Above this, a crash would block a job for longer than anybody waits.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How a process claims jobs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a claim stands without a sign of life, from 20 ms to 24 h. A
    /// claim shows one four times as often. All who share a folder set the same;
    /// a minute suits most.
    pub lease: Duration,
    /// The name that this worker writes into its claims.
    pub worker: String,
}

/// Claims jobs for one process, which makes one of these and clones it for its
/// threads: one background thread then keeps all claims alive.
#[derive(Clone, Debug)]
pub struct Claims {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    process: Process,
    heart: Arc<Heart>,
    watcher: Watcher,
}

/// What came of an attempt to claim a job.
#[derive(Debug)]
pub enum Attempt {
    /// The job is ours.
    Claimed(Lease),
    /// The job is held by this claim, as far as is known.
    Held(ClaimRecord),
}

impl Claims {
    /// Checks the settings and starts the heartbeat thread, which ends with the
    /// last clone and the last [`Lease`].
    ///
    /// # Errors
    /// [`LeaseError::Setting`] for a lease out of range, [`LeaseError::Thread`]
    /// when the thread can't be started.
    pub fn new(settings: Settings) -> Result<Self, LeaseError> {
        let lease = settings.lease;
        if !(SHORTEST..=LONGEST).contains(&lease) {
            return Err(LeaseError::Setting {
                name: "lease",
                value: format!("{lease:?}"),
                expected: format!("{SHORTEST:?} to {LONGEST:?}"),
            });
        }
        let heart = Heart::start(lease / 4).map_err(|source| LeaseError::Thread { source })?;
        let shared = Shared {
            process: Process::current(),
            heart: Arc::new(heart),
            watcher: Watcher::new(lease),
            settings,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Claims a job that nobody has claimed before; `None` if somebody has,
    /// whatever became of it. Creates the job's folder if need be.
    ///
    /// This is the fast way through a list of fresh jobs: a single system call
    /// says that a job is taken.
    ///
    /// # Errors
    /// When the folder or the claim can't be written.
    pub fn try_first(&self, job: &Path, note: &str) -> Result<Option<Lease>, LeaseError> {
        self.create(job, 1, note)
    }

    /// Claims a job that nobody holds: one that has no claim yet, whose last
    /// claim was released, whose holder is a dead process of this machine, or
    /// whose last claim showed no sign of life for the lease's duration since
    /// the first look at it. The folder is read once, and created if need be.
    ///
    /// A claim can thus expire only if the same `Claims` is asked at least
    /// twice, a lease's duration apart. After a claim look whether the job has
    /// become done meanwhile.
    ///
    /// # Errors
    /// When the folder or a claim in it can't be read or written.
    pub fn try_claim(&self, job: &Path, note: &str) -> Result<Attempt, LeaseError> {
        let listing = Listing::read_if_there(job).map_err(LeaseError::io(
            job,
            Access::Read("read the folder of claims"),
        ))?;
        let mut next = 1;
        if let Some(token) = listing.highest() {
            if !listing.is_released(token) {
                let (holder, is_over) = self.watch(job, token)?;
                if !is_over {
                    return Ok(Attempt::Held(held(token, holder)));
                }
            }
            next = token + 1;
        }
        self.shared.watcher.forget(job);
        if let Some(lease) = self.create(job, next, note)? {
            return Ok(Attempt::Claimed(lease));
        }
        // Somebody was faster, and may not have written the claim yet.
        let holder = look(job, next).ok().and_then(|(holder, _)| holder);
        Ok(Attempt::Held(held(next, holder)))
    }

    /// Who holds a claim that was not released, if the file says, and whether
    /// the holder is dead or shows no sign of life.
    fn watch(&self, job: &Path, token: u64) -> Result<(Option<Holder>, bool), LeaseError> {
        let before = Instant::now();
        let (holder, modified) = look(job, token)?;
        let look = Look {
            token,
            modified,
            before,
            after: Instant::now(),
        };
        let is_dead = |holder: &Holder| holder.process.is_dead(&self.shared.process);
        let is_over =
            holder.as_ref().is_some_and(is_dead) || self.shared.watcher.is_expired(job, look);
        Ok((holder, is_over))
    }

    /// Creates the claim `token`; `None` if it exists.
    fn create(&self, job: &Path, token: u64, note: &str) -> Result<Option<Lease>, LeaseError> {
        let path = claim_path(job, token);
        let created = match create_new(&path) {
            Err(error) if token == 1 && error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(job).map_err(LeaseError::io(
                    job,
                    Access::Write("create the folder of claims"),
                ))?;
                create_new(&path)
            }
            other => other,
        };
        let Some(file) =
            created.map_err(LeaseError::io(&path, Access::Write("create the claim")))?
        else {
            return Ok(None);
        };
        let Shared {
            settings,
            process,
            heart,
            ..
        } = &*self.shared;
        let holder = Holder {
            worker: settings.worker.clone(),
            note: note.to_owned(),
            process: process.clone(),
        };
        match Pulse::start(file, job, token, settings.lease, &holder) {
            Ok(pulse) => Ok(Some(Lease::new(pulse, heart))),
            Err(error) => {
                // Otherwise the job would be blocked until the claim expires,
                // which it does if this fails too.
                let _ = create_new(&release_path(job, token));
                Err(LeaseError::io(&path, Access::Write("write the claim"))(
                    error,
                ))
            }
        }
    }
}

fn held(token: u64, holder: Option<Holder>) -> ClaimRecord {
    ClaimRecord {
        token,
        holder,
        released: false,
    }
}
