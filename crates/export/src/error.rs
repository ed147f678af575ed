//! Why a model can't be exported or opened.

use std::path::PathBuf;

use psp_data::DataError;
use psp_eval::{EvalError, Predictions};
use psp_explain::ExplainError;
use psp_infer::EngineError;
use psp_models::predict::PredictError;
use psp_models::{StateError, WeightsError};
use psp_schema::{Class, Classify, FileError};
use psp_train::bundle::{ONNX_F16, Verification};
use psp_train::features::FeatureError;
use psp_train::{CheckpointError, RunDir, TrainError};
use thiserror::Error;

/// Why a model can't be exported or opened.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The run, or a file of the bundle.
    #[error(transparent)]
    Run(#[from] TrainError),
    /// The run's checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The bundle's weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The weights don't fit the model that the bundle describes.
    #[error("{}: {source}", path.display())]
    Misfit {
        /// The weights.
        path: PathBuf,
        /// Every key at fault.
        source: StateError,
    },
    /// Stored features.
    #[error(transparent)]
    Features(#[from] FeatureError),
    /// Predictions, or the file that they are stored in.
    #[error(transparent)]
    Predictions(#[from] EvalError),
    /// A forward pass.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// A heat map.
    #[error(transparent)]
    Explain(#[from] ExplainError),
    /// An image.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file or folder could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The target folder is a bundle, and was not to be replaced.
    #[error("{}: exists already; choose another folder, or pass --overwrite to replace it", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// A device does not give the model's weights back.
    #[error(transparent)]
    Graph(StateError),
    /// The CPU engine can't run the model.
    #[error(transparent)]
    CpuEngine(#[from] EngineError),
    /// The target is no bundle, which is never replaced.
    #[error(
        "{}: exists already and is not a bundle (it has no bundle.json of psp's), so it is not \
         replaced; choose another folder",
        path.display()
    )]
    NotReplaced {
        /// The folder.
        path: PathBuf,
    },
    /// `--overwrite` would delete a file beside the bundle's own.
    #[error("{}: holds {name}, which is no part of the exported model; move it elsewhere first", path.display())]
    NotOwn {
        /// The folder.
        path: PathBuf,
        /// The file.
        name: String,
    },
    /// The folder holds neither a bundle nor a run.
    #[error(
        "{}: neither an exported model (bundle.json) nor a run (config.toml)",
        path.display()
    )]
    NoModel {
        /// The folder.
        path: PathBuf,
    },
    /// A file of a model was named in place of its folder.
    #[error("{}: is a file of the model in {}; name that folder", path.display(), folder.display())]
    FileOfModel {
        /// The file that was given as the model.
        path: PathBuf,
        /// The model's folder, to be given instead.
        folder: PathBuf,
    },
    /// The run has not finished an epoch, so there is no model to export.
    #[error("{}: no epoch of this run is finished yet, so it has no best checkpoint", path.display())]
    NotTrained {
        /// The run.
        path: PathBuf,
    },
    /// The best epoch's checkpoint is gone.
    #[error(
        "{}: missing, though an epoch of this run is finished",
        run.best().display()
    )]
    LostBest {
        /// The run.
        run: RunDir,
    },
    /// Predictions were computed and could not be stored.
    #[error("{source}")]
    Unstored {
        /// What was predicted, for whoever can do without storing it.
        predictions: Box<Predictions>,
        /// Why the run's folder did not take it.
        source: Box<Self>,
    },
    /// An ONNX model can't be run.
    #[error("{}: {reason}", path.display())]
    Engine {
        /// The model's file, or what stands for it.
        path: PathBuf,
        /// What the engine says.
        reason: String,
    },
    /// An exported model predicts something else than its checkpoint.
    #[error(
        "{name}: its scores differ from the checkpoint's by up to {:.1e} on {} {} images, where \
         {tolerance:.0e} is allowed (1: the label range, or a standard deviation of the labels \
         where there is none), so nothing was exported{}",
        verification.max_difference,
        verification.images,
        verification.of,
        if name == ONNX_F16 {
            "; rounded to f16 it is another model, so try --precision f32"
        } else {
            "; --format safetensors exports the model without ONNX"
        }
    )]
    Drift {
        /// Name of the file in the exported model.
        name: String,
        /// How it was compared.
        verification: Verification,
        /// The largest difference that is allowed.
        tolerance: f64,
    },
    /// In 8 bits a model loses more than it may.
    #[error(
        "in 8 bits the model loses {loss:.4} of R² on {images} validation images, at most \
         {high:.4} (at 95 %), where {budget} is allowed, with however many layers in f32; nothing \
         was exported; allow more with --budget, or leave out int8"
    )]
    Budget {
        /// The most that may be lost.
        budget: f64,
        /// How much is.
        loss: f64,
        /// The upper end of its interval.
        high: f64,
        /// Images on which it was measured.
        images: usize,
    },
    /// There is nothing to measure a model in 8 bits on.
    #[error("int8: the run {0}; leave out int8")]
    Unmeasured(&'static str),
    /// Told to stop.
    #[error("interrupted")]
    Interrupted,
    /// A file is not valid.
    #[error("{}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl ExportError {
    /// Refuses a run without a best checkpoint.
    pub(crate) fn unless_trained(run: &RunDir) -> Result<(), Self> {
        if run.best().exists() {
            Ok(())
        } else if run.has_lost_best() {
            Err(Self::LostBest { run: run.clone() })
        } else {
            Err(Self::NotTrained {
                path: run.root().to_owned(),
            })
        }
    }
}

impl Classify for ExportError {
    fn class(&self) -> Class {
        match self {
            Self::Run(error) => error.class(),
            Self::Checkpoint(error) => error.class(),
            Self::Features(error) => error.class(),
            Self::Unstored { source, .. } => source.class(),
            Self::File(error) | Self::Predictions(EvalError::File(error)) => error.class(),
            other => Class::of_cause(other),
        }
    }
}
