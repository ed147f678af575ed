//! When a claim is taken over, and when it is not, judged by its heartbeat.

use std::fs::{self, File};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::support::{claim, claim_in_time, holder, wait_until, worker};
use psp_lease::history;
use tempfile::tempdir;

const SHORT: Duration = Duration::from_millis(100);
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[test]
fn a_claim_whose_heartbeat_stopped_is_taken_over_after_its_lease_and_not_before() {
    let job = tempdir().unwrap();
    let crashed = claim(&worker("crashed", SHORT), job.path());
    drop(crashed);
    let (lease, waited) = claim_in_time(&worker("next", SHORT), job.path());
    assert!(waited >= SHORT, "{waited:?}");
    assert_eq!(lease.token(), 2);
    assert!(lease.holds().unwrap());
    let released: Vec<bool> = history(job.path())
        .unwrap()
        .iter()
        .map(|record| record.released)
        .collect();
    assert_eq!(released, [false, false]);
}

#[test]
fn a_claim_whose_heart_beats_is_not_taken_over() {
    let job = tempdir().unwrap();
    let lease = Duration::from_millis(300);
    let held = claim(&worker("holder", lease), job.path());
    let other = worker("other", lease);
    let start = Instant::now();
    while start.elapsed() < 5 * lease {
        assert_eq!(holder(&other, job.path()).token, 1);
        thread::sleep(Duration::from_millis(10));
    }
    assert!(held.holds().unwrap() && !held.is_lost());
}

#[test]
fn one_look_however_late_takes_nothing_over() {
    let job = tempdir().unwrap();
    drop(claim(&worker("crashed", SHORT), job.path()));
    thread::sleep(2 * SHORT);
    let other = worker("other", SHORT);
    assert_eq!(holder(&other, job.path()).token, 1);
    thread::sleep(2 * SHORT);
    assert_eq!(claim(&other, job.path()).token(), 2);
}

#[test]
fn each_observer_waits_for_itself() {
    let job = tempdir().unwrap();
    drop(claim(&worker("crashed", SHORT), job.path()));
    let (early, late) = (worker("early", SHORT), worker("late", SHORT));
    holder(&early, job.path());
    thread::sleep(2 * SHORT);
    assert_eq!(holder(&late, job.path()).token, 1);
    assert_eq!(claim(&early, job.path()).token(), 2);
}

#[test]
fn a_holder_finds_that_it_was_taken_over() {
    let job = tempdir().unwrap();
    let held = claim(&worker("holder", SHORT), job.path());
    File::create(job.path().join("claim.2")).unwrap();
    wait_until("the heartbeat finds the claim lost", || held.is_lost());
    assert!(!held.holds().unwrap());
    assert!(!held.release().unwrap());
    assert!(!job.path().join("release.1").exists());
}

#[test]
fn a_claim_without_its_content_or_with_half_of_it_holds_until_it_expires() {
    let whole = tempdir().unwrap();
    let _held = claim(&worker("whole", SHORT), whole.path());
    let content = fs::read(whole.path().join("claim.1")).unwrap();
    for length in [0, 1, content.len() / 2, content.len() - 2] {
        let job = tempdir().unwrap();
        fs::write(job.path().join("claim.1"), &content[..length]).unwrap();
        let other = worker("other", SHORT);
        assert!(other.try_first(job.path(), "").unwrap().is_none());
        assert_eq!(holder(&other, job.path()).holder, None, "{length} bytes");
        let (lease, waited) = claim_in_time(&other, job.path());
        assert_eq!(lease.token(), 2);
        assert!(waited >= SHORT - Duration::from_millis(20), "{waited:?}");
        let records = history(job.path()).unwrap();
        assert_eq!(records[0].holder, None);
        assert_eq!(records[1].holder.as_ref().unwrap().worker, "other");
    }
}

#[test]
fn a_modification_time_in_the_future_or_long_past_counts_only_when_it_changes() {
    let now = SystemTime::now();
    for first in [now + YEAR, now - 20 * YEAR] {
        let job = tempdir().unwrap();
        let file = File::create(job.path().join("claim.1")).unwrap();
        let other = worker("other", SHORT);
        // A heart that beats by a clock that runs backwards.
        let start = Instant::now();
        let mut time = first;
        while start.elapsed() < 4 * SHORT {
            time -= Duration::from_secs(1);
            file.set_modified(time).unwrap();
            assert_eq!(holder(&other, job.path()).token, 1);
            thread::sleep(SHORT / 4);
        }
        let (lease, _) = claim_in_time(&other, job.path());
        assert_eq!(lease.token(), 2);
    }
}
