//! Workers that end in all kinds of ways, played by a shell.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use psp_search::{StudyEvent, SuperviseEnd, supervise};
use tempfile::TempDir;

/// How the work of some workers ended that each run a script, which knows its slot as
/// `$SLOT`, and how often a slot was given up.
fn supervised(workers: usize, folder: &Path, script: &str) -> (SuperviseEnd, usize) {
    let command = |slot: usize| {
        let mut command = Command::new("sh");
        let slot = slot.to_string();
        command.args(["-c", script]).env("SLOT", slot);
        command.current_dir(folder);
        command
    };
    let mut given_up = 0;
    let end = supervise(workers, command, &AtomicBool::new(false), &mut |event| {
        given_up += usize::from(matches!(event, StudyEvent::GivenUp { .. }));
    });
    (end.unwrap(), given_up)
}

fn failed(end: SuperviseEnd) -> (String, bool) {
    match end {
        SuperviseEnd::Failed { reason, may_pass } => (reason, may_pass),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_fault_of_the_machine_may_pass_and_is_met_three_times() {
    let folder = TempDir::new().unwrap();
    let script = "echo x >> starts; echo 'error: no space left' >&2; exit 75";
    let (end, given_up) = supervised(1, folder.path(), script);
    assert_eq!(failed(end), ("no space left".to_owned(), true));
    assert_eq!(given_up, 1);
    let starts = std::fs::read_to_string(folder.path().join("starts")).unwrap();
    assert_eq!(starts.lines().count(), 3);
}

#[test]
fn one_worker_without_a_device_leaves_the_work_to_the_other() {
    let folder = TempDir::new().unwrap();
    let (end, given_up) = supervised(2, folder.path(), "[ $SLOT = 0 ] || exit 75; sleep 1");
    assert_eq!((end, given_up), (SuperviseEnd::Done, 1));
}

#[test]
fn a_study_that_a_worker_finds_done_is_done_whatever_the_last_one_met_with() {
    let folder = TempDir::new().unwrap();
    let (end, _) = supervised(2, folder.path(), "[ $SLOT = 0 ] || exit 75");
    assert_eq!(end, SuperviseEnd::Done);
}

#[test]
fn workers_that_are_killed_are_replaced() {
    let folder = TempDir::new().unwrap();
    let script = "echo x >> starts; [ $(wc -l < starts) -gt 5 ] || kill -KILL $$";
    assert_eq!(
        supervised(1, folder.path(), script),
        (SuperviseEnd::Done, 0)
    );
}

#[test]
fn a_worker_that_is_killed_each_time_is_given_up_for_now() {
    let folder = TempDir::new().unwrap();
    let (end, _) = supervised(1, folder.path(), "kill -KILL $$");
    let (reason, may_pass) = failed(end);
    assert!(may_pass && reason.contains("--workers"), "{reason}");
}

#[test]
fn where_memory_runs_out_fewer_workers_go_on_and_the_last_one_is_tried_alone() {
    let folder = TempDir::new().unwrap();
    let refused = "echo 'memory allocation of 4096 bytes failed' >&2; kill -ABRT $$";
    let (end, given_up) = supervised(3, folder.path(), refused);
    let (reason, may_pass) = failed(end);
    assert!(may_pass && reason.contains("train.batch_size"), "{reason}");
    assert_eq!(given_up, 3);
    // By itself it has enough.
    let alone = format!("[ $SLOT = 2 ] || {{ {refused}; }}; sleep 1");
    let (end, given_up) = supervised(3, folder.path(), &alone);
    assert_eq!((end, given_up), (SuperviseEnd::Done, 2));
}

#[test]
fn an_error_that_would_come_again_ends_all_of_them_at_once() {
    let folder = TempDir::new().unwrap();
    let script = "[ $SLOT = 0 ] || exec cat; echo 'error: the data changed' >&2; exit 1";
    let (end, _) = supervised(2, folder.path(), script);
    assert_eq!(failed(end), ("the data changed".to_owned(), false));
}

#[test]
fn a_worker_that_cannot_be_started_is_the_machines_fault() {
    let end = supervise(
        2,
        |_| Command::new("/nonexistent/worker"),
        &AtomicBool::new(false),
        &mut |_| {},
    );
    let (reason, may_pass) = failed(end.unwrap());
    assert!(
        may_pass && reason.contains("/nonexistent/worker"),
        "{reason}"
    );
}
