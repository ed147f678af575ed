//! The tensors of frozen stages, stored once per run.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use psp_models::{StateDict, read_state_dict, write_state_dict};
use serde::{Deserialize, Serialize};

use super::CheckpointError;

/// A file of frozen tensors in the folder of the checkpoints that name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// The file's name.
    file: String,
    /// SHA-256 of the file.
    sha256: String,
}

impl Frozen {
    /// Stores `tensors` in `dir`, atomically.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn write(dir: &Path, tensors: &StateDict) -> Result<Self, CheckpointError> {
        let path = dir.join("frozen.safetensors");
        write_state_dict(&path, tensors)?;
        let sha256 = psp_schema::hash_of(&path)?;
        Ok(Self {
            file: "frozen.safetensors".to_owned(),
            sha256,
        })
    }

    /// The file in `dir`.
    pub(crate) fn path(&self, dir: &Path) -> PathBuf {
        dir.join(&self.file)
    }

    /// Gives the file at `path`, which is this one in the folder of another run, a
    /// second name in `dir`. Such files are replaced, never changed, so that the two
    /// can't disturb each other.
    ///
    /// # Errors
    /// Where the file system has no second names, or not across these folders.
    pub(crate) fn link(&self, path: &Path, dir: &Path) -> std::io::Result<()> {
        let temporary = dir.join(".frozen-link.tmp");
        let _ = std::fs::remove_file(&temporary);
        std::fs::hard_link(path, &temporary)?;
        let renamed = std::fs::rename(&temporary, self.path(dir));
        // POSIX: renaming one name of a file onto another name of the same file
        // does nothing, and leaves both.
        let _ = std::fs::remove_file(&temporary);
        renamed
    }

    /// Reads the tensors, for the checkpoint `named_by`.
    ///
    /// # Errors
    /// When the file is missing or not the one that the checkpoint names.
    pub fn read(&self, named_by: &Path) -> Result<StateDict, CheckpointError> {
        let path = self.path(named_by.parent().unwrap_or(Path::new("")));
        let damaged = |reason: String| CheckpointError::Damaged {
            path: path.clone(),
            reason,
        };
        let sha256 = psp_schema::hash_of(&path).map_err(|source| {
            if source.source.kind() == ErrorKind::NotFound {
                let named_by = named_by.display();
                return damaged(format!(
                    "it is missing, and {named_by} names it for the weights of frozen stages"
                ));
            }
            CheckpointError::Frozen {
                source: Box::new(source),
                named_by: named_by.to_owned(),
            }
        })?;
        if sha256 != self.sha256 {
            return Err(damaged(format!(
                "it is not the file of frozen weights that {} names",
                named_by.display()
            )));
        }
        read_state_dict(&path).map_err(|error| damaged(error.to_string()))
    }
}
