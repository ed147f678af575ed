//! What each backbone costs.

use burn::tensor::{Device, Tensor};
use serde::Serialize;

use crate::backbone_kind::BackboneKind;
use crate::batch_statistics::is_running_statistic;
use crate::config::ModelConfig;
use crate::nn::{Noise, multiply_adds};
use crate::regressor::Regressor;
use crate::state;

/// One backbone with the perspective-score project's head,
/// `Linear(F, 256) → ReLU → Linear(256, 2)`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BackboneSummary {
    /// torchvision's name.
    pub name: &'static str,
    /// Parameters of backbone and head.
    pub parameters: usize,
    /// fp32 parameters and buffers in MiB ([`mib`]).
    pub mib: f64,
    /// Width of the pooled features.
    pub features: usize,
    /// Side of the square input in pixels.
    pub input_size: u32,
    /// Multiply-adds of one image of that size.
    pub multiply_adds: u64,
    /// Top-level modules that can be frozen, from input to output.
    pub stages: &'static [&'static str],
    /// Address of torchvision's weights.
    pub weights: String,
}

impl BackboneSummary {
    /// Builds the model on `device` and runs one image through it.
    pub fn of(kind: BackboneKind, device: &Device) -> Self {
        let config = ModelConfig::new(kind, 2);
        let model = Regressor::zeros(&config, device);
        let shapes = state::shapes(&model);
        let multiply_adds = of_one_image(&model, kind.input_size(), device);
        Self {
            name: kind.name(),
            parameters: parameters(&shapes),
            mib: mib(&shapes),
            features: kind.features(),
            input_size: kind.input_size(),
            multiply_adds,
            stages: kind.stages(),
            weights: kind.pretrained().url(),
        }
    }
}

/// Multiply-adds of one prediction of a model of this structure; runs one image
/// through it on `device`.
pub fn multiply_adds_of(config: &ModelConfig, device: &Device) -> u64 {
    of_one_image(&Regressor::zeros(config, device), config.input_size, device)
}

fn of_one_image(model: &Regressor, size: u32, device: &Device) -> u64 {
    let side = size as usize;
    let image = Tensor::<4>::zeros([1, 3, side, side], device);
    multiply_adds(|| model.forward(image, &mut Noise::off())).1
}

/// Values of all parameters among these tensors, without buffers.
pub fn parameters(shapes: &[(String, Vec<usize>)]) -> usize {
    shapes
        .iter()
        .filter(|(key, _)| !is_running_statistic(key))
        .map(|(_, shape)| shape.iter().product::<usize>())
        .sum()
}

/// fp32 parameters and buffers in MiB, with 8 bytes for each batch norm's
/// `num_batches_tracked`, as in PyTorch.
pub fn mib(shapes: &[(String, Vec<usize>)]) -> f64 {
    let values: usize = shapes
        .iter()
        .map(|(_, shape)| shape.iter().product::<usize>())
        .sum();
    let counters = shapes
        .iter()
        .filter(|(key, _)| key.ends_with(".running_mean"))
        .count();
    (4 * values + 8 * counters) as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters and MiB: counted in PyTorch on torchvision 0.24; multiply-adds in 10⁹:
    /// torchvision's own `_ops`, which include its 1000-class classifier.
    const TORCHVISION: [(BackboneKind, usize, &str, f64); 6] = [
        (BackboneKind::ResNet18, 11_308_354, "43.175", 1.814),
        (BackboneKind::GoogLeNet, 5_862_818, "22.421", 1.498),
        (BackboneKind::InceptionV3, 22_310_626, "85.240", 5.713),
        (BackboneKind::EfficientnetB0, 4_335_998, "16.701", 0.386),
        (BackboneKind::MobilenetV2, 2_552_322, "9.867", 0.301),
        (BackboneKind::VitB16, 85_996_034, "328.049", 17.564),
    ];

    #[test]
    fn sizes_and_costs_are_torchvisions() {
        for (kind, parameters, mib, giga) in TORCHVISION {
            let summary = BackboneSummary::of(kind, &Device::default());
            assert_eq!(summary.parameters, parameters, "{kind}");
            assert_eq!(format!("{:.3}", summary.mib), mib, "{kind}");
            let ours = summary.multiply_adds as f64 / 1e9;
            assert!((ours - giga).abs() < 0.003, "{kind}: {ours} and {giga}");
        }
    }
}
