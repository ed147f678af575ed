//! Models and images from psp-bench's formula, on the device named by
//! `PSP_TEST_DEVICE` (default `flex`).

use burn::tensor::{Device, Tensor, TensorData};
use psp_bench::verify::formula;
use psp_models::{BackboneKind, DeviceSpec, ModelConfig, Regressor, state};

pub(crate) fn device() -> Device {
    let name = std::env::var("PSP_TEST_DEVICE").unwrap_or_else(|_| "flex".to_owned());
    name.parse::<DeviceSpec>().unwrap().open().unwrap()
}

/// Two targets, weights of this seed.
pub(crate) fn model(
    kind: BackboneKind,
    size: usize,
    running_var_scale: f64,
    seed: u64,
    device: &Device,
) -> Regressor {
    let config = ModelConfig {
        input_size: size as u32,
        ..ModelConfig::new(kind, 2)
    };
    state::fill(Regressor::zeros(&config, device), |key, shape| {
        formula::weight(key, shape, seed, running_var_scale)
    })
}

/// `[1, 3, size, size]`.
pub(crate) fn image(size: usize, seed: u64) -> Tensor<4> {
    tensor(formula::input(1, size, seed), size)
}

/// `[1, 3, size, size]` of these values.
pub(crate) fn tensor(values: Vec<f32>, size: usize) -> Tensor<4> {
    let data = TensorData::new(values, [1, 3, size, size]);
    Tensor::from_data(data, &device())
}

/// Asserts agreement to a share of the largest expected value.
#[track_caller]
pub(crate) fn assert_close(what: &str, got: &[f32], expected: &[f64], share: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0f64, |a, b| a.max(b.abs()));
    let errors = got.iter().zip(expected);
    let error = errors
        .map(|(got, expected)| (f64::from(*got) - expected).abs())
        .fold(0.0, f64::max);
    println!("{what}: {error:.2e} of {largest:.3e}");
    assert!(
        error <= share * largest,
        "{what}: {got:?}, not {expected:?}"
    );
}
