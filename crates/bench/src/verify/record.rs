//! Computing what a reference file holds.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use psp_models::nn::Noise;
use psp_models::summary::{mib, parameters};
use psp_models::{Input, ModelConfig, Precision, Regressor, state};
use psp_train::Forward;
use psp_train::optim::{Grads, Optimizer, OptimizerConfig};

use crate::verify::settings::TARGETS;
use crate::verify::{
    AdamWNumbers, AdamWSettings, EvalNumbers, Reference, Settings, TrainNumbers, VerifyError,
    formula,
};

/// Computes everything that a reference file holds, in f32 on `device`.
///
/// There is no f64 beside it, so the f32's own error is left unsaid; so is who
/// recorded the numbers, since a device does not tell its name.
///
/// # Errors
/// When the backbone can't take such an input or the device fails.
pub fn record(settings: &Settings, device: &Device) -> Result<Reference, VerifyError> {
    settings.check()?;
    let recorder = Recorder {
        settings,
        config: ModelConfig {
            hidden: settings.head_hidden,
            input_size: settings.size,
            ..ModelConfig::new(settings.backbone, TARGETS)
        },
        device: device.clone().without_autodiff(),
    };
    let (shapes, eval) = {
        let model = recorder.model(&recorder.device);
        (state::shapes(&model), recorder.evaluation(&model)?)
    };
    let within = |module: &str| {
        let inside = shapes.iter().filter_map(|(key, shape)| {
            let key = key.strip_prefix(module)?.strip_prefix('.')?;
            Some((key.to_owned(), shape.clone()))
        });
        inside.collect()
    };
    Ok(Reference {
        recorded_by: None,
        model: settings.backbone.name().to_owned(),
        seed: settings.seed,
        batch: settings.batch,
        size: settings.size,
        running_var_scale: settings.running_var_scale,
        feature_dim: settings.backbone.features(),
        head_hidden: settings.head_hidden,
        backbone_state: within("backbone"),
        head_state: within("head"),
        params: parameters(&shapes) as u64,
        mib: mib(&shapes),
        eval,
        train: recorder.training()?,
        adamw: recorder.adamw()?,
        torch_f32_error: None,
    })
}

struct Recorder<'a> {
    settings: &'a Settings,
    config: ModelConfig,
    device: Device,
}

impl Recorder<'_> {
    fn model(&self, device: &Device) -> Regressor {
        let Settings {
            seed,
            running_var_scale,
            ..
        } = *self.settings;
        state::fill(Regressor::zeros(&self.config, device), |key, shape| {
            formula::weight(key, shape, seed, running_var_scale)
        })
    }

    fn images(&self, device: &Device) -> Tensor<4> {
        let Settings { seed, batch, .. } = *self.settings;
        let size = self.settings.size as usize;
        let values = formula::input(batch, size, seed);
        let values = TensorData::new(values, [batch, 3, size, size]);
        // As training and prediction hand them over.
        Precision::Fp32.images(Tensor::from_data(values, device))
    }

    fn labels(&self, device: &Device) -> Tensor<2> {
        let Settings { seed, batch, .. } = *self.settings;
        let values = formula::target(batch, TARGETS, seed);
        Tensor::from_data(TensorData::new(values, [batch, TARGETS]), device)
    }

    fn evaluation(&self, model: &Regressor) -> Result<EvalNumbers, VerifyError> {
        let images = self.images(&self.device);
        let (features, _) = model.backbone.forward(images, &mut Noise::off());
        let prediction = model.head.forward(features.clone(), &mut Noise::off());
        let features = rows(features)?;
        let prediction = rows(prediction)?;
        let columns = self.settings.feature_columns;
        Ok(EvalNumbers {
            features_head: features
                .iter()
                .map(|row| row.iter().copied().take(columns).collect())
                .collect(),
            features_norm: features
                .iter()
                .map(|row| norm(row.iter().copied()))
                .collect(),
            mse: self.mse(&prediction),
            prediction,
        })
    }

    fn forward(&self, model: &Regressor, device: &Device) -> Forward {
        let images = Input::Images(self.images(device));
        Forward::new(model, images, &self.labels(device), &mut Noise::off())
    }

    fn training(&self) -> Result<TrainNumbers, VerifyError> {
        let device = self.device.clone().autodiff();
        let model = self.model(&device);
        let (prediction, gradients) = self.forward(&model, &device).backward();
        let grads = Grads::take(&model, gradients);
        let prediction = rows(prediction)?;
        let state =
            state::collect(&model).map_err(|error| VerifyError::Device(error.to_string()))?;
        let running = |leaf: &str| -> BTreeMap<String, f64> {
            state
                .iter()
                .filter(|(key, _)| key.ends_with(leaf))
                .map(|(key, tensor)| {
                    (
                        key.clone(),
                        norm(tensor.data.iter().copied().map(f64::from)),
                    )
                })
                .collect()
        };
        Ok(TrainNumbers {
            mse: self.mse(&prediction),
            prediction,
            grad_norm: grads.norms(),
            running_mean_norm: running(".running_mean"),
            running_var_norm: running(".running_var"),
        })
    }

    fn adamw(&self) -> Result<AdamWNumbers, VerifyError> {
        let AdamWSettings {
            lr,
            betas,
            eps,
            weight_decay,
            steps,
        } = self.settings.adamw;
        let device = self.device.clone().autodiff();
        let mut model = self.model(&device);
        let mut optimizer = Optimizer::new(OptimizerConfig::AdamW {
            betas,
            epsilon: eps,
            weight_decay,
        })
        .decay_all();
        let mut mse_per_step = Vec::new();
        for step in 1..=steps {
            let forward = self.forward(&model, &device);
            mse_per_step.push(self.mse(&rows(forward.predictions.clone().inner())?));
            if step < steps {
                let grads = Grads::take(&model, forward.backward().1);
                model = optimizer.step(model, grads, |_| lr);
            }
        }
        Ok(AdamWNumbers {
            lr,
            betas,
            eps,
            weight_decay,
            mse_per_step,
        })
    }

    fn mse(&self, prediction: &[Vec<f64>]) -> f64 {
        let Settings { seed, batch, .. } = *self.settings;
        let labels = formula::target(batch, TARGETS, seed);
        let squares = prediction
            .iter()
            .flatten()
            .zip(labels)
            .map(|(prediction, label)| (prediction - f64::from(label)).powi(2));
        squares.sum::<f64>() / (batch * TARGETS) as f64
    }
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|v| v * v).sum::<f64>().sqrt()
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
