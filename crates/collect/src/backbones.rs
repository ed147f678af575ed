//! Sizes of all backbones.

use burn::tensor::Device;
use psp_models::{BackboneKind, BackboneSummary};
use psp_report::input::BackboneSize;

/// The backbones with the perspective-score project's head.
pub(crate) fn backbones() -> Vec<BackboneSize> {
    let of = |kind: &BackboneKind| {
        let summary = BackboneSummary::of(*kind, &Device::default());
        BackboneSize {
            name: summary.name.to_owned(),
            parameters: summary.parameters as u64,
            mib: summary.mib,
            multiply_adds: summary.multiply_adds,
            input_size: summary.input_size,
        }
    };
    BackboneKind::ALL.iter().map(of).collect()
}
