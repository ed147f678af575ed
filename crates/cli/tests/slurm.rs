//! Studies on a real Slurm; `scripts/slurm-test.sh` starts one and runs these.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{Folder, psp, run};
use serde_json::Value;

/// 8 trials of some seconds each.
const STUDY: &str = r#"
[study]
trials = 8
finalists = 1
seeds = 1
lease_seconds = 5

[preprocess]
size = 32

[train]
device = "flex"
epochs = 6
batch_size = 4
optimizer = "sgd"
momentum = 0.0
checkpoint_seconds = 1

[space]
model.hidden = [4, 8]
train.learning_rate = { log = [1e-4, 1e-1], points = 4 }
"#;

struct Cluster {
    folder: Folder,
}

impl Cluster {
    fn new() -> Self {
        assert!(
            std::env::var_os("SLURM_CONF").is_some(),
            "no Slurm: run scripts/slurm-test.sh"
        );
        let folder = Folder::with_data();
        folder.write("study.toml", STUDY);
        Self { folder }
    }

    fn study(&self) -> PathBuf {
        self.folder.path("study")
    }

    /// Submits an array of 4 and returns its number.
    fn submit(&self) -> String {
        let mut command = psp(&["search", "--launcher", "slurm", "--tasks", "4"]);
        command
            .arg("--config")
            .arg(self.folder.path("study.toml"))
            .arg("--data")
            .arg(self.folder.data())
            .arg("--study")
            .arg(self.study())
            .args(["--", "--time=10"]);
        let submitted = run(&mut command).assert_done();
        let number = submitted.stdout.split("submitted as job ").nth(1).unwrap();
        number.split(',').next().unwrap().to_owned()
    }

    fn table(&self) -> Value {
        let shown = run(psp(&["study", "show", "--json"]).arg(self.study())).assert_done();
        serde_json::from_str(&shown.stdout).unwrap()
    }

    fn count(&self, state: &str) -> usize {
        let table = self.table();
        let rows = table["trials"].as_array().unwrap().clone();
        rows.iter().filter(|row| row["state"] == state).count()
    }

    fn log(&self, job: &str, task: usize) -> String {
        let path = self.study().join(format!("slurm/{job}_{task}.log"));
        std::fs::read_to_string(path).unwrap_or_default()
    }

    /// Waits until the array has left the queue.
    #[track_caller]
    fn wait_for(&self, job: &str) {
        wait(Duration::from_secs(180), "the array's end", || {
            states(job).is_empty()
        });
    }

    /// Every trial was trained to its end once, by whichever task.
    #[track_caller]
    fn assert_all_finished_once(&self) {
        assert_eq!(self.count("finished"), 8, "{:#}", self.table());
        for entry in std::fs::read_dir(self.study().join("trials")).unwrap() {
            let log = entry.unwrap().path().join("log.txt");
            let log = std::fs::read_to_string(log).unwrap();
            let ends = log.lines().filter(|line| line.ends_with(" finished"));
            assert!(ends.count() <= 1, "{log}");
        }
    }
}

/// The states of the array's tasks that are in the queue.
fn states(job: &str) -> Vec<String> {
    let asked = Command::new("squeue")
        .args(["-h", "-r", "-j", job, "-o", "%T"])
        .output()
        .unwrap();
    // An array that Slurm has forgotten has ended.
    let text = String::from_utf8(asked.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[track_caller]
fn wait(limit: Duration, what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + limit;
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not come");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Processes whose command line holds all of `parts`.
fn processes(parts: &[&str]) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            let line = std::fs::read(Path::new("/proc").join(entry.file_name()).join("cmdline"));
            let line = String::from_utf8_lossy(&line.ok()?).replace('\0', " ");
            parts.iter().all(|part| line.contains(part)).then_some(id)
        })
        .collect()
}

#[test]
#[ignore = "needs Slurm: scripts/slurm-test.sh"]
fn all_trials_finish_although_one_task_of_the_array_is_killed() {
    let cluster = Cluster::new();
    let job = cluster.submit();
    wait(Duration::from_secs(60), "the first epoch", || {
        !processes(&["search-worker", cluster.study().to_str().unwrap()]).is_empty()
            && cluster.count("begun") >= 2
    });
    // A worker, its psp and the shell, all at once, as a machine that is gone.
    let victims: Vec<String> = processes(&[cluster.study().to_str().unwrap()])
        .into_iter()
        .filter(|id| task_of(*id) == Some(1))
        .map(|id| id.to_string())
        .collect();
    assert!(victims.len() >= 2, "{victims:?}");
    let killed = Command::new("kill").arg("-KILL").args(&victims).status();
    assert!(killed.unwrap().success());
    cluster.wait_for(&job);
    cluster.assert_all_finished_once();
    assert!(cluster.table()["selection"].is_object());
}

/// The task of a Slurm array that a process belongs to.
fn task_of(id: u32) -> Option<u32> {
    let environment = std::fs::read(format!("/proc/{id}/environ")).ok()?;
    let environment = String::from_utf8_lossy(&environment).into_owned();
    let value = environment
        .split('\0')
        .find_map(|entry| entry.strip_prefix("SLURM_ARRAY_TASK_ID="))?;
    value.parse().ok()
}

#[test]
#[ignore = "needs Slurm: scripts/slurm-test.sh"]
fn tasks_that_are_warned_save_requeue_themselves_and_go_on() {
    let cluster = Cluster::new();
    let job = cluster.submit();
    wait(Duration::from_secs(60), "the first trials", || {
        cluster.count("begun") >= 2
    });
    let warned = Command::new("scancel")
        .args(["--signal=USR1", "--batch", &job])
        .status();
    assert!(warned.unwrap().success());
    wait(Duration::from_secs(60), "what the tasks say", || {
        (0..4).any(|task| cluster.log(&job, task).contains("interrupted and saved"))
    });
    cluster.wait_for(&job);
    cluster.assert_all_finished_once();
}
