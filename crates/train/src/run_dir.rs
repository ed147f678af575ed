//! The run folder: everything a run leaves behind.
//!
//! ```text
//! experiments/<run>/
//!   config.toml            the resolved configuration
//!   run.json               fingerprints, versions, devices
//!   split.csv              which image is in which part
//!   metrics.jsonl          one line per epoch
//!   tensorboard/           event files, one for each call that trained
//!   checkpoints/last.safetensors, previous.safetensors, best.safetensors
//!   checkpoints/frozen.safetensors   what is frozen, where anything is
//!   result.json            how the run ended; written last
//!   run.lock               held by the process that writes the folder
//! ```

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use psp_data::Dataset;

use crate::config::{Change, RunConfig};
use crate::error::TrainError;

mod best;
mod checkpoints;
mod records;

pub(crate) use checkpoints::Newest;
use psp_schema::{Access, FileError, RunResult};
pub use records::Manifest;
use records::read_json;

/// Where runs and studies lie that have a name alone.
pub const EXPERIMENTS: &str = "experiments";

/// Held by the process that writes the folder.
const LOCK: &str = "run.lock";

/// What a run writes before the configuration that marks it as begun.
const BEFORE_CONFIG: [&str; 6] = [
    LOCK,
    "checkpoints",
    "metrics.jsonl",
    "run.json",
    "split.csv",
    "tensorboard",
];

/// Paths inside a run folder.
#[derive(Clone, Debug)]
pub struct RunDir {
    root: PathBuf,
}

/// Holds the run folder for one writing process until dropped, or until the
/// process ends in whatever way.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunDir {
    /// The folder at `root`, which need not exist.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The resolved configuration.
    pub fn config(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// Fingerprints, versions and device.
    pub fn manifest(&self) -> PathBuf {
        self.root.join("run.json")
    }

    /// Which image is in which part.
    pub fn split(&self) -> PathBuf {
        self.root.join("split.csv")
    }

    /// One line per epoch.
    pub fn metrics(&self) -> PathBuf {
        self.root.join("metrics.jsonl")
    }

    /// TensorBoard's event files.
    pub fn tensorboard(&self) -> PathBuf {
        self.root.join("tensorboard")
    }

    /// How the run ended.
    pub fn result(&self) -> PathBuf {
        self.root.join("result.json")
    }

    /// Whether a run was begun here.
    pub fn is_begun(&self) -> bool {
        self.config().exists()
    }

    /// The first file or folder here that stands in the way of a new run; `None` where
    /// one may begin: the folder is missing or empty, or left by an attempt that was
    /// killed before it had begun. Hidden files, such as `.DS_Store`, don't count.
    ///
    /// # Errors
    /// When the folder can't be listed.
    pub(crate) fn in_the_way(&self) -> Result<Option<String>, TrainError> {
        let entries = match std::fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if self.root.is_file() => {
                let reason = std::io::Error::new(error.kind(), "it is a file, not a folder");
                let begin = Access::Write("begin a run in this folder");
                return Err(FileError::at(&self.root, begin)(reason).into());
            }
            Err(error) => return Err(FileError::list(&self.root)(error).into()),
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(FileError::list(&self.root))?.file_name();
            names.push(name.to_string_lossy().into_owned());
        }
        names.retain(|name| !name.starts_with('.'));
        // A run's folder is locked before anything else is written into it.
        let is_an_attempt = names.iter().any(|name| name == LOCK);
        names.retain(|name| !(is_an_attempt && BEFORE_CONFIG.contains(&name.as_str())));
        Ok(names.into_iter().min())
    }

    /// Creates the folder.
    pub(crate) fn create(&self) -> Result<(), TrainError> {
        Ok(psp_schema::create_folder(&self.checkpoints())?)
    }

    /// Takes the folder for writing.
    ///
    /// # Errors
    /// [`TrainError::Locked`] when another process holds it.
    pub fn lock(&self) -> Result<RunLock, TrainError> {
        let path = self.root.join(LOCK);
        psp_schema::create_folder(&self.root)?;
        let file = File::create(&path).map_err(FileError::write(&path, "create it"))?;
        match file.try_lock() {
            Ok(()) => {
                self.create()?;
                Ok(RunLock { _file: file })
            }
            Err(TryLockError::WouldBlock) => Err(TrainError::Locked {
                run: self.root.clone(),
            }),
            Err(TryLockError::Error(error)) => {
                Err(FileError::at(&path, Access::Read("lock it"))(error).into())
            }
        }
    }

    /// Removes temporary files that a killed process left.
    pub(crate) fn remove_leftovers(&self) {
        for dir in [self.root.clone(), self.checkpoints()] {
            for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
                if is_leftover(&entry.file_name().to_string_lossy()) {
                    // Only tidiness: a file that can't be removed harms nothing.
                    let _ = std::fs::remove_file(entry.path());
                }
            }
        }
    }

    /// Reads the configuration of a run.
    ///
    /// # Errors
    /// When the folder holds no run or the file is not valid.
    pub fn read_config(&self) -> Result<RunConfig, TrainError> {
        // An attempt that was killed before it had begun leaves a manifest, too.
        if !self.is_begun() && self.last().exists() {
            return Err(TrainError::missing(self.config()));
        }
        if !self.is_begun() {
            return Err(TrainError::NoRun {
                path: self.root.clone(),
            });
        }
        Ok(RunConfig::read(Some(&self.config()), &[])?)
    }

    /// Reads the configuration of a run whose model is made use of: nothing that decides
    /// the result may have been edited since the run was last worked on.
    ///
    /// # Errors
    /// As [`read_config`](Self::read_config) and [`read_manifest`](Self::read_manifest);
    /// [`TrainError::Fixed`] names the first setting that must not differ.
    pub fn read_trained_config(&self) -> Result<RunConfig, TrainError> {
        let (config, manifest) = (self.read_config()?, self.read_manifest()?);
        if let Some(then) = &manifest.config {
            self.changes(&manifest, then, &config)?;
        }
        Ok(config)
    }

    /// What of `config` differs from `then`, all of it allowed.
    ///
    /// # Errors
    /// [`TrainError::Fixed`].
    pub(crate) fn changes(
        &self,
        manifest: &Manifest,
        then: &toml::Table,
        config: &RunConfig,
    ) -> Result<Vec<Change>, TrainError> {
        let changes = config.changes_since(then)?;
        let is_allowed = |change: &Change| {
            change.is_without_effect()
                || change.is_of_length()
                || (change.key == "model.weights" && is_same_file(manifest, config))
        };
        match changes.iter().find(|change| !is_allowed(change)) {
            None => Ok(changes),
            Some(Change { key, then, now }) => Err(TrainError::Fixed {
                run: self.root.clone(),
                key: key.clone(),
                then: then.clone(),
                now: now.clone(),
            }),
        }
    }

    /// Refuses a `split.csv` that is not, byte for byte, the one that was written. Of a
    /// run of a version that stored no hash of it, nothing is said.
    pub(crate) fn check_split(&self, manifest: &Manifest) -> Result<(), TrainError> {
        let now = psp_schema::hash_of(&self.split())?;
        match &manifest.split_sha256 {
            Some(then) if *then != now => Err(TrainError::SplitChanged {
                split: self.split(),
                then: then.clone(),
                now,
            }),
            _ => Ok(()),
        }
    }

    /// Refuses data that are not those that the run began with.
    ///
    /// # Errors
    /// [`TrainError::Changed`], or an image that can't be read.
    pub fn check_data(&self, manifest: &Manifest, dataset: &Dataset) -> Result<(), TrainError> {
        let (then, now) = (&manifest.data_fingerprint, dataset.fingerprint()?);
        if *then == now {
            return Ok(());
        }
        Err(TrainError::Changed {
            run: self.root.clone(),
            what: dataset.changed_since(manifest.labels_fingerprint.as_deref()),
            then: then.clone(),
            now,
        })
    }

    /// Reads how the run ended.
    ///
    /// # Errors
    /// When the file is missing (the run has not ended) or not valid.
    pub fn read_result(&self) -> Result<RunResult, TrainError> {
        read_json(&self.result())
    }
}

/// Whether the initial weights only lie elsewhere.
fn is_same_file(manifest: &Manifest, config: &RunConfig) -> bool {
    let path = config.model.weights.path();
    let now = path.and_then(|path| psp_schema::hash_of(path).ok());
    now.is_some() && now == manifest.weights_sha256
}

/// Whether a name is that of a temporary file of training: `.<file>.<random>.tmp`.
fn is_leftover(name: &str) -> bool {
    const FILES: [&str; 4] = ["config.toml", "run.json", "split.csv", "result.json"];
    let inside = name
        .strip_prefix('.')
        .and_then(|name| name.strip_suffix(".tmp"));
    inside.is_some_and(|inside| match inside.rsplit_once('.') {
        Some((file, _)) => FILES.contains(&file) || file.ends_with(".safetensors"),
        None => inside == "frozen-link",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_told_from_what_others_keep_in_the_folder() {
        for name in [
            ".run.json.x7Yz12.tmp",
            ".next.safetensors.abc123.tmp",
            ".frozen-link.tmp",
        ] {
            assert!(is_leftover(name), "{name}");
        }
        for name in [
            ".notes.tmp",
            ".notes.txt.abc123.tmp",
            "run.json",
            ".tmp",
            "x.tmp",
        ] {
            assert!(!is_leftover(name), "{name}");
        }
    }
}
