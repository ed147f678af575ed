//! The heartbeat of one claim.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::folder::{Listing, claim_path, is_gone};
use crate::record::Holder;

/// A claim of this process: its open file and whether it is lost.
#[derive(Debug)]
pub(crate) struct Pulse {
    file: File,
    /// Device and number of the file.
    identity: (u64, u64),
    job: PathBuf,
    token: u64,
    lease: Duration,
    /// The file's first modification time, and when that was by our clock.
    born: (SystemTime, Instant),
    last_beat: Mutex<Instant>,
    lost: AtomicBool,
}

impl Pulse {
    /// Writes who holds the claim into its new `file`, and beats for the first
    /// time.
    pub(crate) fn start(
        file: File,
        job: &Path,
        token: u64,
        lease: Duration,
        holder: &Holder,
    ) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let now = Instant::now();
        let pulse = Self {
            identity: (metadata.dev(), metadata.ino()),
            job: job.to_owned(),
            token,
            lease,
            born: (metadata.modified()?, now),
            last_beat: Mutex::new(now),
            lost: AtomicBool::new(false),
            file,
        };
        let mut content = serde_json::to_vec(holder)?;
        content.push(b'\n');
        (&pulse.file).write_all(&content)?;
        // An NFS client keeps what was written to itself until the file is
        // closed or, as here, its times are set.
        pulse.touch()?;
        Ok(pulse)
    }

    pub(crate) fn job(&self) -> &Path {
        &self.job
    }

    pub(crate) fn token(&self) -> u64 {
        self.token
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// Beats once and looks whether the job is still held.
    ///
    /// # Errors
    /// When that can't be told.
    pub(crate) fn beat(&self) -> io::Result<bool> {
        if self.is_lost() {
            return Ok(false);
        }
        let now = Instant::now();
        let outcome = match self.touch_and_look() {
            Err(error) if is_gone(&error) => Ok(false),
            other => other,
        };
        self.record(&outcome, now);
        outcome.map(|held| held && !self.is_lost())
    }

    /// Changes the file's modification time. Only the change matters, so the
    /// time follows a clock that nobody can set.
    fn touch(&self) -> io::Result<()> {
        let (time, instant) = self.born;
        self.file.set_modified(time + instant.elapsed())
    }

    fn touch_and_look(&self) -> io::Result<bool> {
        self.touch()?;
        if Listing::read(&self.job)?.highest() != Some(self.token) {
            return Ok(false);
        }
        // If the folder was removed and made anew, another claim of the same
        // name may stand where ours stood.
        let metadata = fs::metadata(claim_path(&self.job, self.token))?;
        Ok((metadata.dev(), metadata.ino()) == self.identity)
    }

    /// Keeps the outcome of a beat that began at `now`.
    fn record(&self, outcome: &io::Result<bool>, now: Instant) {
        let mut last_beat = lock(&self.last_beat);
        let lost = match outcome {
            Ok(true) => {
                *last_beat = now.max(*last_beat);
                false
            }
            Ok(false) => true,
            // Others may have seen no change for as long as that.
            Err(_) => now.saturating_duration_since(*last_beat) >= self.lease,
        };
        if lost {
            self.lost.store(true, Ordering::Release);
        }
    }
}

/// Locks, also after a panic elsewhere: no value here is ever half-changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::create_new;
    use crate::process::Process;

    const LEASE: Duration = Duration::from_secs(10);

    fn pulse(job: &Path) -> Pulse {
        let holder = Holder {
            worker: "w".to_owned(),
            note: String::new(),
            process: Process::current(),
        };
        let file = create_new(&claim_path(job, 1)).unwrap().unwrap();
        Pulse::start(file, job, 1, LEASE, &holder).unwrap()
    }

    #[test]
    fn errors_lose_the_claim_only_when_no_beat_succeeded_for_the_lease() {
        let job = tempfile::tempdir().unwrap();
        let pulse = pulse(job.path());
        let failed = || Err(io::Error::other("the network is down"));
        let (_, born) = pulse.born;
        pulse.record(&failed(), born + LEASE / 2);
        assert!(!pulse.is_lost());
        pulse.record(&Ok(true), born + LEASE / 2);
        pulse.record(&failed(), born + LEASE);
        assert!(!pulse.is_lost(), "the beat in between counts");
        pulse.record(&failed(), born + LEASE + LEASE / 2);
        assert!(pulse.is_lost());
    }

    #[test]
    fn a_lost_claim_stays_lost_and_beats_no_more() {
        let job = tempfile::tempdir().unwrap();
        let pulse = pulse(job.path());
        assert!(pulse.beat().unwrap());
        let next = claim_path(job.path(), 2);
        create_new(&next).unwrap();
        assert!(!pulse.beat().unwrap());
        fs::remove_file(next).unwrap();
        let modified = || pulse.file.metadata().unwrap().modified().unwrap();
        let last = modified();
        assert!(!pulse.beat().unwrap() && pulse.is_lost());
        assert_eq!(modified(), last);
    }

    #[test]
    fn every_beat_changes_the_modification_time() {
        let job = tempfile::tempdir().unwrap();
        let pulse = pulse(job.path());
        let modified = || pulse.file.metadata().unwrap().modified().unwrap();
        let mut last = modified();
        for _ in 0..10 {
            pulse.beat().unwrap();
            let now = modified();
            assert!(now > last, "{now:?} after {last:?}");
            last = now;
        }
    }
}
