//! What a report is made of, gathered by the caller.
//!
//! Plain data: this crate reads no study and runs no model. Folders are given as
//! they are to be linked to from the report's own folder.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

mod data;
mod selection;

pub use data::Data;
pub use psp_eval::{HeatMap, Method, PredictionRow, Predictions};
pub use psp_plot::PartLabels;
pub use psp_schema::{EpochRecord, PrunerName, Ranked, SamplerName, TrialState};
pub use psp_space::{Dimension, Domain};
pub use selection::Selection;

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
    /// How trials were drawn.
    pub sampler: SamplerName,
    /// How trials were stopped early.
    pub pruner: PrunerName,
    /// Seed of the draw.
    pub seed: u64,
    /// Points of the grid, in decimal digits.
    pub grid_points: String,
    /// Trials that the study is to have.
    pub wanted: usize,
    /// Trainings of finalists that have not come to an end.
    pub open_finals: usize,
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
    pub epochs: Vec<EpochRecord>,
    /// Seconds of training and validation.
    pub seconds: Option<f64>,
    /// When it ended, in UTC (RFC 3339).
    pub ended: Option<String>,
    /// Why it failed.
    pub reason: Option<String>,
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
    pub epochs: Vec<EpochRecord>,
    /// The epoch that its predictions are of.
    pub best_epoch: Option<u64>,
    /// Seconds of training and validation.
    pub seconds: Option<f64>,
    /// The device that it was trained on.
    pub device: String,
    /// Predictions over its validation images.
    pub valid: Option<Predictions>,
    /// Predictions over the test images, which come in the same order in all runs.
    pub test: Option<Predictions>,
    /// Why it failed, or has no predictions.
    pub failure: Option<String>,
    /// How its initial weights may have been trained on validation or test images, a sentence
    /// without its full stop; `None` where nothing is known of that.
    pub seen: Option<String>,
}

impl Run {
    /// The epoch that its predictions are of.
    pub fn best(&self) -> Option<&EpochRecord> {
        let mut epochs = self.epochs.iter();
        epochs.find(|epoch| Some(epoch.epoch) == self.best_epoch)
    }
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
    /// The image, with its labels and predictions.
    pub row: PredictionRow,
    /// What the model sees of it: left, top, width and height as shares of the
    /// image's own. The heat maps lie over this part.
    pub region: [f64; 4],
    /// Heat maps, one per method and target.
    pub maps: Vec<HeatMap>,
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
