//! What defines a model's structure.

use serde::{Deserialize, Serialize};

use crate::backbone_kind::BackboneKind;
use crate::output::Output;

/// What defines a model's structure; it travels with every checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Which backbone makes the features.
    pub backbone: BackboneKind,
    /// Width of the head's hidden layer.
    pub hidden: usize,
    /// Probability of zeroing a hidden unit of the head while training.
    pub dropout: f64,
    /// Number of scores predicted per image.
    pub targets: usize,
    /// Side of the square input in pixels; a ViT's positional embeddings are
    /// made for it.
    pub input_size: u32,
    /// Probability of dropping the last residual branch of an EfficientNet
    /// while training; no other backbone has it.
    pub stochastic_depth: f64,
    /// Whether GoogLeNet and Inception v3 have their auxiliary classifiers.
    pub auxiliary: bool,
    /// Whether GoogLeNet and Inception v3 rescale their input
    /// ([`BackboneSpec::transforms_input`](crate::BackboneSpec::transforms_input)).
    pub transform_input: bool,
    /// From the head's values to labels.
    #[serde(default, skip_serializing_if = "Output::is_default")]
    pub output: Output,
}

impl ModelConfig {
    /// `backbone` with the perspective-score project's head, for inputs of the
    /// backbone's own size, as torchvision builds it from scratch but without dropout,
    /// stochastic depth and auxiliary classifiers.
    pub fn new(backbone: BackboneKind, targets: usize) -> Self {
        Self {
            backbone,
            hidden: 256,
            dropout: 0.0,
            targets,
            input_size: backbone.input_size(),
            stochastic_depth: 0.0,
            auxiliary: false,
            transform_input: false,
            output: Output::default(),
        }
    }
}
