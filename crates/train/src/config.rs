//! The run configuration: everything that decides a run's result.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use psp_data::LabelRange;
use psp_models::{BackboneKind, DeviceSpec, Precision};
use psp_schema::FileError;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::optim::ScheduleConfig;

pub use changes::{Change, by_key};
pub use choices::{
    InitialWeights, OptimizerName, OptionalRate, ResizeMode, SplitSource, TransformInput,
};
pub use read::{key_and_value, line_of, parse};

mod changes;
mod choices;
mod defaults;
mod derived;
mod explain;
mod idle;
mod optional;
mod read;
mod stages;
mod validate;

/// Why a configuration can't be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file says how to search, and not how to train.
    #[error("{}: is a study file, for psp search --config", path.display())]
    StudyFile {
        /// The file.
        path: PathBuf,
    },
    /// The text is not valid TOML, a key is unknown or a value has the wrong
    /// type; says where.
    #[error("{place}: {reason}")]
    Parse {
        /// File and line, or the `--set` argument.
        place: String,
        /// What is wrong, with the nearest known key where there is one.
        reason: String,
    },
    /// A value is out of its range.
    #[error("{key} = {value}: {expected}")]
    Value {
        /// The key, such as `train.batch_size`.
        key: &'static str,
        /// What was given.
        value: String,
        /// What would be valid.
        expected: String,
    },
    /// The same, with the place that the value is from.
    #[error("{place}: {source}")]
    At {
        /// The file and the line in it, or the flag, that the value is from.
        place: String,
        /// What is wrong there.
        source: Box<ConfigError>,
    },
}

/// Everything that decides a run's result.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunConfig {
    /// Where images and labels come from, and how they are split.
    pub data: DataConfig,
    /// From a decoded image to the model's input.
    pub preprocess: PreprocessConfig,
    /// Backbone and head.
    pub model: ModelSection,
    /// Optimisation.
    pub train: TrainConfig,
}

/// `[data]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// Folder with a labels CSV and an image folder.
    pub dir: PathBuf,
    /// Labels CSV; none: `labels.csv` in `dir`, or its only CSV.
    #[serde(with = "optional")]
    pub labels: Option<PathBuf>,
    /// Image folder; none: `imgs/` or `images/` in `dir`.
    #[serde(with = "optional")]
    pub images: Option<PathBuf>,
    /// Column of the images' file names; none: `filename`, or the only one under
    /// another usual name.
    #[serde(with = "optional")]
    pub filename_column: Option<String>,
    /// Label columns, one per predicted score.
    pub targets: Vec<String>,
    /// Which labels are valid; predictions are clipped to the same range.
    pub label_range: LabelRange,
    /// Where the split comes from.
    pub split: SplitSource,
    /// Shares of train, valid and test of a drawn split.
    pub fractions: [f64; 3],
    /// Seed of a drawn split.
    pub split_seed: u64,
    /// Label bins per target that a drawn split is stratified over.
    #[serde(deserialize_with = "read::counted")]
    pub split_bins: usize,
    /// Largest number of training images that are used, drawn with the part's mix of
    /// labels; none: all.
    #[serde(with = "optional")]
    pub train_images: Option<usize>,
    /// Decoding threads; none: one per core.
    #[serde(with = "optional")]
    pub threads: Option<usize>,
    /// Memory for decoded, resized images in MiB, where they are not stored; 0
    /// decodes in every epoch.
    pub cache_mib: u64,
    /// Disk space for decoded, resized images of all sizes in MiB, which all runs
    /// share; 0: none are stored.
    pub pixel_store_mib: u64,
    /// Folder of stored features and pixels; none: this machine's.
    #[serde(with = "optional")]
    pub cache_dir: Option<PathBuf>,
    /// Largest accepted image in megapixels.
    #[serde(deserialize_with = "read::counted")]
    pub max_megapixels: u64,
}

/// `[preprocess]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PreprocessConfig {
    /// Side of the square input in pixels; none: the backbone's own.
    #[serde(with = "optional")]
    pub size: Option<u32>,
    /// How the image is brought to that size.
    pub resize: ResizeMode,
    /// Subtracted per channel, on a scale of 0 to 1.
    pub mean: [f32; 3],
    /// Divided by per channel.
    pub std: [f32; 3],
}

/// `[model]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSection {
    /// torchvision's name of the backbone.
    pub backbone: BackboneKind,
    /// Initial weights of the backbone. The head of an exported model or a run is taken
    /// over, too, where its targets and width are the same.
    pub weights: InitialWeights,
    /// Width of the head's hidden layer.
    #[serde(deserialize_with = "read::counted")]
    pub hidden: usize,
    /// Probability of zeroing a hidden unit of the head.
    pub dropout: f64,
    /// Stages to train: `all`, or names of the backbone's stages and `head`.
    pub unfreeze: Vec<String>,
    /// EfficientNet: probability of dropping the last residual branch.
    pub stochastic_depth: f64,
    /// GoogLeNet and Inception v3: train with auxiliary classifiers.
    pub auxiliary: bool,
    /// GoogLeNet and Inception v3: rescale the input as torchvision's weights
    /// want it.
    pub transform_input: TransformInput,
}

/// `[train]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// `auto`, `flex`, `libtorch`, `libtorch:cuda:N` or `cuda:N`.
    pub device: DeviceSpec,
    /// Further devices of the same kind, each with a copy of the model, that compute
    /// a share of each optimiser step's `accumulate` batches (data-parallel
    /// training). The result is that of `device` alone. Runs on stored features use
    /// `device` only.
    pub replicas: Vec<DeviceSpec>,
    /// Seed of initial weights, batch order and dropout.
    pub seed: u64,
    /// Passes over the training part.
    #[serde(deserialize_with = "read::counted")]
    pub epochs: u64,
    /// Images per forward pass.
    #[serde(deserialize_with = "read::counted")]
    pub batch_size: usize,
    /// Whether an epoch's last batch is left out where it is smaller. Otherwise it is
    /// only where it has one image and batch norm can't be trained on that.
    pub drop_last: bool,
    /// Batches whose gradients are averaged into one step, at least one per device.
    #[serde(deserialize_with = "read::counted")]
    pub accumulate: usize,
    /// The optimiser.
    pub optimizer: OptimizerName,
    /// Peak learning rate of the head, and of the backbone unless given.
    pub learning_rate: f64,
    /// Peak learning rate of the backbone; none: `learning_rate`.
    pub backbone_learning_rate: OptionalRate,
    /// Factor of the backbone's learning rate per layer away from the head:
    /// the last layer's is `backbone_learning_rate` · `layer_decay`, the one
    /// before has the square of it, and so on (ELECTRA, Clark et al., 2020;
    /// BEiT, Bao et al., 2021); 1: the same for all.
    pub layer_decay: f64,
    /// Peak learning rates of single stages, in place of what the keys above
    /// give them.
    pub stage_learning_rates: BTreeMap<String, f64>,
    /// Epochs from the start, and then between, after which one more layer of
    /// the stages in `model.unfreeze` is trained, from the head inwards (ULMFiT,
    /// Howard & Ruder, 2018); fractions unfreeze several at once; none: all
    /// train from the start.
    #[serde(with = "optional")]
    pub unfreeze_every: Option<f64>,
    /// Whether features of a backbone that is frozen throughout are computed
    /// once, stored and shared; the result is the same.
    pub cache_features: bool,
    /// `fp32`, or `bf16` on LibTorch: what activations, convolutions and matrix
    /// products are computed in, in training and validation. Stored features are
    /// computed in fp32.
    pub precision: Precision,
    /// ViT: keep only each block's input and compute the rest again on the way
    /// back; slower, in less memory.
    pub gradient_checkpointing: bool,
    /// Weight decay; norms and biases are never decayed.
    pub weight_decay: f64,
    /// AdamW: decay rates of the moments.
    pub betas: [f64; 2],
    /// AdamW: added to the second moment's root.
    pub epsilon: f64,
    /// SGD: share of the last step that is kept.
    pub momentum: f64,
    /// SGD: Nesterov's variant.
    pub nesterov: bool,
    /// Shape of the learning rate over the run, per step.
    pub schedule: ScheduleConfig,
    /// Linear rise to the peak, in epochs; fractions count.
    pub warmup_epochs: f64,
    /// Largest global norm of the gradients; none: they are not clipped.
    #[serde(with = "optional")]
    pub clip_norm: Option<f64>,
    /// Decay of the weights' moving average, which is then what is
    /// validated and exported; none: there is no average.
    #[serde(with = "optional")]
    pub ema_decay: Option<f64>,
    /// Epochs without an improvement before the run stops; none: it doesn't.
    #[serde(with = "optional")]
    pub patience: Option<u64>,
    /// Improvement of the validation MSE, as a share of the labels' variance, that
    /// counts for `patience`.
    pub min_delta: f64,
    /// Seconds between checkpoints within an epoch; none: at epoch ends only. An
    /// epoch that ends within 250 ms of the last checkpoint shares the next, unless
    /// it is the best so far of a run on images.
    #[serde(with = "optional")]
    pub checkpoint_seconds: Option<u64>,
}

impl RunConfig {
    /// Reads a TOML file (or none: the defaults), applies `section.key=value`
    /// overrides in order and checks every value.
    ///
    /// # Errors
    /// [`ConfigError`] with the file and line, the override, or the key.
    pub fn read(path: Option<&Path>, overrides: &[String]) -> Result<Self, ConfigError> {
        read::read(path, overrides)
    }

    /// The configuration as TOML.
    ///
    /// # Errors
    /// When a path is not valid UTF-8.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        toml::to_string_pretty(self).map_err(|error| ConfigError::Parse {
            place: "configuration".to_owned(),
            reason: error.to_string(),
        })
    }

    /// Makes paths absolute, so that a run can be continued from another folder.
    ///
    /// # Errors
    /// When the current folder is not known.
    pub fn make_absolute(&mut self) -> Result<(), ConfigError> {
        let data = &mut self.data;
        let weights = match &mut self.model.weights {
            InitialWeights::Path(path) => Some(path),
            InitialWeights::Scratch | InitialWeights::ImageNet => None,
        };
        let dir = Some(&mut data.dir).filter(|dir| !dir.as_os_str().is_empty());
        let optional = [&mut data.labels, &mut data.images, &mut data.cache_dir];
        let paths = optional.into_iter().flatten().chain(dir).chain(weights);
        for path in paths {
            let absolute = std::path::absolute(&*path);
            *path = absolute.map_err(FileError::read(path))?;
        }
        Ok(())
    }

    /// Reads the same data from `dir`: what lay in the data folder is looked for there.
    pub fn move_data(&mut self, dir: &Path) {
        let data = &mut self.data;
        // Where nothing is named it is looked for, there too.
        for path in [&mut data.labels, &mut data.images].into_iter().flatten() {
            if let Ok(inside) = path.strip_prefix(&data.dir) {
                *path = dir.join(inside);
            }
        }
        data.dir = dir.to_owned();
    }
}

#[cfg(test)]
mod tests;
