//! What is written down of a run, and how JSON is read and written.

use std::path::Path;

use psp_models::DeviceSpec;
use psp_schema::FileError;
use serde::{Deserialize, Serialize};

use crate::bundle::hash_of_all_but_sha256;
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
    /// Stands in the run's checkpoints too, and tells them from those of others: a SHA-256 of
    /// all that the run began with; earlier versions stored none.
    #[serde(default)]
    pub id: Option<String>,
    /// SHA-256 over all the rest, so that an edit is noticed; earlier versions stored none.
    #[serde(default)]
    pub sha256: Option<String>,
}

impl Manifest {
    /// SHA-256 over all but that.
    ///
    /// # Errors
    /// A value that JSON can't hold.
    pub(crate) fn hash(&self) -> serde_json::Result<String> {
        hash_of_all_but_sha256(&serde_json::to_vec(self)?)
    }
}

/// Reads JSON of a run.
pub(super) fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, TrainError> {
    parse_json(path, &std::fs::read(path).map_err(FileError::read(path))?)
}

/// The same from the text of the file at `path`.
pub(super) fn parse_json<T: for<'de> Deserialize<'de>>(
    path: &Path,
    text: &[u8],
) -> Result<T, TrainError> {
    serde_json::from_slice(text).map_err(|error| damaged(path, &format!("is damaged ({error})")))
}

/// That a file of a run is damaged or was edited, as `what` says.
pub(super) fn damaged(path: &Path, what: &str) -> TrainError {
    TrainError::Damaged {
        path: path.to_owned(),
        reason: format!(
            "this file {what}; bring it back from a copy, or train anew into another folder"
        ),
    }
}
