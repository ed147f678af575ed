//! `bundle.json`: all that is needed to use an exported model.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use psp_data::{DataError, LabelRange, Preprocessing};
use psp_metrics::{RegressionMetrics, Residuals};
use psp_models::ModelConfig;
use psp_schema::FileError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::TrainError;

/// Version of the bundle's form; raised when it changes.
pub const BUNDLE_VERSION: u32 = 2;

/// An exported model, apart from its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    /// [`BUNDLE_VERSION`] of the psp that wrote it.
    pub bundle_version: u32,
    /// Backbone and head. The head computes labels; they are not clipped yet.
    pub model: ModelConfig,
    /// Names of the predicted scores, in the order of the model's outputs.
    pub targets: Vec<String>,
    /// Range that predictions are clipped to, if to any.
    pub label_range: Option<[f32; 2]>,
    /// The labels' column of file names, where it was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename_column: Option<String>,
    /// From a decoded image to the model's input.
    pub preprocessing: Preprocessing,
    /// Images larger than this many pixels are refused before decoding.
    pub max_pixels: u64,
    /// Where the model comes from.
    pub training: Training,
    /// How far its predictions for the validation images are from their labels; `None` where
    /// there are none, or an older version wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residuals: Option<Residuals>,
    /// The bundle's other files by name.
    pub files: BTreeMap<String, FileEntry>,
    /// SHA-256 of all the above; empty where an older version wrote it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha256: String,
}

/// Where a model comes from and how good it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Name of the run folder.
    pub run: String,
    /// Epoch of the exported checkpoint, counted from 1.
    pub epoch: u64,
    /// Optimiser steps until then.
    pub step: u64,
    /// Whether the weights are a moving average over steps.
    pub averaged: bool,
    /// Metrics of that epoch on the validation part; the epoch was chosen by
    /// them, so they flatter the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<RegressionMetrics>,
    /// Mean of each target over the training part: the baseline prediction.
    pub train_means: Vec<f64>,
    /// Standard deviation of each, by which labels of another scale are noticed; empty where
    /// an older version wrote it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub train_deviations: Vec<f64>,
    /// SHA-256 of the data, as `run.json` has it.
    pub data_fingerprint: String,
    /// SHA-256 of the split, as `run.json` has it.
    pub split_fingerprint: String,
    /// How it may have been trained on its validation or test images, as `run.json` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// Version of psp that trained it.
    pub psp_version: String,
    /// Version of Burn that trained it.
    pub burn_version: String,
    /// The device that trained it.
    pub device: String,
}

/// One file of a bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// How it was compared with the checkpoint, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// What was lost by computing in 8 bits, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantization: Option<Quantization>,
}

/// What a model loses by computing in 8 bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantization {
    /// Training images whose values gave the ranges.
    pub calibrated: usize,
    /// Validation images that both models predicted.
    pub images: usize,
    /// Mean R² of the targets by the model in f32.
    pub r2_f32: f64,
    /// The same in 8 bits.
    pub r2: f64,
    /// How much less that is.
    pub loss: f64,
    /// Its interval at 95 %, of paired resamples of the images.
    pub loss_interval: [f64; 2],
    /// The most that the upper end may be.
    pub budget: f64,
    /// Layers that compute in f32 all the same.
    pub float_layers: Vec<String>,
}

/// How far the scores of a bundle's file are from those of the checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// On how many images.
    pub images: usize,
    /// Which: `validation`, `training` or `generated`.
    pub of: String,
    /// Why these are no photos of the run.
    #[serde(skip)]
    pub fault: Option<String>,
    /// The largest difference of a score, 1 being the width of the label range, or the target's
    /// standard deviation where there is none, or how far the score is from these where that is
    /// more.
    pub max_difference: f64,
}

/// Name of the description.
pub const BUNDLE_JSON: &str = "bundle.json";
/// Name of the weights under torchvision's keys.
pub const SAFETENSORS: &str = "model.safetensors";
/// Name of the weights in Burn's own format.
pub const BURNPACK: &str = "model.bpk";
/// Name of the model as ONNX, in f32.
pub const ONNX: &str = "model.onnx";
/// Name of the model as ONNX, with weights in f16.
pub const ONNX_F16: &str = "model_fp16.onnx";
/// Name of the model as ONNX, in 8 bits.
pub const ONNX_INT8: &str = "model_int8.onnx";
/// Names of all files that the weights can lie in.
pub const MODEL_FILES: [&str; 5] = [SAFETENSORS, BURNPACK, ONNX, ONNX_F16, ONNX_INT8];

impl Bundle {
    /// Reads `bundle.json` of a bundle.
    ///
    /// # Errors
    /// When it is missing, not valid, of a newer version, or has a value that no export
    /// has.
    pub fn read(dir: &Path) -> Result<Self, TrainError> {
        let path = dir.join(BUNDLE_JSON);
        let format = |reason: String| TrainError::Damaged {
            path: path.clone(),
            reason,
        };
        let text = std::fs::read(&path).map_err(FileError::read(&path))?;
        let damaged = |error: serde_json::Error| {
            format(format!(
                "this file is damaged ({error}); bring it back from a copy, or export the model \
                 again"
            ))
        };
        let value: serde_json::Value = serde_json::from_slice(&text).map_err(damaged)?;
        let version = value["bundle_version"].as_u64().unwrap_or(0);
        if version > u64::from(BUNDLE_VERSION) {
            return Err(format(format!(
                "bundle version {version} is newer than this psp reads ({BUNDLE_VERSION}); \
                 use the psp that wrote it"
            )));
        }
        // From the text, whose lines an error names.
        let bundle: Self =
            serde_json::from_slice(&text).map_err(|error| format(error.to_string()))?;
        bundle.validate().map_err(format)?;
        let now = hash_of_all_but_sha256(value);
        if bundle.sha256.is_empty() || bundle.sha256 == now {
            return Ok(bundle);
        }
        Err(format(format!(
            "edited since it was written: its SHA-256 is {now}, it says {}; bring it back from a \
             copy, or export the model again",
            bundle.sha256
        )))
    }

    /// This description with its own hash.
    ///
    /// # Errors
    /// A value that JSON can't hold.
    pub fn sealed(self) -> serde_json::Result<Self> {
        // As reading sees it: an f32's digits are those of another f64.
        let value = serde_json::from_slice(&serde_json::to_vec(&self)?)?;
        Ok(Self {
            sha256: hash_of_all_but_sha256(value),
            ..self
        })
    }

    /// Refuses what would panic later, or give scores that are no numbers.
    fn validate(&self) -> Result<(), String> {
        let setting = |error: DataError| format!("damaged: `preprocessing`: {error}");
        self.preprocessing.validate().map_err(setting)?;
        let (model, targets) = (&self.model, &self.targets);
        let names: BTreeSet<&String> = targets.iter().collect();
        let means = &self.training.train_means;
        let deviations = &self.training.train_deviations;
        let checks = [
            (
                "targets",
                !names.is_empty()
                    && names.len() == targets.len()
                    && names.iter().all(|name| !name.is_empty()),
                "at least one name, all different and none empty",
            ),
            (
                "label_range",
                LabelRange::from(self.label_range).is_valid(),
                "null or [low, high], the first below the second",
            ),
            ("max_pixels", self.max_pixels >= 1, "at least 1"),
            (
                "model.targets",
                model.targets == targets.len(),
                "as many as `targets` has names",
            ),
            ("model.hidden", model.hidden >= 1, "at least 1"),
            (
                "model.dropout",
                (0.0..1.0).contains(&model.dropout),
                "0 or more, below 1",
            ),
            (
                "model.input_size",
                model.backbone.takes(model.input_size, model.auxiliary),
                "a size that the backbone takes",
            ),
            (
                "model.output",
                model.output.is_valid(model.targets),
                "a finite mean and a scale above 0 for each target, or none, and a range",
            ),
            (
                "preprocessing.resize",
                self.preprocessing.output_size() == (model.input_size, model.input_size),
                "a square of `model.input_size` pixels a side",
            ),
            (
                "training.train_means",
                means.len() == targets.len() && means.iter().all(|mean| mean.is_finite()),
                "a finite number for each target",
            ),
            (
                "training.train_deviations",
                deviations.is_empty()
                    || (deviations.len() == targets.len()
                        && deviations.iter().all(|one| one.is_finite() && *one > 0.0)),
                "a number above 0 for each target, or none",
            ),
            (
                "residuals",
                self.residuals
                    .as_ref()
                    .is_none_or(|residuals| residuals.are_valid(targets.len())),
                "for each target at most `count` numbers from 0, ascending",
            ),
        ];
        match checks.into_iter().find(|(_, is_valid, _)| !is_valid) {
            Some((key, _, expected)) => Err(format!("damaged: `{key}`: expected {expected}")),
            None => Ok(()),
        }
    }

    /// Checks one of the bundle's files against its recorded hash.
    ///
    /// # Errors
    /// [`TrainError::Damaged`], or when the file can't be read or isn't listed.
    pub fn check(&self, dir: &Path, name: &str) -> Result<(), TrainError> {
        self.compare(dir, name, || Ok(FileEntry::of(&dir.join(name))?.sha256))
    }

    /// The same of a file's content, which was read already.
    ///
    /// # Errors
    /// As [`Bundle::check`].
    pub fn check_content(&self, dir: &Path, name: &str, content: &[u8]) -> Result<(), TrainError> {
        self.compare(dir, name, || Ok(hex::encode(Sha256::digest(content))))
    }

    fn compare(
        &self,
        dir: &Path,
        name: &str,
        hash: impl FnOnce() -> Result<String, TrainError>,
    ) -> Result<(), TrainError> {
        let entry = self.files.get(name).ok_or_else(|| TrainError::Damaged {
            path: dir.join(BUNDLE_JSON),
            reason: format!("`files` has no entry `{name}`"),
        })?;
        let found = hash()?;
        if found == entry.sha256 {
            return Ok(());
        }
        Err(TrainError::Damaged {
            path: dir.join(name),
            reason: format!(
                "damaged or exchanged: its SHA-256 is {found}, bundle.json says {}",
                entry.sha256
            ),
        })
    }
}

/// SHA-256 of a JSON object without its own `sha256`, whatever its layout.
pub(crate) fn hash_of_all_but_sha256(mut description: serde_json::Value) -> String {
    if let Some(fields) = description.as_object_mut() {
        fields.remove("sha256");
    }
    // Whatever order a feature of serde_json keeps.
    description.sort_all_objects();
    hex::encode(Sha256::digest(description.to_string()))
}

impl FileEntry {
    /// Length and hash of a file.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn of(path: &Path) -> Result<Self, TrainError> {
        Ok(Self {
            bytes: std::fs::metadata(path)
                .map_err(FileError::read(path))?
                .len(),
            sha256: psp_schema::hash_of(path)?,
            verification: None,
            quantization: None,
        })
    }
}
