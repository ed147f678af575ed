//! Verification of a backbone against what torchvision computes for it.

use std::path::PathBuf;

use burn::tensor::{Device, Tensor, TensorData};
use psp_models::nn::Noise;
use psp_models::summary::{mib, parameters};
use psp_models::{BackboneKind, ModelConfig, Regressor, state};
use psp_train::optim::{Grads, Optimizer, OptimizerConfig};
use thiserror::Error;

pub mod compare;
pub mod formula;
mod reference;

pub use compare::Part;
pub use reference::{AdamWNumbers, EvalNumbers, F32Error, Reference, TrainNumbers};

use compare::{lists, norms, norms_of_list, tolerance};

/// Targets of the reference models.
const TARGETS: usize = 2;

/// Why a verification can't be done.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// The reference can't be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The reference isn't of the expected form.
    #[error("{}: not a reference file: {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// The reference is of a backbone that isn't implemented.
    #[error("{0}")]
    Backbone(String),
    /// A computed tensor could not be read back.
    #[error("a result could not be read from the device: {0}")]
    Device(String),
}

/// All parts of one verification.
#[derive(Clone, Debug)]
pub struct Report {
    /// The parts, in the order they were computed.
    pub parts: Vec<Part>,
}

impl Report {
    /// Whether every part is within its tolerance.
    pub fn passes(&self) -> bool {
        self.parts.iter().all(Part::passes)
    }
}

/// Computes everything that `reference` records on `device` and compares.
///
/// # Errors
/// When the backbone is unknown or the device fails; a number out of
/// tolerance is not an error but a part that doesn't pass.
pub fn verify(reference: &Reference, device: &Device) -> Result<Report, VerifyError> {
    let kind: BackboneKind = reference.model.parse().map_err(VerifyError::Backbone)?;
    let subject = Subject {
        reference,
        config: ModelConfig {
            hidden: reference.head_hidden,
            input_size: reference.size as u32,
            ..ModelConfig::new(kind, TARGETS)
        },
        device: device.clone().without_autodiff(),
    };
    let mut parts = subject.structure();
    parts.extend(subject.evaluation()?);
    parts.extend(subject.training()?);
    parts.push(subject.adamw()?);
    Ok(Report { parts })
}

struct Subject<'a> {
    reference: &'a Reference,
    config: ModelConfig,
    device: Device,
}

impl Subject<'_> {
    fn model(&self, device: &Device) -> Regressor {
        let Reference {
            seed,
            running_var_scale,
            ..
        } = *self.reference;
        state::fill(Regressor::zeros(&self.config, device), |key, shape| {
            formula::weight(key, shape, seed, running_var_scale)
        })
    }

    fn images(&self, device: &Device) -> Tensor<4> {
        let Reference {
            seed, batch, size, ..
        } = *self.reference;
        let values = formula::input(batch, size, seed);
        Tensor::from_data(TensorData::new(values, [batch, 3, size, size]), device)
    }

    fn labels(&self, device: &Device) -> Tensor<2> {
        let Reference { seed, batch, .. } = *self.reference;
        let values = formula::target(batch, TARGETS, seed);
        Tensor::from_data(TensorData::new(values, [batch, TARGETS]), device)
    }

    fn structure(&self) -> Vec<Part> {
        let model = self.model(&self.device);
        let mut want: Vec<(String, Vec<usize>)> = Vec::new();
        for (prefix, keys) in [
            ("backbone", &self.reference.backbone_state),
            ("head", &self.reference.head_state),
        ] {
            want.extend(
                keys.iter()
                    .filter(|(key, _)| !key.ends_with("num_batches_tracked"))
                    .map(|(key, shape)| (format!("{prefix}.{key}"), shape.clone())),
            );
        }
        let got = state::shapes(&model);
        let differs = |a: &[(String, Vec<usize>)], b: &[(String, Vec<usize>)]| {
            let different = a.iter().filter(|entry| !b.contains(entry));
            different.map(|(key, _)| key.clone()).collect::<Vec<_>>()
        };
        let mut wrong = differs(&want, &got);
        wrong.extend(differs(&got, &want));
        let params = parameters(&got);
        let mib = mib(&got);
        vec![
            Part {
                name: "keys and shapes",
                error: wrong.len() as f64,
                tolerance: 0.0,
                count: want.len(),
                worst: wrong.first().cloned().unwrap_or_default(),
            },
            Part {
                name: "parameters",
                error: (params as f64 - self.reference.params as f64).abs(),
                tolerance: 0.0,
                count: 1,
                worst: format!("{params}"),
            },
            Part {
                name: "MiB",
                error: (mib - self.reference.mib).abs(),
                tolerance: 5e-4,
                count: 1,
                worst: format!("{mib:.3}"),
            },
        ]
    }

    fn evaluation(&self) -> Result<Vec<Part>, VerifyError> {
        let want = &self.reference.eval;
        let errors = &self.reference.torch_f32_error;
        let model = self.model(&self.device);
        let images = self.images(&self.device);
        let (features, _) = model.backbone.forward(images, &mut Noise::off());
        let prediction = model.head.forward(features.clone(), &mut Noise::off());
        let features = rows(features)?;
        let shown = want.features_head.first().map_or(0, Vec::len);
        let head: Vec<f64> = features
            .iter()
            .flat_map(|row| row.iter().copied().take(shown))
            .collect();
        let norm: Vec<f64> = features
            .iter()
            .map(|row| row.iter().map(|v| v * v).sum::<f64>().sqrt())
            .collect();
        let prediction = rows(prediction)?;
        let of_norms = tolerance(1e-4, errors.eval_features_norm);
        let of_prediction = tolerance(1e-4, errors.eval_prediction);
        // A norm averages the errors of single features away. Those have no
        // error of their own in the file; a prediction, a weighted sum of them
        // all, shares theirs. (PyTorch misses single features of EfficientNet at
        // 224 pixels by 1.2e-4 in f64 and up to 3.0e-4 in f32, norms by 1e-5.)
        let of_features = of_norms.max(of_prediction);
        Ok(vec![
            lists(
                "eval features",
                &want.features_head.concat(),
                &head,
                of_features,
            ),
            lists("eval feature norms", &want.features_norm, &norm, of_norms),
            lists(
                "eval predictions",
                &want.prediction.concat(),
                &prediction.concat(),
                of_prediction,
            ),
            lists(
                "eval MSE",
                &[want.mse],
                &[self.mse(&prediction)],
                of_prediction,
            ),
        ])
    }

    fn training(&self) -> Result<Vec<Part>, VerifyError> {
        let want = &self.reference.train;
        let errors = &self.reference.torch_f32_error;
        let device = self.device.clone().autodiff();
        let model = self.model(&device);
        let prediction = model.forward(self.images(&device), &mut Noise::off());
        let loss = (prediction.clone() - self.labels(&device)).square().mean();
        let grads = Grads::take(&model, loss.backward());
        let prediction = rows(prediction.inner())?;
        let state =
            state::collect(&model).map_err(|error| VerifyError::Device(error.to_string()))?;
        let running = |leaf: &str| {
            state
                .iter()
                .filter(|(key, _)| key.ends_with(leaf))
                .map(|(key, tensor)| {
                    let squares = tensor.data.iter().map(|v| f64::from(*v).powi(2));
                    (key.clone(), squares.sum::<f64>().sqrt())
                })
                .collect()
        };
        let of_train = tolerance(1e-3, errors.train_prediction);
        Ok(vec![
            lists(
                "train predictions",
                &want.prediction.concat(),
                &prediction.concat(),
                of_train,
            ),
            lists("train MSE", &[want.mse], &[self.mse(&prediction)], of_train),
            norms(
                "gradient norms",
                &want.grad_norm,
                &grads.norms(),
                1e-4,
                tolerance(1e-2, errors.grad_norm),
            ),
            norms_of_list(
                "running means",
                &want.running_mean_norm,
                &running(".running_mean"),
                of_train,
            ),
            norms_of_list(
                "running variances",
                &want.running_var_norm,
                &running(".running_var"),
                of_train,
            ),
        ])
    }

    fn adamw(&self) -> Result<Part, VerifyError> {
        let want = &self.reference.adamw;
        let device = self.device.clone().autodiff();
        let mut model = self.model(&device);
        let mut optimizer = Optimizer::new(OptimizerConfig::AdamW {
            betas: want.betas,
            epsilon: want.eps,
            weight_decay: want.weight_decay,
        })
        .decay_all();
        let mut losses = Vec::new();
        for step in 1..=want.mse_per_step.len() {
            let prediction = model.forward(self.images(&device), &mut Noise::off());
            let loss = (prediction.clone() - self.labels(&device)).square().mean();
            losses.push(self.mse(&rows(prediction.inner())?));
            if step < want.mse_per_step.len() {
                let grads = Grads::take(&model, loss.backward());
                model = optimizer.step(model, grads, |_| want.lr);
            }
        }
        let allowed = tolerance(1e-2, self.reference.torch_f32_error.adamw);
        Ok(lists(
            "AdamW MSE per step",
            &want.mse_per_step,
            &losses,
            allowed,
        ))
    }

    fn mse(&self, prediction: &[Vec<f64>]) -> f64 {
        let Reference { seed, batch, .. } = *self.reference;
        let labels = formula::target(batch, TARGETS, seed);
        let squares = prediction
            .iter()
            .flatten()
            .zip(labels)
            .map(|(prediction, label)| (prediction - f64::from(label)).powi(2));
        squares.sum::<f64>() / (batch * TARGETS) as f64
    }
}

fn rows(tensor: Tensor<2>) -> Result<Vec<Vec<f64>>, VerifyError> {
    let [_, columns] = tensor.dims();
    let values = tensor
        .into_data_as::<f32>()
        .try_into_vec::<f32>()
        .map_err(|error| VerifyError::Device(format!("{error:?}")))?;
    let values: Vec<f64> = values.into_iter().map(f64::from).collect();
    Ok(values.chunks(columns.max(1)).map(<[f64]>::to_vec).collect())
}
