//! Runs the real `psp` on small data sets in temporary folders.

pub(crate) mod study;
pub(crate) mod trained;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;

use psp_synth::SynthOptions;
use safetensors::SafeTensors;
use tempfile::TempDir;

/// Settings that make a training run take seconds.
pub(crate) const SMALL: &[&str] = &[
    // The smallest backbone, of which checkpoints are small.
    "model.backbone=mobilenet_v2",
    "preprocess.size=32",
    "train.epochs=1",
    "train.batch_size=4",
    // SGD without momentum has no state, which keeps checkpoints small.
    "train.optimizer=sgd",
    "train.momentum=0.0",
    "train.learning_rate=0.01",
];

/// The device under test: `PSP_TEST_DEVICE`, or Flex.
pub(crate) fn device() -> String {
    std::env::var("PSP_TEST_DEVICE").unwrap_or_else(|_| "flex".to_owned())
}

/// A temporary folder with a data set in `data`.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::with_prefix("psp-test-").unwrap())
    }

    /// 24 rendered images of 64x48 pixels, `synth-000000.jpg` on line 2.
    pub(crate) fn with_data() -> Self {
        let folder = Self::new();
        render(&folder.data(), 24);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn image(&self, name: &str) -> PathBuf {
        self.data().join("imgs").join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Replaces the first `from`, which must be there, in a file.
    #[track_caller]
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        assert_says(&text, &[from]);
        self.write(name, text.replacen(from, to, 1));
    }

    #[track_caller]
    pub(crate) fn edit_labels(&self, from: &str, to: &str) {
        self.edit("data/labels.csv", from, to);
    }

    /// Trains into `out` with [`SMALL`] and further overrides.
    pub(crate) fn train(&self, out: &str, sets: &[&str]) -> Ran {
        run(&mut self.training(out, sets))
    }

    pub(crate) fn training(&self, out: &str, sets: &[&str]) -> Command {
        training(&self.data(), &self.path(out), sets)
    }

    /// `psp train` must refuse, say all of `parts`, and leave no run folder.
    #[track_caller]
    pub(crate) fn assert_refuses_to_train(&self, sets: &[&str], parts: &[&str]) {
        self.train("run", sets).assert_refused(parts);
        assert!(
            !self.path("run").exists(),
            "the refused run left a folder behind"
        );
    }
}

pub(crate) fn render(dir: &Path, count: usize) {
    let options = SynthOptions {
        count,
        seed: 1,
        width: 64,
        height: 48,
    };
    psp_synth::write_dataset(dir, &options, &|_, _| {}, &AtomicBool::new(false)).unwrap();
}

pub(crate) fn psp(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_psp"));
    command
        .args(args)
        // Never the user's own.
        .env(
            "PSP_CACHE_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// `psp train` with [`SMALL`] and then `sets`.
pub(crate) fn training(data: &Path, out: &Path, sets: &[&str]) -> Command {
    let mut command = psp(&["train", "--device", &device()]);
    command.arg("--data").arg(data).arg("--out").arg(out);
    for set in SMALL.iter().chain(sets) {
        command.args(["--set", set]);
    }
    command
}

pub(crate) fn resume(run: &Path) -> Command {
    let mut command = psp(&["train", "--resume"]);
    command.arg(run);
    command
}

/// Sends `INT` or `TERM`; every shell has a `kill`.
pub(crate) fn signal(child: &Child, name: &str) {
    let command = format!("kill -{name} {}", child.id());
    assert!(
        Command::new("sh")
            .args(["-c", &command])
            .status()
            .unwrap()
            .success()
    );
}

/// What a finished process left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn run(command: &mut Command) -> Ran {
    ran(command.output().unwrap())
}

pub(crate) fn ran(output: std::process::Output) -> Ran {
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn assert_done(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// Exit status 1 (a panic would be 101), and an error that says all of
    /// `parts`.
    #[track_caller]
    pub(crate) fn assert_refused(&self, parts: &[&str]) {
        self.assert_failed(1, parts);
    }

    /// The same with exit status 75: another time may be better.
    #[track_caller]
    pub(crate) fn assert_refused_for_now(&self, parts: &[&str]) {
        self.assert_failed(75, parts);
    }

    #[track_caller]
    fn assert_failed(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        // What is to be told of the data comes first.
        let told = |line: &&str| line.starts_with("note: ") || line.starts_with("warning: ");
        let first = self.stderr.lines().find(|line| !told(line));
        let is_error = first.is_some_and(|line| line.starts_with("error: "));
        assert!(is_error, "{self:#?}");
        assert_says(&self.stderr, parts);
    }
}

#[track_caller]
pub(crate) fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
}

/// Every tensor's shape and bytes in a safetensors file.
pub(crate) fn tensors(path: &Path) -> BTreeMap<String, (Vec<usize>, Vec<u8>)> {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let entry = |(key, view): (&str, safetensors::tensor::TensorView<'_>)| {
        (
            key.to_owned(),
            (view.shape().to_vec(), view.data().to_vec()),
        )
    };
    file.iter().map(entry).collect()
}

/// The JSON of a file.
pub(crate) fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The JSON of each line of a file.
pub(crate) fn json_lines(path: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
