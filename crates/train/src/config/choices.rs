//! The values of keys that are one of a few words, or a path.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// How an image is brought to the input size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResizeMode {
    /// Both sides to `size`, whatever the aspect ratio.
    #[default]
    Squash,
    /// The shorter side to `size` · 256/224, then the central square.
    CenterCrop,
}

/// Whether GoogLeNet and Inception v3 rescale their input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TransformInput {
    /// With `model.weights`, as torchvision does.
    #[default]
    Auto,
    /// Whatever the initial weights are.
    On,
    /// Not even with torchvision's weights.
    Off,
}

/// The optimiser by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerName {
    /// Adam with decoupled weight decay.
    #[default]
    AdamW,
    /// Stochastic gradient descent with momentum.
    Sgd,
}

/// A rate that a negative number leaves open. That stays as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OptionalRate(pub f64);

impl OptionalRate {
    /// The rate, if one is given.
    pub fn get(self) -> Option<f64> {
        Some(self.0).filter(|rate| *rate >= 0.0)
    }
}

impl Default for OptionalRate {
    fn default() -> Self {
        Self(-1.0)
    }
}

/// Where a split comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "PathBuf", into = "PathBuf")]
pub enum SplitSource {
    /// The labels' own `split` column or `split.csv` in the data folder, where there is one;
    /// otherwise it is drawn.
    #[default]
    Auto,
    /// Drawn from `data.split_seed`, whatever split the data folder has.
    Random,
    /// A CSV of `filename,split`.
    File(PathBuf),
}

/// What a backbone's weights are at first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "PathBuf", into = "PathBuf")]
pub enum InitialWeights {
    /// Drawn from `train.seed`, as torchvision initialises the backbone.
    #[default]
    Scratch,
    /// torchvision's, trained on ImageNet, as `psp weights fetch` has stored them.
    ImageNet,
    /// Those of a `.pth`, `.ckpt` or `.safetensors` file, or of the folder of an exported
    /// model or a run.
    Path(PathBuf),
}

impl From<PathBuf> for SplitSource {
    fn from(path: PathBuf) -> Self {
        match path.to_str() {
            Some("auto") => Self::Auto,
            Some("random") => Self::Random,
            _ => Self::File(path),
        }
    }
}

impl From<SplitSource> for PathBuf {
    fn from(source: SplitSource) -> Self {
        match source {
            SplitSource::Auto => "auto".into(),
            SplitSource::Random => "random".into(),
            SplitSource::File(path) => path,
        }
    }
}

impl InitialWeights {
    const IMAGENET: &str = "imagenet";

    /// The file or folder, where they come from one that is named.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Scratch | Self::ImageNet => None,
        }
    }
}

impl From<PathBuf> for InitialWeights {
    fn from(path: PathBuf) -> Self {
        match path.to_str() {
            Some("") => Self::Scratch,
            Some(Self::IMAGENET) => Self::ImageNet,
            _ => Self::Path(path),
        }
    }
}

impl From<InitialWeights> for PathBuf {
    fn from(weights: InitialWeights) -> Self {
        match weights {
            InitialWeights::Scratch => Self::new(),
            InitialWeights::ImageNet => InitialWeights::IMAGENET.into(),
            InitialWeights::Path(path) => path,
        }
    }
}

impl fmt::Display for InitialWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scratch => Ok(()),
            Self::ImageNet => f.write_str(Self::IMAGENET),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}
