//! The form of a reference file.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use psp_models::DeviceSpec;
use psp_schema::{FileError, write_atomic};
use serde::{Deserialize, Serialize};
use serde_json::Serializer;
use serde_json::ser::PrettyFormatter;

use crate::verify::VerifyError;

/// What one framework computed for one backbone, batch and size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Who computed it; torchvision's files tell their versions otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_by: Option<RecordedBy>,
    /// torchvision's name of the backbone.
    pub model: String,
    /// Seed of all generated numbers.
    pub seed: u64,
    /// Images in the batch.
    pub batch: usize,
    /// Side of the square input in pixels.
    pub size: u32,
    /// Factor of the generated running variances.
    pub running_var_scale: f64,
    /// Width of the pooled features.
    pub feature_dim: usize,
    /// Width of the head's hidden layer.
    pub head_hidden: usize,
    /// Every backbone key with its shape, in the module's order. The recorded
    /// files leave batch norms' `num_batches_tracked` out, and so does
    /// [`crate::verify::record`]; a file that has them compares the same.
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
    /// The recording framework's own f32 against its f64. `None` where that is
    /// not known, as in a file recorded in f32 alone; it then widens no
    /// tolerance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torch_f32_error: Option<F32Error>,
}

/// The program that computed a file's numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedBy {
    /// Its name.
    pub program: String,
    /// Its version.
    pub version: String,
    /// The device, by the program's name for it.
    pub device: String,
    /// The element type that it computed with.
    pub precision: String,
}

impl RecordedBy {
    /// This version of `psp`, on this device.
    pub fn psp(device: DeviceSpec) -> Self {
        Self {
            program: "psp".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            device: device.resolved().to_string(),
            precision: "f32".to_owned(),
        }
    }
}

/// Numbers of evaluation mode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

/// Relative errors of the recording framework's f32; the default is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
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
        let text = std::fs::read_to_string(path).map_err(FileError::read(path))?;
        serde_json::from_str(&text).map_err(|source| VerifyError::Format {
            path: path.to_owned(),
            source,
        })
    }
    /// Writes a reference file, whole or not at all, in place of any that is
    /// there.
    ///
    /// # Errors
    /// When a number is NaN or infinite, which the form can't hold, or the file
    /// can't be written.
    pub fn write(&self, path: &Path) -> Result<(), VerifyError> {
        if let Some(numbers) = self.not_finite() {
            return Err(VerifyError::NotFinite {
                path: path.to_owned(),
                numbers,
            });
        }
        write_atomic(path, |out| {
            // Indented as the recorded files are.
            let formatter = PrettyFormatter::with_indent(b" ");
            let mut serializer = Serializer::with_formatter(out, formatter);
            self.serialize(&mut serializer).map_err(io::Error::from)
        })?;
        Ok(())
    }

    /// The first list that holds a NaN or an infinity.
    fn not_finite(&self) -> Option<&'static str> {
        let Self { eval, train, .. } = self;
        let norms = |norms: &BTreeMap<String, f64>| norms.values().copied().collect();
        let lists: [(&str, Vec<f64>); 10] = [
            ("eval.features_head", eval.features_head.concat()),
            ("eval.features_norm", eval.features_norm.clone()),
            ("eval.prediction", eval.prediction.concat()),
            ("eval.mse", vec![eval.mse]),
            ("train.prediction", train.prediction.concat()),
            ("train.mse", vec![train.mse]),
            ("train.grad_norm", norms(&train.grad_norm)),
            ("train.running_mean_norm", norms(&train.running_mean_norm)),
            ("train.running_var_norm", norms(&train.running_var_norm)),
            ("adamw.mse_per_step", self.adamw.mse_per_step.clone()),
        ];
        let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        let wrong = lists.into_iter().find(|(_, values)| !finite(values));
        wrong.map(|(name, _)| name)
    }
}
