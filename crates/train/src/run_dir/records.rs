//! What is written down of a run, and how JSON is read and written.

use std::path::Path;

use psp_models::DeviceSpec;
use psp_schema::{FileError, write_json};
use serde::{Deserialize, Serialize};

use super::RunDir;
use crate::bundle::hash_of_all_but_sha256;
use crate::checkpoint::Progress;
use crate::config::{ConfigError, RunConfig};
use crate::error::TrainError;

/// What identifies a run's inputs and the program that made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of psp.
    pub psp_version: String,
    /// Version of Burn.
    pub burn_version: String,
    /// The device that computed it.
    pub device: String,
    /// Further devices that computed batches.
    #[serde(default)]
    pub replicas: Vec<DeviceSpec>,
    /// SHA-256 over targets, file names, labels and images.
    pub data_fingerprint: String,
    /// SHA-256 over targets, file names and labels; earlier versions stored none.
    #[serde(default)]
    pub labels_fingerprint: Option<String>,
    /// SHA-256 over which image is in which part.
    pub split_fingerprint: String,
    /// SHA-256 of `split.csv` as it was written; earlier versions stored none.
    #[serde(default)]
    pub split_sha256: Option<String>,
    /// Images used in train, valid and test.
    pub split_counts: [usize; 3],
    /// SHA-256 of the initial weights file, if one was used.
    pub weights_sha256: Option<String>,
    /// What is to be known of its scores, since its initial weights may have been trained on
    /// its validation or test images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// The key of the stored features that it was trained on, if it was.
    #[serde(default)]
    pub feature_key: Option<String>,
    /// Mean of each target over the training part: the baseline prediction.
    pub train_means: Vec<f64>,
    /// Whether `train.epochs` or `train.patience` changed on the way: trained in one go with
    /// the last of them the run would have become another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub extended: bool,
    /// The configuration that the run was last worked on with, by which a changed
    /// `config.toml` is noticed; earlier versions stored none.
    #[serde(default)]
    pub config: Option<toml::Table>,
    /// Identifies the run in its checkpoints: a SHA-256 of what it began with, so identical
    /// runs share it; earlier versions stored none.
    #[serde(default)]
    pub id: Option<String>,
    /// SHA-256 over all the rest, so that an edit is noticed; earlier versions stored none.
    #[serde(default)]
    pub sha256: Option<String>,
}

impl Manifest {
    /// SHA-256 of every field but `sha256`, for the file at `path`.
    ///
    /// # Errors
    /// A value that JSON can't hold.
    pub(crate) fn hash(&self, path: &Path) -> Result<String, FileError> {
        // As reading sees it.
        let value = serde_json::to_vec(self).and_then(|text| serde_json::from_slice(&text));
        let hash = value.map(hash_of_all_but_sha256);
        hash.map_err(|error| FileError::write(path, "lay out its content")(error.into()))
    }
}

/// Reads JSON of a run.
pub(super) fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, TrainError> {
    parse_json(path, &std::fs::read(path).map_err(FileError::read(path))?)
}

/// The same from the text of the file at `path`.
fn parse_json<T: for<'de> Deserialize<'de>>(path: &Path, text: &[u8]) -> Result<T, TrainError> {
    serde_json::from_slice(text).map_err(|error| damaged(path, &format!("is damaged ({error})")))
}

/// That a file of a run is damaged or was edited, as `what` says.
fn damaged(path: &Path, what: &str) -> TrainError {
    TrainError::Damaged {
        path: path.to_owned(),
        reason: format!(
            "this file {what}; bring it back from a copy, or train anew into another folder"
        ),
    }
}

impl RunDir {
    /// Reads what identifies the run.
    ///
    /// # Errors
    /// When the file is missing or not valid.
    pub fn read_manifest(&self) -> Result<Manifest, TrainError> {
        let path = self.manifest();
        if matches!(path.try_exists(), Ok(false)) {
            return Err(TrainError::missing(path));
        }
        let text = std::fs::read(&path).map_err(FileError::read(&path))?;
        let manifest: Manifest = parse_json(&path, &text)?;
        // Of the text, which may have more than this version knows.
        let now = hash_of_all_but_sha256(parse_json(&path, &text)?);
        if manifest.sha256.as_ref().is_none_or(|then| *then == now) {
            Ok(manifest)
        } else {
            Err(damaged(&path, "was edited after it was written"))
        }
    }

    /// Writes what identifies the run, with its own hash.
    ///
    /// # Errors
    /// When the file can't be written.
    pub(crate) fn write_manifest(&self, manifest: Manifest) -> Result<(), TrainError> {
        let path = self.manifest();
        let sealed = Manifest {
            sha256: Some(manifest.hash(&path)?),
            ..manifest
        };
        Ok(write_json(&path, &sealed)?)
    }

    /// Whether a checkpoint with this progress is the run's own, as far as can be told.
    pub(crate) fn is_own(&self, progress: &Progress) -> bool {
        let id = self.read_manifest().ok().and_then(|manifest| manifest.id);
        id.is_none() || progress.run.is_none() || progress.run == id
    }

    /// What is wrong with the `config.toml`, `split.csv` and `run.json` of a run that was
    /// begun, if anything is: they are gone or damaged, or were edited. So the run can't go
    /// on.
    ///
    /// # Errors
    /// When that can't be said: it can't be read.
    pub fn fault_of_records(&self) -> Result<Option<String>, TrainError> {
        let config = self.config();
        if matches!(config.try_exists(), Ok(false)) {
            return Ok(Some(format!("{}: missing", config.display())));
        }
        let own = match RunConfig::read(Some(&config), &[]) {
            Err(error @ (ConfigError::Parse { .. } | ConfigError::At { .. })) => {
                return Ok(Some(error.to_string()));
            }
            Err(ConfigError::File(error)) if error.is_a_folder() => {
                return Ok(Some(error.to_string()));
            }
            Err(error @ ConfigError::File(_)) => return Err(error.into()),
            read => read.ok(),
        };
        let split = self.split();
        if matches!(split.try_exists(), Ok(false)) {
            return Ok(Some(format!("{}: missing", split.display())));
        }
        let path = self.manifest();
        match self.read_manifest() {
            Ok(manifest) => {
                let edited = match (own, &manifest.config) {
                    (Some(own), Some(then)) => self.changes(&manifest, then, &own).err(),
                    _ => None,
                };
                let edited = edited.or_else(|| self.check_split(&manifest).err());
                match edited {
                    Some(TrainError::Fixed { key, then, now, .. }) => Ok(Some(format!(
                        "{}: {key} was {then} when the run began, and is {now} now",
                        config.display()
                    ))),
                    Some(TrainError::SplitChanged { .. }) => {
                        let fault = format!("{}: changed since the run began", split.display());
                        Ok(Some(fault))
                    }
                    Some(error) => Err(error),
                    None => Ok(None),
                }
            }
            Err(_) if matches!(path.try_exists(), Ok(false)) => {
                Ok(Some(format!("{}: missing", path.display())))
            }
            Err(TrainError::Damaged { .. }) => {
                Ok(Some(format!("{}: damaged or edited", path.display())))
            }
            Err(TrainError::File(error)) if error.is_a_folder() => Ok(Some(error.to_string())),
            Err(error) => Err(error),
        }
    }
}
