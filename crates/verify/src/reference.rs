//! The form of a reference file.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::VerifyError;

/// What one framework computed for one backbone, batch and size.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reference {
    /// torchvision's name of the backbone.
    pub model: String,
    /// Seed of all generated numbers.
    pub seed: u64,
    /// Images in the batch.
    pub batch: usize,
    /// Side of the square input in pixels.
    pub size: usize,
    /// Factor of the generated running variances.
    pub running_var_scale: f64,
    /// Width of the pooled features.
    pub feature_dim: usize,
    /// Width of the head's hidden layer.
    pub head_hidden: usize,
    /// Every backbone key with its shape.
    pub backbone_state: Vec<(String, Vec<usize>)>,
    /// Every head key with its shape.
    pub head_state: Vec<(String, Vec<usize>)>,
    /// Parameters of backbone and head.
    pub params: u64,
    /// fp32 parameters and buffers in MiB; a BatchNorm's counter takes 8 bytes.
    pub mib: f64,
    /// The model in evaluation mode.
    pub eval: EvalNumbers,
    /// One forward and backward pass in training mode.
    pub train: TrainNumbers,
    /// The first optimiser steps from the same start.
    pub adamw: AdamWNumbers,
    /// The recording framework's own f32 against its f64.
    pub torch_f32_error: F32Error,
}

/// Numbers of evaluation mode.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EvalNumbers {
    /// The first pooled features of each image.
    pub features_head: Vec<Vec<f64>>,
    /// The norm of all pooled features of each image.
    pub features_norm: Vec<f64>,
    /// `[batch][targets]`.
    pub prediction: Vec<Vec<f64>>,
    /// Mean squared error against the generated target.
    pub mse: f64,
}

/// Numbers of training mode (batch statistics, no dropout).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrainNumbers {
    /// `[batch][targets]`.
    pub prediction: Vec<Vec<f64>>,
    /// Mean squared error against the generated target.
    pub mse: f64,
    /// Norm of the gradient of every parameter.
    pub grad_norm: BTreeMap<String, f64>,
    /// Norm of every running mean after the pass.
    pub running_mean_norm: BTreeMap<String, f64>,
    /// Norm of every running variance after the pass.
    pub running_var_norm: BTreeMap<String, f64>,
}

/// AdamW steps and their settings; every parameter is decayed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AdamWNumbers {
    /// Learning rate.
    pub lr: f64,
    /// Decay rates of the moments.
    pub betas: [f64; 2],
    /// Added to the second moment's root.
    pub eps: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Mean squared error before each step.
    pub mse_per_step: Vec<f64>,
}

/// Relative errors of the recording framework's f32.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct F32Error {
    /// Of `eval.prediction`.
    pub eval_prediction: f64,
    /// Of `eval.features_norm`.
    pub eval_features_norm: f64,
    /// Of `train.prediction`.
    pub train_prediction: f64,
    /// Of `train.grad_norm`.
    pub grad_norm: f64,
    /// Of `adamw.mse_per_step`.
    pub adamw: f64,
}

impl Reference {
    /// Reads a reference file.
    ///
    /// # Errors
    /// When it can't be read or isn't of the form; names the file.
    pub fn read(path: &Path) -> Result<Self, VerifyError> {
        let text = std::fs::read_to_string(path).map_err(|source| VerifyError::Io {
            path: path.to_owned(),
            source,
        })?;
        serde_json::from_str(&text).map_err(|source| VerifyError::Format {
            path: path.to_owned(),
            source,
        })
    }
}
