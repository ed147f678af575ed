//! When other processes' claims were last seen to change.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use crate::pulse::lock;

/// Judges by its own clock alone, and only by changes: a modification time may
/// lie anywhere, since the machines' clocks need not agree.
#[derive(Debug)]
pub(crate) struct Watcher {
    lease: Duration,
    sightings: Mutex<HashMap<PathBuf, Sighting>>,
}

#[derive(Debug)]
struct Sighting {
    token: u64,
    modified: SystemTime,
    since: Instant,
}

/// One look at a job's claim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) token: u64,
    pub(crate) modified: SystemTime,
    /// Taken before the claim was read.
    pub(crate) before: Instant,
    /// Taken after.
    pub(crate) after: Instant,
}

impl Watcher {
    pub(crate) fn new(lease: Duration) -> Self {
        Self {
            lease,
            sightings: Mutex::new(HashMap::new()),
        }
    }

    /// Whether the claim certainly did not change for the lease's duration.
    pub(crate) fn is_expired(&self, job: &Path, look: Look) -> bool {
        let mut sightings = lock(&self.sightings);
        match sightings.get(job) {
            Some(seen) if (seen.token, seen.modified) == (look.token, look.modified) => {
                // From after the first look to before this one, so that a pause
                // of this process within a look does not count.
                look.before.saturating_duration_since(seen.since) >= self.lease
            }
            _ => {
                let sighting = Sighting {
                    token: look.token,
                    modified: look.modified,
                    since: look.after,
                };
                sightings.insert(job.to_owned(), sighting);
                false
            }
        }
    }

    /// The claim needs no watching any more.
    pub(crate) fn forget(&self, job: &Path) {
        lock(&self.sightings).remove(job);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(10);

    /// Looks at fixed times, in seconds since the start; each takes one second.
    struct Observer {
        watcher: Watcher,
        start: Instant,
    }

    impl Observer {
        fn new() -> Self {
            Self {
                watcher: Watcher::new(LEASE),
                start: Instant::now(),
            }
        }

        fn sees(&self, at: u64, token: u64, modified: u64) -> bool {
            let before = self.start + Duration::from_secs(at);
            let look = Look {
                token,
                modified: SystemTime::UNIX_EPOCH + Duration::from_secs(modified),
                before,
                after: before + Duration::from_secs(1),
            };
            self.watcher.is_expired(Path::new("job"), look)
        }
    }

    #[test]
    fn a_claim_expires_when_it_did_not_change_between_the_looks() {
        let observer = Observer::new();
        assert!(!observer.sees(0, 1, 77));
        assert!(!observer.sees(10, 1, 77), "the first look ended at 1");
        assert!(observer.sees(11, 1, 77));
    }

    #[test]
    fn any_change_counts_also_one_to_an_earlier_time() {
        let observer = Observer::new();
        assert!(!observer.sees(0, 1, 77));
        assert!(!observer.sees(9, 1, 3));
        assert!(!observer.sees(19, 1, 3));
        assert!(observer.sees(20, 1, 3));
    }

    #[test]
    fn another_token_is_another_claim() {
        let observer = Observer::new();
        assert!(!observer.sees(0, 1, 77));
        assert!(!observer.sees(20, 2, 77));
        assert!(observer.sees(31, 2, 77));
    }

    #[test]
    fn a_forgotten_claim_is_seen_for_the_first_time_again() {
        let observer = Observer::new();
        assert!(!observer.sees(0, 1, 77));
        observer.watcher.forget(Path::new("job"));
        assert!(!observer.sees(20, 1, 77));
    }
}
