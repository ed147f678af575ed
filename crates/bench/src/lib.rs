//! Speed and memory of training and prediction, measured on random images.
//!
//! What a step computes is what `psp train` and `psp predict` compute, without
//! the loader. Figures are medians over runs of several steps each, after a
//! warm-up; a machine's other work shows in the spread.

mod memory;
mod settings;
mod stopwatch;
pub mod verify;

use burn::tensor::{Device, Distribution, Tensor, TensorData};
use psp_infer::{Engine, EngineError};
use psp_models::nn::Noise;
use psp_models::{DeviceSpec, Input, ModelConfig, Precision, Regressor};
use psp_train::Forward;
use psp_train::optim::{Grads, Optimizer, OptimizerConfig};
use serde::Serialize;
use thiserror::Error;

pub use settings::Settings;
use stopwatch::{Stopwatch, median};

/// Scores per image, as the task has them.
const TARGETS: usize = 2;

/// Why nothing was measured.
#[derive(Debug, Error)]
pub enum BenchError {
    /// A value out of range.
    #[error("{0}")]
    Settings(String),
    /// The device is not there.
    #[error(transparent)]
    Device(#[from] psp_models::DeviceError),
    /// The CPU engine can't run the model.
    #[error(transparent)]
    CpuEngine(#[from] EngineError),
    /// The device failed at work.
    #[error("the device failed: {0}")]
    Execution(String),
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// `train`, `infer` or `infer by the CPU engine`.
    pub mode: &'static str,
    /// What was asked for; the device by the name that `auto` stands for.
    pub settings: Settings,
    /// Images per second, the median over the runs.
    pub images_per_second: f64,
    /// The slowest and the fastest run.
    pub range: [f64; 2],
    /// Milliseconds per step and phase, medians over all steps, in order.
    pub phases: Vec<Phase>,
    /// Largest resident set of this process so far in MiB; `None` where the
    /// system does not tell.
    pub peak_memory_mib: Option<f64>,
}

/// A part of a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Phase {
    /// `data`, `forward`, `backward` or `optimizer`.
    pub name: &'static str,
    /// The median step's milliseconds.
    pub milliseconds: f64,
}

/// Measures optimiser steps: MSE, AdamW, all weights trained.
///
/// # Errors
/// Bad settings, or a device that is not there or fails.
pub fn train(settings: &Settings) -> Result<Report, BenchError> {
    let (device, host) = begin(settings)?;
    let config = model_config(settings);
    let autodiff = device.clone().autodiff();
    let mut model = Regressor::new(&config, 0, &autodiff);
    let mut optimizer = Optimizer::new(OptimizerConfig::AdamW {
        betas: [0.9, 0.999],
        epsilon: 1e-8,
        weight_decay: 1e-4,
    });
    let shape = [settings.batch, TARGETS];
    let labels = Tensor::<2>::random(shape, Distribution::Uniform(0.0, 1.0), &autodiff);
    measure("train", settings, &device, |step, watch| {
        let images = Tensor::from_data(host.clone(), &autodiff);
        let input = Input::Images(settings.precision.images(images));
        watch.lap("data")?;
        let mut noise = Noise::for_step(0, step);
        let forward = Forward::new(&model, input, &labels, &mut noise);
        watch.lap("forward")?;
        let (_, gradients) = forward.backward();
        let grads = Grads::take(&model, gradients);
        watch.lap("backward")?;
        model = optimizer.step(model.clone(), grads, |_| 1e-4);
        watch.lap("optimizer")
    })
}

/// Measures forward passes of a model for prediction.
///
/// # Errors
/// As [`train`].
pub fn infer(settings: &Settings) -> Result<Report, BenchError> {
    let (device, host) = begin(settings)?;
    let model = Regressor::new(&model_config(settings), 0, &device);
    let model = model.for_inference(settings.precision);
    measure("infer", settings, &device, |_, watch| {
        let images = Tensor::<4>::from_data(host.clone(), &device);
        watch.lap("data")?;
        let predictions = model.forward(images);
        predictions
            .try_into_data()
            .map_err(|error| BenchError::Execution(format!("{error:?}")))?;
        watch.lap("forward")
    })
}

/// The same by the CPU engine.
///
/// # Errors
/// As [`train`]; where the settings name another device or precision.
pub fn infer_by_cpu_engine(settings: &Settings) -> Result<Report, BenchError> {
    let is_on_cpu = matches!(settings.device, DeviceSpec::Auto | DeviceSpec::Flex);
    if !is_on_cpu || settings.precision != Precision::Fp32 {
        let message = "the CPU engine computes in fp32: name the device flex and fp32";
        return Err(BenchError::Settings(message.to_owned()));
    }
    let settings = &Settings {
        device: DeviceSpec::Flex,
        ..settings.clone()
    };
    let (device, host) = begin(settings)?;
    let model = Regressor::new(&model_config(settings), 0, &device);
    let graph = model
        .graph()
        .map_err(|error| BenchError::Execution(error.to_string()))?;
    let engine = Engine::new(&graph, [settings.size(); 2], 0)?;
    // Not to be counted as memory that the engine takes.
    drop((model, graph));
    let images = host
        .try_into_vec::<f32>()
        .map_err(|error| BenchError::Execution(format!("{error:?}")))?;
    measure("infer by the CPU engine", settings, &device, |_, watch| {
        engine.predict(&images);
        watch.lap("forward")
    })
}

/// The device, and a batch of images in host memory.
fn begin(settings: &Settings) -> Result<(Device, TensorData), BenchError> {
    settings.check()?;
    let device = settings.device.open_for(settings.precision)?;
    let size = settings.size();
    let shape = [settings.batch, 3, size, size];
    let images = Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
    Ok((device, images.into_data()))
}

fn model_config(settings: &Settings) -> ModelConfig {
    ModelConfig {
        input_size: settings.size() as u32,
        // torchvision's, where there is any.
        stochastic_depth: 0.2,
        ..ModelConfig::new(settings.backbone, TARGETS)
    }
}

/// Runs `step` (its number, and the watch that its phases are called out to).
fn measure(
    mode: &'static str,
    settings: &Settings,
    device: &Device,
    mut step: impl FnMut(u64, &mut Stopwatch<'_>) -> Result<(), BenchError>,
) -> Result<Report, BenchError> {
    let mut number = 0;
    let mut watch = Stopwatch::new(device);
    for _ in 0..settings.warmup {
        watch.start();
        step(number, &mut watch)?;
        number += 1;
    }
    watch.forget();
    let mut rates = Vec::with_capacity(settings.runs);
    for _ in 0..settings.runs {
        let before = watch.seconds();
        for _ in 0..settings.steps {
            watch.start();
            step(number, &mut watch)?;
            number += 1;
        }
        let images = (settings.steps * settings.batch) as f64;
        rates.push(images / (watch.seconds() - before));
    }
    let fold = |pick: fn(f64, f64) -> f64| rates.iter().copied().reduce(pick).unwrap_or(0.0);
    let range = [fold(f64::min), fold(f64::max)];
    Ok(Report {
        mode,
        settings: Settings {
            device: settings.device.resolved(),
            size: settings.size() as u32,
            ..settings.clone()
        },
        images_per_second: median(&mut rates),
        range,
        phases: watch.phases(),
        peak_memory_mib: memory::peak_mib(),
    })
}
