//! Claims of other processes of this machine, which are killed or stopped.

use std::fs;
use std::io::{BufRead, BufReader, Write, stderr, stdin};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use crate::support::{claim, claim_in_time, holder, worker};
use psp_lease::history;
use tempfile::tempdir;

const LONG: Duration = Duration::from_secs(60);

/// What the other process runs: it claims the job, says so, and answers each
/// line that it gets with whether it still holds the job.
#[test]
#[ignore = "a process that the other tests start"]
fn holding_process() {
    let job = std::env::var("PSP_LEASE_JOB").expect("the other tests name a job");
    let lease = std::env::var("PSP_LEASE_MILLIS").expect("the other tests set a lease");
    let lease = Duration::from_millis(lease.parse().unwrap());
    let lease = claim(&worker("other process", lease), Path::new(&job));
    writeln!(stderr(), "claimed {}", lease.token()).unwrap();
    for _ in stdin().lines() {
        writeln!(stderr(), "holds: {}", lease.holds().unwrap()).unwrap();
    }
}

struct OtherProcess {
    child: Child,
    answers: BufReader<ChildStderr>,
}

impl OtherProcess {
    /// Returns once the process has claimed the job.
    fn claims(job: &Path, lease: Duration) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "processes::holding_process",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .env("PSP_LEASE_JOB", job)
            .env("PSP_LEASE_MILLIS", lease.as_millis().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stderr.take().unwrap());
        let mut process = Self { child, answers };
        assert_eq!(process.answer(), "claimed 1");
        process
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn asked(&mut self) -> String {
        self.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        self.answer()
    }

    fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &command]).status().unwrap();
        assert!(status.success(), "{command}");
    }
}

impl Drop for OtherProcess {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_job_of_a_killed_process_is_taken_over_at_once() {
    let job = tempdir().unwrap();
    let mut other = OtherProcess::claims(job.path(), LONG);
    let claims = worker("w", LONG);
    let by = holder(&claims, job.path()).holder.unwrap();
    assert_eq!(by.process.pid, other.child.id());
    other.child.kill().unwrap();
    other.child.wait().unwrap();
    assert_eq!(claim(&claims, job.path()).token(), 2);
}

#[test]
fn a_killed_process_that_its_parent_takes_no_notice_of_is_dead_too() {
    let job = tempdir().unwrap();
    let mut other = OtherProcess::claims(job.path(), LONG);
    other.child.kill().unwrap();
    let (lease, _) = claim_in_time(&worker("w", LONG), job.path());
    assert_eq!(lease.token(), 2);
}

#[test]
fn a_process_that_was_stopped_past_its_lease_finds_itself_fenced() {
    let lease = Duration::from_millis(200);
    let job = tempdir().unwrap();
    let mut other = OtherProcess::claims(job.path(), lease);
    assert_eq!(other.asked(), "holds: true");
    other.signal("STOP");
    let (ours, waited) = claim_in_time(&worker("w", lease), job.path());
    assert!(waited >= lease, "{waited:?}");
    other.signal("CONT");
    assert_eq!(other.asked(), "holds: false");
    assert!(ours.holds().unwrap());
}

#[test]
fn a_process_that_was_stopped_and_not_taken_over_holds_on() {
    let job = tempdir().unwrap();
    let mut other = OtherProcess::claims(job.path(), Duration::from_millis(200));
    other.signal("STOP");
    std::thread::sleep(Duration::from_millis(400));
    other.signal("CONT");
    assert_eq!(other.asked(), "holds: true");
}

/// A copy of a dead process's claim, changed by `change`, in a folder `name`.
fn copy(root: &Path, name: &str, change: impl Fn(&str) -> String) -> PathBuf {
    let job = root.join(name);
    fs::create_dir(&job).unwrap();
    let content = fs::read_to_string(root.join("dead/claim.1")).unwrap();
    fs::write(job.join("claim.1"), change(&content)).unwrap();
    job
}

#[test]
fn a_dead_looking_process_of_another_host_boot_or_container_is_waited_for() {
    let root = tempdir().unwrap();
    let dead = root.path().join("dead");
    drop(OtherProcess::claims(&dead, LONG));
    let process = history(&dead).unwrap()[0].holder.clone().unwrap().process;

    let claims = worker("w", LONG);
    for place in [process.host, process.boot_id, process.pid_namespace] {
        let quoted = format!("\"{place}\"");
        let elsewhere = |content: &str| content.replacen(&quoted, "\"elsewhere\"", 1);
        let job = copy(root.path(), &place.replace('/', "_"), elsewhere);
        let by = holder(&claims, &job).holder.unwrap();
        assert_eq!(by.process.pid, process.pid, "the claim can be read");
    }
    let same = copy(root.path(), "same", str::to_owned);
    assert_eq!(claim(&claims, &same).token(), 2);
}
