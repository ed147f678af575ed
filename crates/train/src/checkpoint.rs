//! Checkpoints: everything a run needs to continue, in one file.
//!
//! A checkpoint is a safetensors file. Its tensors are `model/<key>`,
//! `ema/<key>` and `optimizer/<slot>/<key>`; its metadata holds the training
//! state as JSON, and a SHA-256 over that state and every tensor's name, shape
//! and bytes. It is written under a temporary name, synced and renamed, so a
//! file of the final name is whole; the hash finds damage done later.
//!
//! What a run never trains is not written again and again: tensors of stages
//! that are frozen lie in a file of their own beside the checkpoints
//! ([`Frozen`]), which a checkpoint names with its hash.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use psp_metrics::RegressionAccumulator;
use psp_models::{HostTensor, ModelConfig, StateDict};
use psp_schema::{Access, Class, Classify, FileError, write_atomic};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::early_stopping::EarlyStopping;
use crate::optim::OptimizerState;

mod frozen;
mod header;

pub use frozen::Frozen;
use header::{Header, METADATA_KEY, NO_CHECKPOINT, State};

/// Version of the file's layout; raised when it changes.
pub const CHECKPOINT_VERSION: u32 = 3;

/// Why a checkpoint can't be written or read.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The file can't be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file of frozen weights that a checkpoint names can't be read.
    #[error("{source}; {} names it for the weights of frozen stages", named_by.display())]
    Frozen {
        /// The file of frozen weights.
        source: Box<FileError>,
        /// The checkpoint that names it.
        named_by: PathBuf,
    },
    /// The content is damaged or of another form.
    #[error("{}: damaged checkpoint: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// It lies in the folder of a run that did not write it.
    #[error("{}: it is of another run; move it away, or bring back the run's own", path.display())]
    OfAnotherRun {
        /// The file.
        path: PathBuf,
    },
    /// A newer version of psp wrote the file.
    #[error(
        "{}: checkpoint version {found} is newer than this psp reads ({CHECKPOINT_VERSION}); \
         use the psp that wrote it",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// A weight became NaN or infinite; the checkpoint was not written.
    #[error("`{key}` holds a non-finite value")]
    NonFinite {
        /// The tensor.
        key: String,
    },
}

impl Classify for CheckpointError {
    fn class(&self) -> Class {
        match self {
            _ if self.is_a_folder() => Class::Machine,
            // What can't be read now may be whole.
            Self::File(error) if matches!(error.access, Access::Read(_)) => Class::Passing,
            Self::File(error) => error.class(),
            Self::Frozen { .. } => Class::Passing,
            _ => Class::Input,
        }
    }
}

impl CheckpointError {
    /// Whether a folder stands where a file of the checkpoint should.
    pub(crate) fn is_a_folder(&self) -> bool {
        match self {
            Self::File(error) => error.is_a_folder(),
            Self::Frozen { source, .. } => source.is_a_folder(),
            _ => false,
        }
    }
}

/// Where a run stands, apart from its tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The epoch in progress, counted from 0; the number of epochs done when
    /// `batch` is 0.
    pub epoch: u64,
    /// Batches of that epoch already trained on: the loader's position.
    pub batch: usize,
    /// Training steps (batches) done: with `seed`, the state of the masks'
    /// random generator.
    pub batches_done: u64,
    /// Optimiser steps done: the schedule's position.
    pub step: u64,
    /// Seed of initial weights, batch order and masks.
    pub seed: u64,
    /// Training metrics of the epoch in progress.
    pub train_metrics: RegressionAccumulator,
    /// Seconds spent on the epoch in progress.
    pub epoch_seconds: f64,
    /// Seconds spent on the run.
    pub run_seconds: f64,
    /// Best validation result so far, and how long ago.
    pub early_stopping: EarlyStopping,
    /// Length of `metrics.jsonl` in bytes; what is beyond belongs to work
    /// that is done again.
    pub metrics_bytes: u64,
    /// The [`id`](crate::Manifest::id) of the run; earlier versions stored none.
    #[serde(default)]
    pub run: Option<String>,
}

impl Progress {
    /// That of a run with `seed` on so many targets, before its first step.
    pub fn new(seed: u64, targets: usize) -> Self {
        Self {
            epoch: 0,
            batch: 0,
            batches_done: 0,
            step: 0,
            seed,
            train_metrics: RegressionAccumulator::new(targets),
            epoch_seconds: 0.0,
            run_seconds: 0.0,
            early_stopping: EarlyStopping::default(),
            metrics_bytes: 0,
            run: None,
        }
    }

    /// Whether this is the end of the epoch with the best validation result
    /// so far.
    pub fn is_best(&self) -> bool {
        let at_epoch_end = self.epoch > 0 && self.batch == 0;
        at_epoch_end && self.early_stopping.best_epoch == self.epoch
    }
}

/// Everything a run needs to continue.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The model's structure.
    pub model_config: ModelConfig,
    /// Names of the predicted scores, in order.
    pub targets: Vec<String>,
    /// Where the run stands.
    pub progress: Progress,
    /// Parameters and buffers: all of them once read; those to write are all
    /// that are not `frozen`.
    pub model: StateDict,
    /// Where the others are, when stages are frozen.
    pub frozen: Option<Frozen>,
    /// Their moving average, when the run keeps one; tensors are flat.
    pub ema: Option<StateDict>,
    /// The optimiser's step count and slots.
    pub optimizer: OptimizerState,
}

impl Checkpoint {
    /// The weights to evaluate and export: the moving average when there is
    /// one, in the model's shapes.
    pub fn weights(&self) -> StateDict {
        let Some(ema) = &self.ema else {
            return self.model.clone();
        };
        self.model
            .iter()
            .map(|(key, raw)| {
                let data = ema.get(key).map_or(&raw.data, |average| &average.data);
                let tensor = HostTensor {
                    shape: raw.shape.clone(),
                    data: data.clone(),
                };
                (key.clone(), tensor)
            })
            .collect()
    }

    /// Writes the checkpoint atomically.
    ///
    /// # Errors
    /// When a weight is not finite (nothing is written then) or the disk
    /// fails (what was stored before stays).
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let tensors = self.tensors();
        for (key, tensor) in &tensors {
            if tensor.data.iter().any(|value| !value.is_finite()) {
                return Err(CheckpointError::NonFinite { key: key.clone() });
            }
        }
        let lay_out = FileError::write(path, "lay out its content");
        let state = serde_json::to_string(&State {
            model_config: self.model_config.clone(),
            targets: self.targets.clone(),
            progress: self.progress.clone(),
            optimizer_step: self.optimizer.step,
            optimizer_skipped: self.optimizer.skipped.clone(),
            has_ema: self.ema.is_some(),
            frozen: self.frozen.clone(),
        })
        .map_err(|error| lay_out(error.into()))?;
        let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
            .into_iter()
            .map(|(key, tensor)| {
                let bytes = tensor.data.iter().flat_map(|v| v.to_le_bytes()).collect();
                (key, tensor.shape.clone(), bytes)
            })
            .collect();
        let parts = bytes
            .iter()
            .map(|(key, shape, bytes)| (key.as_str(), shape.as_slice(), bytes.as_slice()));
        let sha256 = digest(&state, parts);
        let header = Header::new(state, sha256);
        let header = serde_json::to_string(&header).map_err(|error| lay_out(error.into()))?;
        let views = bytes
            .iter()
            .map(|(key, shape, bytes)| {
                TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (key, view))
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| lay_out(std::io::Error::other(error)))?;
        let metadata = HashMap::from([(METADATA_KEY.to_owned(), header)]);
        let file = safetensors::serialize(views, Some(metadata))
            .map_err(|error| lay_out(std::io::Error::other(error)))?;
        Ok(write_atomic(path, |out| out.write_all(&file))?)
    }

    /// The SHA-256 that a checkpoint states of itself, from its first bytes alone.
    ///
    /// # Errors
    /// As [`Checkpoint::read`], but for the tensors, which are not looked at.
    pub fn digest_of(path: &Path) -> Result<String, CheckpointError> {
        Ok(Header::of(path)?.sha256)
    }

    /// The model's structure and the names of its scores, from a checkpoint's first
    /// bytes alone; `None` of a file that is none.
    ///
    /// # Errors
    /// As [`Checkpoint::digest_of`].
    pub(crate) fn description_of(
        path: &Path,
    ) -> Result<Option<(ModelConfig, Vec<String>)>, CheckpointError> {
        let state = Header::read(path)?.map(|header| header.state(path));
        let state = state.transpose()?;
        Ok(state.map(|state| (state.model_config, state.targets)))
    }

    /// Where a run stood at a checkpoint, from its first bytes alone.
    ///
    /// # Errors
    /// As [`Checkpoint::digest_of`].
    pub(crate) fn progress_of(path: &Path) -> Result<Progress, CheckpointError> {
        Ok(Header::of(path)?.state(path)?.progress)
    }

    /// Reads a checkpoint and verifies its hash.
    ///
    /// # Errors
    /// [`CheckpointError::Damaged`] when anything is off,
    /// [`CheckpointError::Version`] for a newer layout.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let bytes = std::fs::read(path).map_err(FileError::read(path))?;
        let damaged = |reason: &str| CheckpointError::Damaged {
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        let (_, metadata) =
            SafeTensors::read_metadata(&bytes).map_err(|error| damaged(&error.to_string()))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| damaged(&error.to_string()))?;
        let header = metadata
            .metadata()
            .as_ref()
            .and_then(|metadata| metadata.get(METADATA_KEY))
            .ok_or_else(|| damaged(NO_CHECKPOINT))?;
        let header = Header::parse(header, path)?;
        let mut tensors: Vec<_> = file.iter().collect();
        tensors.sort_by(|a, b| a.0.cmp(b.0));
        let parts = tensors
            .iter()
            .map(|(key, view)| (*key, view.shape(), view.data()));
        if digest(&header.state, parts) != header.sha256 {
            return Err(damaged("its content does not match its SHA-256"));
        }
        let state = header.state(path)?;
        let part = |prefix: &str| -> StateDict {
            tensors
                .iter()
                .filter_map(|(key, view)| {
                    let key = key.strip_prefix(prefix)?.to_owned();
                    let (values, _) = view.data().as_chunks::<4>();
                    let data = values.iter().map(|v| f32::from_le_bytes(*v)).collect();
                    let shape = view.shape().to_vec();
                    Some((key, HostTensor { shape, data }))
                })
                .collect()
        };
        let mut model = match &state.frozen {
            Some(frozen) => frozen.read(path)?,
            None => StateDict::new(),
        };
        // A stage may have been unfrozen since.
        model.extend(part(MODEL));
        Ok(Self {
            model_config: state.model_config,
            targets: state.targets,
            progress: state.progress,
            model,
            frozen: state.frozen,
            ema: state.has_ema.then(|| part(EMA)),
            optimizer: OptimizerState {
                step: state.optimizer_step,
                skipped: state.optimizer_skipped,
                slots: part(OPTIMIZER),
            },
        })
    }

    /// All tensors under their names in the file, sorted.
    fn tensors(&self) -> Vec<(String, &HostTensor)> {
        let mut tensors: Vec<(String, &HostTensor)> = Vec::new();
        let parts = [
            (MODEL, Some(&self.model)),
            (EMA, self.ema.as_ref()),
            (OPTIMIZER, Some(&self.optimizer.slots)),
        ];
        for (prefix, part) in parts {
            for (key, tensor) in part.into_iter().flatten() {
                tensors.push((format!("{prefix}{key}"), tensor));
            }
        }
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        tensors
    }
}

const MODEL: &str = "model/";
const EMA: &str = "ema/";
const OPTIMIZER: &str = "optimizer/";

fn digest<'a>(
    state: &str,
    tensors: impl Iterator<Item = (&'a str, &'a [usize], &'a [u8])>,
) -> String {
    let mut hash = Sha256::new();
    hash.update(state.as_bytes());
    for (key, shape, bytes) in tensors {
        hash.update(format!("\n{key} {shape:?} "));
        hash.update(bytes);
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests;
