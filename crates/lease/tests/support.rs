//! What several test files need.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use psp_lease::{Attempt, ClaimRecord, Claims, Lease, Settings};

/// A worker whose claims last `lease`.
pub(crate) fn worker(name: &str, lease: Duration) -> Claims {
    let worker = name.to_owned();
    Claims::new(Settings { lease, worker }).unwrap()
}

/// Claims the job, which must be free.
pub(crate) fn claim(claims: &Claims, job: &Path) -> Lease {
    match claims.try_claim(job, "").unwrap() {
        Attempt::Claimed(lease) => lease,
        Attempt::Held(by) => panic!("{} is held by {by:?}", job.display()),
    }
}

/// Who holds the job, which must not be free.
pub(crate) fn holder(claims: &Claims, job: &Path) -> ClaimRecord {
    match claims.try_claim(job, "").unwrap() {
        Attempt::Held(by) => by,
        Attempt::Claimed(lease) => panic!("{} was free: {lease:?}", job.display()),
    }
}

/// Tries until the job is claimed; returns the claim and how long that took.
pub(crate) fn claim_in_time(claims: &Claims, job: &Path) -> (Lease, Duration) {
    let start = Instant::now();
    loop {
        match claims.try_claim(job, "").unwrap() {
            Attempt::Claimed(lease) => return (lease, start.elapsed()),
            Attempt::Held(by) => assert!(start.elapsed() < LIMIT, "still held by {by:?}"),
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until `is_so`.
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LIMIT, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Far more than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(10);
