//! Why a run could not be started or finished.

use std::path::PathBuf;

use crate::features::FeatureError;
use psp_data::DataError;
use psp_metrics::MetricsError;
use psp_models::predict::PredictError;
use psp_models::{BackboneKind, DeviceError, StateError, WeightsError};
use psp_schema::{Class, Classify, FileError, shell_quoted};
use thiserror::Error;

use crate::checkpoint::CheckpointError;
use crate::config::ConfigError;

/// Why a run could not be started or finished.
#[derive(Debug, Error)]
pub enum TrainError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Labels, images or split.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A weights file.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Weights that don't fit the model.
    #[error(
        "{0}: does not fit {backbone}: {source}; `psp weights check {quoted}` says what it fits",
        path.display(),
        quoted = shell_quoted(path)
    )]
    Misfit {
        /// The file.
        path: PathBuf,
        /// The backbone that it was to fit.
        backbone: BackboneKind,
        /// Every key at fault.
        source: StateError,
    },
    /// A tensor could not be moved.
    #[error(transparent)]
    State(#[from] StateError),
    /// A checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Features of a frozen backbone.
    #[error(transparent)]
    Features(#[from] FeatureError),
    /// A forward pass.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// Metrics of non-finite numbers.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A file or folder could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of a run or an exported model is not what was written.
    #[error("{}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A thread for a further device.
    #[error("no thread could be started: {0}")]
    Thread(std::io::Error),
    /// Another process writes this run.
    #[error("{}: another process is training in this folder; wait for it, or choose another name", run.display())]
    Locked {
        /// The run folder.
        run: PathBuf,
    },
    /// The folder was given to another process.
    #[error("{}: another process has taken this run over", run.display())]
    Fenced {
        /// The run folder.
        run: PathBuf,
    },
    /// A new run would overwrite an old one.
    #[error("{0}: holds a run already; continue it with `psp train --resume {quoted}`, or choose another name", run.display(), quoted = shell_quoted(run))]
    Exists {
        /// The run folder.
        run: PathBuf,
    },
    /// A new run would fill a folder that holds something else.
    #[error("{}: holds {name}, and no run; pass a new or an empty folder to --out", run.display())]
    Occupied {
        /// The folder.
        run: PathBuf,
        /// A file or folder in it.
        name: String,
    },
    /// A new run would write among the data.
    #[error(
        "{}: is the data folder; pass another one to --out, which the run fills with its files",
        run.display()
    )]
    InData {
        /// The folder.
        run: PathBuf,
    },
    /// There is no run to continue.
    #[error("{}: not a run folder (it has no config.toml)", path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
    },
    /// No checkpoint can be read.
    #[error("{}: no usable checkpoint{}{}", run.display(), way_out(faults), list(faults))]
    NoCheckpoint {
        /// The run folder.
        run: PathBuf,
        /// What is wrong with each that exists.
        faults: Vec<CheckpointError>,
    },
    /// The weights that a run was trained for are gone.
    #[error(
        "{fault}, and no other checkpoint holds epoch {epoch}, the best; restore the file, train \
         on for a better epoch with --set train.epochs=N, or begin a new run with the newest \
         weights that are whole: --set model.weights={}",
        shell_quoted(newest)
    )]
    LostBest {
        /// What is wrong with the best checkpoint.
        fault: String,
        /// Its epoch, counted from 1.
        epoch: u64,
        /// The newest checkpoint that is whole.
        newest: PathBuf,
    },
    /// The run's own split is not the one that it began with.
    #[error(
        "{}: changed since the run began (SHA-256 then {then:.12}, now {now:.12}); restore the \
         file, or start a new run",
        split.display()
    )]
    SplitChanged {
        /// The run's `split.csv`.
        split: PathBuf,
        /// Its fingerprint then.
        then: String,
        /// Its fingerprint now.
        now: String,
    },
    /// The data are no longer those of the run.
    #[error("{}: {what} changed since the run began (SHA-256 then {then:.12}, now {now:.12}); bring back what it began with, or start a new run", run.display())]
    Changed {
        /// The run folder.
        run: PathBuf,
        /// What changed.
        what: String,
        /// Its fingerprint then.
        then: String,
        /// Its fingerprint now.
        now: String,
    },
    /// A setting that decides the result has another value than when the run began.
    #[error(
        "{}: {key} was {then} when the run began and can't become {now}, since it decides \
         the result; leave it as it was, or start a new run with --out",
        run.display()
    )]
    Fixed {
        /// The run folder.
        run: PathBuf,
        /// The key, such as `train.learning_rate`.
        key: String,
        /// Its value then.
        then: String,
        /// Its value now.
        now: String,
    },
    /// A run is to end before what it has done already.
    #[error(
        "{}: train.epochs = {epochs}, but {done} epochs are done or begun; name at least as many",
        run.display()
    )]
    TooShort {
        /// The run folder.
        run: PathBuf,
        /// Epochs wanted.
        epochs: u64,
        /// Epochs done or begun.
        done: u64,
    },
    /// A run whose patience ended would stop again at once.
    #[error(
        "{}: would stop at once: epochs since the best one: {without}; to train on, raise \
         train.patience above that (0: never stop), as in --set train.patience=0",
        run.display()
    )]
    StopsAtOnce {
        /// The run folder.
        run: PathBuf,
        /// Epochs since the best one.
        without: u64,
    },
    /// A part of the split is empty.
    #[error("{}: the split has no image in `{part}`{hint}", source_of_split.display())]
    EmptyPart {
        /// The split's file or the data folder.
        source_of_split: PathBuf,
        /// The empty part.
        part: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A single training image is no batch for the norms.
    #[error(
        "{}: the training part has one image, of whose {size} x {size} pixels a batch norm in \
         {stage} sees one value per channel, which has no variance; train on more images \
         (data.fractions, data.train_images), or on larger ones (preprocess.size)",
        source_of_split.display()
    )]
    SingleImage {
        /// The split's file or the data folder.
        source_of_split: PathBuf,
        /// Side of the input in pixels.
        size: u32,
        /// The stage with the norm.
        stage: &'static str,
    },
    /// The loss or a weight stopped being a number.
    #[error(
        "training diverged in epoch {epoch}, batch {batch}: {what}. Likely cause: {cause}. \
         The last good checkpoint is kept, if there was one yet; nothing of this step was stored"
    )]
    Diverged {
        /// Epoch, counted from 1.
        epoch: u64,
        /// Batch within the epoch, counted from 1.
        batch: usize,
        /// What is not finite.
        what: String,
        /// What usually leads to it.
        cause: String,
    },
}

/// What is left to do without a checkpoint.
fn way_out(faults: &[CheckpointError]) -> &'static str {
    if are_final(faults) {
        "; begin the run anew, with another --out, or here once this folder is removed"
    } else {
        ""
    }
}

/// Whether every checkpoint is lost: one that only can't be read now may be whole.
fn are_final(faults: &[CheckpointError]) -> bool {
    faults
        .iter()
        .all(|fault| matches!(fault, CheckpointError::Damaged { .. }))
}

fn list(faults: &[CheckpointError]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}

impl TrainError {
    /// That a file of a run is gone, without which it is of no use.
    pub(crate) fn missing(path: PathBuf) -> Self {
        let reason = "this file is missing; bring it back from a copy, or train anew into another \
                      folder";
        Self::Damaged {
            path,
            reason: reason.to_owned(),
        }
    }

    /// Whether what a run was trained to is lost, so that it can only be begun anew.
    pub fn is_lost_run(&self) -> bool {
        match self {
            Self::NoCheckpoint { faults, .. } => are_final(faults),
            Self::LostBest { .. } => true,
            _ => false,
        }
    }
}

impl Classify for TrainError {
    fn class(&self) -> Class {
        match self {
            Self::Locked { .. } | Self::Fenced { .. } => Class::Passing,
            // What a run asks of its device was checked before.
            Self::Device(error) if !matches!(error, DeviceError::Precision { .. }) => {
                Class::Machine
            }
            // A run's own values were, too: its weights or its split are missing here.
            Self::Config(ConfigError::Value { key, .. })
                if ["model.weights", "data.split"].contains(key) =>
            {
                Class::Machine
            }
            Self::Changed { .. } | Self::SplitChanged { .. } | Self::Thread(_) => Class::Machine,
            Self::File(error) | Self::Config(ConfigError::File(error)) => error.class(),
            Self::Checkpoint(error) => error.class(),
            Self::Features(error) => error.class(),
            Self::Data(error) => error.class(),
            other => Class::of_cause(other),
        }
    }
}
