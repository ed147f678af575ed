//! What the first bytes of a checkpoint tell of it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use psp_models::ModelConfig;
use psp_schema::FileError;
use serde::{Deserialize, Serialize};

use super::{CHECKPOINT_VERSION, CheckpointError, Frozen, Progress};

/// The one metadata key; one key keeps the file's bytes reproducible.
pub(super) const METADATA_KEY: &str = "psp";

/// What is wrong with a file that is no checkpoint.
pub(super) const NO_CHECKPOINT: &str = "not a psp checkpoint (its metadata has no `psp`)";

/// What is under [`METADATA_KEY`].
#[derive(Serialize, Deserialize)]
pub(super) struct Header {
    version: u32,
    /// A [`State`].
    pub(super) state: String,
    pub(super) sha256: String,
}

/// What a checkpoint holds besides tensors.
#[derive(Serialize, Deserialize)]
pub(super) struct State {
    pub(super) model_config: ModelConfig,
    pub(super) targets: Vec<String>,
    pub(super) progress: Progress,
    pub(super) optimizer_step: u64,
    #[serde(default)]
    pub(super) optimizer_skipped: BTreeMap<String, u64>,
    pub(super) has_ema: bool,
    #[serde(default)]
    pub(super) frozen: Option<Frozen>,
}

impl Header {
    /// That of this version.
    pub(super) fn new(state: String, sha256: String) -> Self {
        Self {
            version: CHECKPOINT_VERSION,
            state,
            sha256,
        }
    }

    /// Reads the header of the checkpoint `path` and no more.
    pub(super) fn of(path: &Path) -> Result<Self, CheckpointError> {
        Self::read(path)?.ok_or_else(|| CheckpointError::Damaged {
            path: path.to_owned(),
            reason: NO_CHECKPOINT.to_owned(),
        })
    }

    /// Reads the header of a checkpoint and no more; `None` of a file of another form.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, CheckpointError> {
        let io = FileError::read(path);
        let mut file = File::open(path).map_err(&io)?;
        let size = file.metadata().map_err(&io)?.len();
        // A safetensors file begins with the length of its own header.
        let mut length = [0; 8];
        if size < 8 {
            return Ok(None);
        }
        file.read_exact(&mut length).map_err(&io)?;
        let length = u64::from_le_bytes(length);
        if length > size {
            return Ok(None);
        }
        let mut text = Vec::new();
        file.take(length).read_to_end(&mut text).map_err(&io)?;
        let Ok(safetensors) = serde_json::from_slice::<serde_json::Value>(&text) else {
            return Ok(None);
        };
        let own = safetensors["__metadata__"][METADATA_KEY].as_str();
        own.map(|text| Self::parse(text, path)).transpose()
    }

    /// Parses the header of the checkpoint `path`.
    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, CheckpointError> {
        let header: Self = serde_json::from_str(text).map_err(damaged(path))?;
        if header.version > CHECKPOINT_VERSION {
            Err(CheckpointError::Version {
                path: path.to_owned(),
                found: header.version,
            })
        } else {
            Ok(header)
        }
    }

    /// What the checkpoint `path` holds besides tensors.
    pub(super) fn state(&self, path: &Path) -> Result<State, CheckpointError> {
        serde_json::from_str(&self.state).map_err(damaged(path))
    }
}

fn damaged(path: &Path) -> impl FnOnce(serde_json::Error) -> CheckpointError + use<'_> {
    move |error| CheckpointError::Damaged {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
