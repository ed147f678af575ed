//! The keys and shapes of torchvision's files, with values of our own.

use burn::tensor::Device;
use psp_models::{Backbone, BackboneKind, ModelConfig, state};

use super::pth::{Saved, Storage};

/// What numbers a file is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precision {
    Float,
    Half,
}

/// Names and shapes of the parameters and buffers of torchvision's file, its
/// 1000 classes and its auxiliary classifiers included; without the counters
/// of batch norms.
pub(crate) fn keys(kind: BackboneKind) -> Vec<(String, Vec<usize>)> {
    let config = ModelConfig {
        auxiliary: !kind.auxiliary().is_empty(),
        ..ModelConfig::new(kind, 1000)
    };
    let backbone = Backbone::new(&config, &Device::default());
    let mut keys = state::shapes(&backbone);
    // Of a sequence the last.
    let classifier = match kind.spec().classifier {
        "classifier" => "classifier.1",
        "heads" => "heads.head",
        linear => linear,
    };
    keys.push((format!("{classifier}.weight"), vec![1000, kind.features()]));
    keys.push((format!("{classifier}.bias"), vec![1000]));
    for (key, _) in &mut keys {
        *key = old_name(key);
    }
    keys
}

/// The name that a tensor of a model has in torchvision's file.
pub(crate) fn old_name(key: &str) -> String {
    key.replace(".mlp.0.", ".mlp.linear_1.")
        .replace(".mlp.3.", ".mlp.linear_2.")
}

/// The values of a tensor: in [-1, 1), and others for every key.
pub(crate) fn values(key: &str, count: usize) -> Vec<f32> {
    // FNV-1a of the key, then a linear congruential generator (Knuth's MMIX).
    let seed = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        // 24 bits, which an f32 holds exactly.
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// A state dict of these keys; with `counters` as PyTorch 0.4.1 and later save
/// it.
pub(crate) fn saved(keys: &[(String, Vec<usize>)], precision: Precision, counters: bool) -> Saved {
    let mut saved = Saved::default();
    for (key, shape) in keys {
        let values = values(key, shape.iter().product());
        let storage = match precision {
            Precision::Float => Storage::float(&values),
            Precision::Half => Storage::half(&values),
        };
        saved.tensor(key, shape, storage);
        if let Some(norm) = key.strip_suffix(".running_var").filter(|_| counters) {
            let key = format!("{norm}.num_batches_tracked");
            saved.tensor(&key, &[], Storage::long(&[1_281_167]));
        }
    }
    saved
}
