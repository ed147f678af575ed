//! What a report is made of, gathered by the caller.
//!
//! Plain data: this crate reads no study and runs no model. Folders are given as
//! they are to be linked to from the report's own folder.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

mod data;
mod selection;

pub use data::{Data, PartLabels};
pub use psp_schema::TrialState;
pub use selection::{Rank, Selection};

/// Everything that a report is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Input {
    /// The study's name, or those of the runs.
    pub title: String,
    /// The search; `None` of a report on single runs.
    pub study: Option<Study>,
    /// The images and labels.
    pub data: Data,
    /// The models that are compared: a study's finalists, or the runs, in the order
    /// in which they were ranked or given; behind them the chosen one's refit, if there
    /// is one. May be empty.
    pub candidates: Vec<Candidate>,
    /// Which of them was chosen, and why; `None` while none is.
    pub selection: Option<Selection>,
    /// Sizes of all backbones, whether they were tried or not.
    pub backbones: Vec<BackboneSize>,
    /// What the chosen model looks at.
    pub explanations: Vec<Explanation>,
    /// How all of it was made.
    pub environment: Environment,
}

impl Input {
    /// The devices that costs were measured on, by name.
    pub(crate) fn measured_on(&self) -> Vec<&str> {
        let costs = self.candidates.iter().map(|candidate| &candidate.cost);
        let devices = costs.filter_map(|cost| Some(cost.measured.as_ref()?.device.as_str()));
        devices.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The confidence of the bound that candidates are ranked by.
    pub(crate) fn ranking_confidence(&self) -> f64 {
        self.study.as_ref().map_or(0.95, |study| study.confidence)
    }

    /// Index of the candidate that is a refit.
    pub(crate) fn refit(&self) -> Option<usize> {
        let selection = self.selection.as_ref()?;
        selection.finalist.map(|_| selection.candidate)
    }

    /// The candidates that are compared with each other: all but a refit.
    pub(crate) fn compared(&self) -> impl Iterator<Item = &Candidate> {
        let refit = self.refit();
        let candidates = self.candidates.iter().enumerate();
        candidates.filter_map(move |(index, candidate)| (refit != Some(index)).then_some(candidate))
    }
}

/// The search behind the candidates.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    /// The study's folder, as a link.
    pub folder: String,
    /// What its author says of the trials.
    pub note: String,
    /// How trials were drawn: `random-grid`, `grid`, `random` or `tpe`.
    pub sampler: String,
    /// How trials were stopped early: `none`, `median` or `asha`.
    pub pruner: String,
    /// Seed of the draw.
    pub seed: u64,
    /// Points of the grid, in decimal digits.
    pub grid_points: String,
    /// Trials that the study is to have.
    pub wanted: usize,
    /// What was searched.
    pub dimensions: Vec<Dimension>,
    /// Every trial that is known, in the order of the draw.
    pub trials: Vec<Trial>,
    /// How much each dimension says about the score: shares that sum to 1; `None`
    /// where there are too few trials to tell.
    pub importance: Option<Vec<(String, f64)>>,
    /// Configurations per backbone that are finalists.
    pub finalists_per_backbone: usize,
    /// Seeds that each was trained again with; 0: the trials themselves are the
    /// finalists.
    pub seeds: u64,
    /// Folds of cross-validation; 0: the study's own split.
    pub folds: usize,
    /// Confidence of the bound that finalists are ranked by.
    pub confidence: f64,
    /// The study file, every default written out (TOML).
    pub config: String,
}

/// One searched key.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// `section.key`.
    pub key: String,
    /// What it ranges over, in words.
    pub domain: String,
    /// Its axis.
    pub axis: DimensionAxis,
    /// When it exists, in words; `None`: always.
    pub condition: Option<String>,
}

impl Study {
    /// Whether finalists were trained again, or are the trials themselves.
    pub(crate) fn trains_finalists(&self) -> bool {
        self.seeds > 0
    }

    /// A key's share of the importance over all keys, where that is known.
    pub(crate) fn importance_of(&self, key: &str) -> Option<f64> {
        let mut shares = self.importance.iter().flatten();
        let (_, share) = shares.find(|(of, _)| of == key)?;
        Some(*share)
    }

    /// The values that a key has in any trial.
    pub(crate) fn values_of<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.trials.iter();
        values.filter_map(move |trial| trial.values.get(key).map(String::as_str))
    }
}

/// How values of a dimension are laid out.
#[derive(Clone, Debug, PartialEq)]
pub enum DimensionAxis {
    /// These values, as text.
    Categories(Vec<String>),
    /// Numbers.
    Numbers {
        /// Whether equal distances are equal ratios.
        log: bool,
    },
}

/// One trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Its place in the draw, from 0.
    pub number: usize,
    /// Its folder, as a link.
    pub folder: String,
    /// Its backbone.
    pub backbone: String,
    /// How far it came when the report was made.
    pub state: TrialState,
    /// The values that it varies, by `section.key`, as text.
    pub values: BTreeMap<String, String>,
    /// Validation R² over all targets of its best epoch, or the negative MSE where
    /// R² is undefined.
    pub score: Option<f64>,
    /// Its epochs so far.
    pub epochs: Vec<Epoch>,
    /// Seconds of training and validation.
    pub seconds: Option<f64>,
    /// When it ended, in UTC (RFC 3339).
    pub ended: Option<String>,
    /// Why it failed.
    pub reason: Option<String>,
}

/// One epoch of a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: u64,
    /// MSE over its training batches, of predictions that are not clipped.
    pub train_mse: f64,
    /// MSE over the validation images; `None` where there are none.
    pub valid_mse: Option<f64>,
    /// R² over the validation images.
    pub valid_r2: Option<f64>,
}

/// A configuration that was trained one or more times.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Unique among the candidates, such as `resnet18 (trial 5)`.
    pub name: String,
    /// torchvision's name of its backbone.
    pub backbone: String,
    /// The trial that it comes from.
    pub trial: Option<usize>,
    /// Where its initial weights come from, in words: `from scratch`, or a file.
    pub weights: String,
    /// Which stages were trained, in words: `all`, `head`, `layer4, head`.
    pub trained: String,
    /// What was searched for it, as one line of text; empty of a single run.
    pub values: String,
    /// What it costs.
    pub cost: Cost,
    /// Its trainings.
    pub runs: Vec<Run>,
}

/// What a model costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Parameters, head included.
    pub parameters: u64,
    /// MiB of parameters and buffers in fp32.
    pub mib: f64,
    /// Multiply-adds of one prediction.
    pub multiply_adds: u64,
    /// Side of the square input in pixels.
    pub input_size: u32,
    /// What was measured of its speed; `None` where nothing was.
    pub measured: Option<MeasuredCost>,
}

/// Speed and memory of prediction, measured once. Those of different devices are not
/// compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasuredCost {
    /// The device that it was measured on.
    pub device: String,
    /// Images per second, one at a time.
    pub images_per_second_1: f64,
    /// Images per second in batches of 32.
    pub images_per_second_32: f64,
    /// Peak memory of the process in batches of 32, bytes.
    pub peak_memory: Option<u64>,
}

/// One training of a candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its folder, as a link.
    pub folder: String,
    /// `train.seed`.
    pub seed: u64,
    /// The fold that it was validated on.
    pub fold: Option<usize>,
    /// Its epochs.
    pub epochs: Vec<Epoch>,
    /// The epoch that its predictions are of.
    pub best_epoch: Option<u64>,
    /// Seconds of training and validation.
    pub seconds: Option<f64>,
    /// The device that it was trained on.
    pub device: String,
    /// Predictions over its validation images.
    pub valid: Option<Predictions>,
    /// Predictions over the test images.
    pub test: Option<Predictions>,
    /// Why it failed, or has no predictions.
    pub failure: Option<String>,
}

impl Run {
    /// The epoch that its predictions are of.
    pub(crate) fn best(&self) -> Option<&Epoch> {
        let mut epochs = self.epochs.iter();
        epochs.find(|epoch| Some(epoch.epoch) == self.best_epoch)
    }
}

/// Predictions beside labels. Of several runs the same images come in the same
/// order.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// A row per image.
    pub rows: Vec<PredictionRow>,
}

/// One image.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictionRow {
    /// Its file name within the image folder.
    pub filename: String,
    /// A label per target.
    pub labels: Vec<f64>,
    /// A prediction per target, clipped to the range of the labels.
    pub predictions: Vec<f64>,
}

/// Size of a backbone with the default head for two targets.
#[derive(Clone, Debug, PartialEq)]
pub struct BackboneSize {
    /// torchvision's name.
    pub name: String,
    /// Parameters with the head `Linear(F, 256) → ReLU → Linear(256, 2)`.
    pub parameters: u64,
    /// MiB of parameters and buffers in fp32.
    pub mib: f64,
    /// Multiply-adds of one prediction at its own input size.
    pub multiply_adds: u64,
    /// Side of its own square input in pixels.
    pub input_size: u32,
}

/// What the chosen model looks at in one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The image.
    pub filename: String,
    /// What the model sees of it: left, top, width and height as shares of the
    /// image's own. The heat maps lie over this part.
    pub region: [f64; 4],
    /// Its labels.
    pub labels: Vec<f64>,
    /// The model's predictions.
    pub predictions: Vec<f64>,
    /// Heat maps, one per method and target.
    pub maps: Vec<HeatMap>,
}

/// How much each place of an image matters for one target.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// `Grad-CAM`, `attention roll-out` or `occlusion`.
    pub method: String,
    /// Index of the target; `None` where the method knows no targets.
    pub target: Option<usize>,
    /// Columns of the map.
    pub width: usize,
    /// Rows of the map.
    pub height: usize,
    /// Row-major, 0 to 1: of the strongest place of all maps of its method.
    pub values: Vec<f32>,
}

/// How everything was made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Environment {
    /// Version of psp.
    pub psp_version: String,
    /// Version of Burn.
    pub burn_version: String,
    /// Processor, as the system names it, and its cores.
    pub hardware: String,
    /// Operating system.
    pub system: String,
    /// Commands that make all of it again, in order.
    pub commands: Vec<String>,
    /// The date of the report in UTC, `2026-01-31`: the one thing that differs
    /// between two reports on the same study.
    pub date: String,
}
