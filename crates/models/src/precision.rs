//! The number format that a model computes in.

use std::fmt;
use std::str::FromStr;

use crate::ops::fast_layout;
use burn::tensor::{FloatDType, Tensor};
use serde::{Deserialize, Serialize};

/// The format of activations, convolutions and matrix products. Weights, norms'
/// statistics, the head, loss and optimiser are f32 in either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floats.
    #[default]
    Fp32,
    /// bfloat16: 8 bits of exponent as in f32, 8 bits of fraction. On LibTorch.
    Bf16,
}

impl Precision {
    /// Images `[batch, 3, height, width]` as a model takes them that is to
    /// compute in this precision, and in the memory layout that is fastest on
    /// their device: every layer keeps to its input's.
    pub fn images(self, images: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Fp32 => fast_layout(images),
            Self::Bf16 => fast_layout(images.cast(FloatDType::BF16)),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fp32 => "fp32",
            Self::Bf16 => "bf16",
        })
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "fp32" => Ok(Self::Fp32),
            "bf16" => Ok(Self::Bf16),
            _ => Err(format!("unknown precision `{name}`: expected fp32 or bf16")),
        }
    }
}
