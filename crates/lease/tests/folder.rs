//! Release, history, and what becomes of a claim whose folder vanishes.

use std::fs;
use std::time::Duration;

use crate::support::{claim, holder, wait_until, worker};
use psp_lease::{Claims, LeaseError, Settings, history};
use tempfile::tempdir;

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_released_job_is_claimed_again_at_once_with_the_next_token() {
    let job = tempdir().unwrap();
    let (ours, theirs) = (worker("ours", LONG), worker("theirs", LONG));
    for token in 1..=12 {
        let (next, other) = if token % 2 == 0 {
            (&theirs, &ours)
        } else {
            (&ours, &theirs)
        };
        let lease = claim(next, job.path());
        assert_eq!(lease.token(), token);
        assert_eq!(holder(other, job.path()).token, token);
        assert!(lease.holds().unwrap());
        assert!(lease.release().unwrap());
    }
    assert!(ours.try_first(job.path(), "").unwrap().is_none());
}

#[test]
fn the_history_tells_who_made_each_claim_with_which_note_and_whether_it_was_released() {
    let job = tempdir().unwrap();
    let note = "attempt on \"gpu 3\"\n";
    let first = worker("a", LONG).try_first(job.path(), note).unwrap();
    assert!(first.unwrap().release().unwrap());
    let _second = claim(&worker("b", LONG), job.path());

    let records = history(job.path()).unwrap();
    let of = |i: usize| records[i].holder.clone().unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!((records[0].token, records[0].released), (1, true));
    assert_eq!((records[1].token, records[1].released), (2, false));
    assert_eq!((of(0).worker.as_str(), of(0).note.as_str()), ("a", note));
    assert_eq!((of(1).worker.as_str(), of(1).note.as_str()), ("b", ""));
    assert_eq!(of(1).process.pid, std::process::id());
    assert_eq!(holder(&worker("c", LONG), job.path()), records[1]);
}

#[test]
fn a_job_without_a_folder_has_no_history_and_gets_one_with_its_first_claim() {
    let root = tempdir().unwrap();
    let claims = worker("w", LONG);
    for (name, first) in [("a", true), ("b", false)] {
        let job = root.path().join("jobs").join(name);
        assert_eq!(history(&job).unwrap(), []);
        let lease = if first {
            claims.try_first(&job, "").unwrap().unwrap()
        } else {
            claim(&claims, &job)
        };
        assert_eq!((lease.token(), lease.job()), (1, job.as_path()));
    }
}

#[test]
fn a_claim_whose_folder_vanished_is_lost() {
    let root = tempdir().unwrap();
    let claims = worker("w", LONG);
    let removed = claim(&claims, &root.path().join("removed"));
    let renamed = claim(&claims, &root.path().join("renamed"));
    fs::remove_dir_all(removed.job()).unwrap();
    fs::rename(renamed.job(), root.path().join("elsewhere")).unwrap();
    for lease in [removed, renamed] {
        assert!(!lease.holds().unwrap());
        assert!(lease.is_lost());
        assert!(!lease.release().unwrap());
    }
}

#[test]
fn the_heartbeat_finds_that_the_folder_vanished() {
    let root = tempdir().unwrap();
    let claims = worker("w", Duration::from_millis(100));
    let lease = claim(&claims, &root.path().join("job"));
    fs::remove_dir_all(lease.job()).unwrap();
    wait_until("the heartbeat finds the claim lost", || lease.is_lost());
}

#[test]
fn a_claim_does_not_hold_in_a_folder_that_was_made_anew() {
    let root = tempdir().unwrap();
    let job = root.path().join("job");
    let stale = claim(&worker("stale", LONG), &job);
    fs::remove_dir_all(&job).unwrap();
    let fresh = claim(&worker("fresh", LONG), &job);
    assert_eq!((stale.token(), fresh.token()), (1, 1));
    assert!(!stale.holds().unwrap());
    assert!(fresh.holds().unwrap());
}

#[test]
fn a_lease_out_of_range_is_refused_with_the_range() {
    let refused = |lease| {
        let worker = "w".to_owned();
        match Claims::new(Settings { lease, worker }) {
            Err(error @ LeaseError::Setting { .. }) => error.to_string(),
            other => format!("{other:?}"),
        }
    };
    let expected = "`lease` is 19ms; expected 20ms to 86400s";
    assert_eq!(refused(Duration::from_millis(19)), expected);
    let expected = "`lease` is 86401s; expected 20ms to 86400s";
    assert_eq!(refused(Duration::from_secs(86_401)), expected);
}

#[test]
fn a_job_that_is_no_folder_is_an_error_that_names_it() {
    let root = tempdir().unwrap();
    let job = root.path().join("job");
    fs::write(&job, "").unwrap();
    let claims = worker("w", LONG);
    let first = claims.try_first(&job, "").unwrap_err().to_string();
    let any = claims.try_claim(&job, "").unwrap_err().to_string();
    let path = job.display();
    let start = format!("{path}/claim.1: could not create the claim: ");
    assert!(first.starts_with(&start), "{first}");
    let start = format!("{path}: could not read the folder of claims: ");
    assert!(any.starts_with(&start), "{any}");
}
