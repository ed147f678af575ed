//! Studies in temporary folders, through the real `psp`.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Folder, Ran, device, psp, run};

/// 24 grid points that take a second or less each.
pub(crate) const STUDY: &str = r#"
[study]
trials = 6
seed = 5
finalists = 1
seeds = 2
lease_seconds = 5

[preprocess]
size = 32

[train]
epochs = 2
batch_size = 4
optimizer = "sgd"
momentum = 0.0

[space]
model.backbone = ["mobilenet_v2", "googlenet"]
model.hidden = { int = [4, 16], step = 4 }
train.learning_rate = { log = [1e-3, 1e-1], points = 3 }
"#;

/// A study in a folder of its own.
pub(crate) struct Bench {
    pub(crate) folder: Folder,
}

impl Bench {
    pub(crate) fn new(study: &str) -> Self {
        let folder = Folder::with_data();
        folder.write("study.toml", study);
        Self { folder }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path("study")
    }

    pub(crate) fn search(&self, more: &[&str]) -> Command {
        let mut command = psp(&["search", "--device", &device(), "--config"]);
        command
            .arg(self.folder.path("study.toml"))
            .arg("--data")
            .arg(self.folder.data())
            .arg("--study")
            .arg(self.root())
            .args(more);
        command
    }

    /// Begins the study without training anything.
    pub(crate) fn begin(&self) {
        run(&mut self.search(&["--launcher", "slurm", "--emit"])).assert_done();
    }

    /// Goes on with the study by its folder.
    pub(crate) fn again(&self, more: &[&str]) -> Ran {
        let mut command = psp(&["search", "--workers", "1", "--study"]);
        run(command.arg(self.root()).args(more))
    }

    pub(crate) fn study(&self, command: &str, more: &[&str]) -> Ran {
        run(psp(&["study", command]).arg(self.root()).args(more))
    }

    /// The trials, finalists and refit, without what depends on the clock.
    pub(crate) fn table(&self) -> Value {
        let shown = self.study("show", &["--json"]).assert_done();
        let mut shown: Value = serde_json::from_str(&shown.stdout).unwrap();
        let timeless = |row: &mut Value| {
            let row = row.as_object_mut().unwrap();
            row.remove("seconds").unwrap();
            row.remove("attempts").unwrap();
        };
        for part in ["trials", "finals"] {
            shown[part]
                .as_array_mut()
                .unwrap()
                .iter_mut()
                .for_each(timeless);
        }
        shown.get_mut("refit").into_iter().for_each(timeless);
        shown
    }

    /// Folders of trials and finalists.
    pub(crate) fn tasks(&self) -> Vec<PathBuf> {
        ["trials", "finals"]
            .into_iter()
            .flat_map(|part| std::fs::read_dir(self.root().join(part)).unwrap())
            .map(|entry| entry.unwrap().path())
            .collect()
    }

    /// How often each task was trained to its end.
    pub(crate) fn assert_each_ended_once(&self) {
        for task in self.tasks() {
            let log = std::fs::read_to_string(task.join("log.txt")).unwrap();
            let ends = log.lines().filter(|line| line.ends_with(" finished"));
            // A kill may land between the result and this line.
            assert!(ends.count() <= 1, "{}: {log}", task.display());
        }
    }
}

/// How many rows are in a state.
pub(crate) fn count(rows: &Value, state: &str) -> usize {
    let rows = rows.as_array().unwrap();
    rows.iter().filter(|row| row["state"] == state).count()
}

/// Tasks that have ended.
pub(crate) fn ended(bench: &Bench) -> usize {
    let tasks = std::fs::read_dir(bench.root().join("trials")).unwrap();
    tasks
        .filter(|entry| entry.as_ref().unwrap().path().join("outcome.json").exists())
        .count()
}

#[track_caller]
pub(crate) fn wait_for(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !condition() {
        assert!(Instant::now() < deadline, "it did not come to that");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Processes whose parent is `id`.
pub(crate) fn children_of(id: u32) -> Vec<u32> {
    let path = format!("/proc/{id}/task/{id}/children");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace()
        .map(|id| id.parse().unwrap())
        .collect()
}
