//! torchvision's weight files for the backbones: what is known of one, where it is kept, and
//! a download that can be trusted and continued.

use std::path::{Path, PathBuf};

use serde::Serialize;

mod error;
mod fetch;

pub use error::FetchError;
pub use fetch::{Fetched, Source, fetch};

/// How an image is resized before the crop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Interpolation {
    /// Linear in both directions, with antialiasing.
    Bilinear,
    /// Cubic in both directions, with antialiasing.
    Bicubic,
}

/// One file of weights trained on ImageNet-1k.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pretrained {
    /// torchvision's name of the model.
    pub backbone: &'static str,
    /// torchvision's name of the weights.
    pub name: &'static str,
    /// The file's name.
    pub file: &'static str,
    /// Folder that the file is served from.
    pub base_url: &'static str,
    /// Hash of the whole file, lower-case hexadecimal.
    pub sha256: &'static str,
    /// SPDX name of the licence that torchvision gives it.
    pub licence: &'static str,
    /// The shorter side is resized to this many pixels …
    pub resize: u32,
    /// … and this many are cropped from the centre.
    pub crop: u32,
    /// How it is resized.
    pub interpolation: Interpolation,
    /// Top-1 accuracy on ImageNet-1k's validation images, percent.
    pub top1: f64,
}

impl Pretrained {
    /// What most of torchvision's files have in common; backbone, file, hash and accuracy
    /// are to be filled in from torchvision 0.24's `Weights` enums. The first eight digits
    /// of the hash are part of the file's name.
    pub const IMAGENET1K_V1: Self = Self {
        backbone: "",
        name: "IMAGENET1K_V1",
        file: "",
        base_url: "https://download.pytorch.org/models",
        sha256: "",
        licence: "BSD-3-Clause",
        resize: 256,
        crop: 224,
        interpolation: Interpolation::Bilinear,
        top1: 0.0,
    };

    /// Where the file is served.
    pub fn url(&self) -> String {
        format!("{}/{}", self.base_url, self.file)
    }
}

/// The file of `entry` in `dir`, if it is there; its content is not looked at.
pub fn find(entry: &Pretrained, dir: &Path) -> Option<PathBuf> {
    Some(dir.join(entry.file)).filter(|path| path.is_file())
}
