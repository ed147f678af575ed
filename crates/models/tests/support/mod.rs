//! Files as PyTorch writes them, made by hand.
#![allow(dead_code)] // psp-cli's tests use a part of it.

pub(crate) mod official;
pub(crate) mod pickle;
pub(crate) mod pth;

use std::path::{Path, PathBuf};

use psp_models::read_state_dict;
use pth::{Container, Saved};
use tempfile::TempDir;

/// A temporary folder.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, container: Container, saved: &Saved) -> PathBuf {
        let path = self.path("model.pth");
        container.write(&path, saved);
        path
    }
}

/// What reading `path` is refused with; it must name the file.
#[track_caller]
pub(crate) fn refusal(path: &Path) -> String {
    let text = read_state_dict(path).unwrap_err().to_string();
    assert!(text.starts_with(path.to_str().unwrap()), "{text}");
    text
}
