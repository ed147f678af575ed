//! Which device a model runs on, chosen at run time.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::precision::Precision;

/// A device by name: `auto`, `flex`, `libtorch`, `libtorch:cuda:N` or `cuda:N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum DeviceSpec {
    /// The fastest that was compiled in and is present.
    #[default]
    Auto,
    /// Pure Rust on the CPU.
    Flex,
    /// LibTorch on the CPU.
    LibTorch,
    /// LibTorch on the CUDA GPU of this index.
    LibTorchCuda(usize),
    /// Burn's own CUDA kernels on the GPU of this index.
    Cuda(usize),
}

/// Why a device can't be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DeviceError {
    /// The name is none of the known forms.
    #[error(
        "unknown device `{0}`: expected auto, flex, libtorch, libtorch:cuda:N or cuda:N \
         (N is the GPU's index, from 0)"
    )]
    Unknown(String),
    /// The device needs a cargo feature that this binary was built without.
    #[error(
        "device `{device}` is not in this build: rebuild with \
         `cargo build --release --features {feature}`{hint}"
    )]
    NotCompiled {
        /// The device asked for.
        device: DeviceSpec,
        /// The cargo feature that brings it.
        feature: &'static str,
        /// What else the build needs.
        hint: &'static str,
    },
    /// The device does not compute in the precision asked for.
    #[error(
        "device `{device}` does not compute in {precision}: choose fp32, or the device \
         libtorch or libtorch:cuda:N"
    )]
    Precision {
        /// The device asked for.
        device: DeviceSpec,
        /// The precision asked for.
        precision: Precision,
    },
    /// The device is compiled in, but this machine has no such GPU.
    #[error("device `{device}` is not present: {reason}")]
    Absent {
        /// The device asked for.
        device: DeviceSpec,
        /// What was found.
        reason: String,
    },
}

impl fmt::Display for DeviceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Flex => f.write_str("flex"),
            Self::LibTorch => f.write_str("libtorch"),
            Self::LibTorchCuda(index) => write!(f, "libtorch:cuda:{index}"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl FromStr for DeviceSpec {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        let unknown = || DeviceError::Unknown(name.to_owned());
        let index = |text: &str| text.parse::<usize>().map_err(|_| unknown());
        match name {
            "auto" => Ok(Self::Auto),
            "flex" => Ok(Self::Flex),
            "libtorch" | "libtorch:cpu" => Ok(Self::LibTorch),
            "libtorch:cuda" => Ok(Self::LibTorchCuda(0)),
            "cuda" => Ok(Self::Cuda(0)),
            _ => {
                if let Some(n) = name.strip_prefix("libtorch:cuda:") {
                    Ok(Self::LibTorchCuda(index(n)?))
                } else if let Some(n) = name.strip_prefix("cuda:") {
                    Ok(Self::Cuda(index(n)?))
                } else {
                    Err(unknown())
                }
            }
        }
    }
}

impl From<DeviceSpec> for String {
    fn from(spec: DeviceSpec) -> Self {
        spec.to_string()
    }
}

impl TryFrom<String> for DeviceSpec {
    type Error = DeviceError;

    fn try_from(name: String) -> Result<Self, DeviceError> {
        name.parse()
    }
}

impl DeviceSpec {
    /// Names the device that `auto` stands for on this machine; any other
    /// spec is returned as it is.
    pub fn resolved(self) -> Self {
        if self != Self::Auto {
            return self;
        }
        if libtorch_gpus() > 0 {
            Self::LibTorchCuda(0)
        } else if cfg!(feature = "cuda") && nvidia_driver_is_loaded() {
            Self::Cuda(0)
        } else if cfg!(feature = "libtorch") {
            Self::LibTorch
        } else if cfg!(feature = "flex") {
            Self::Flex
        } else {
            // Only `cuda` was compiled in: let it say why it can't start.
            Self::Cuda(0)
        }
    }

    /// Opens the device, without autodiff, to compute in `precision`.
    ///
    /// # Errors
    /// As [`DeviceSpec::open`], and when it does not know the precision.
    pub fn open_for(self, precision: Precision) -> Result<Device, DeviceError> {
        let device = self.resolved();
        if device.computes_in(precision) {
            self.open()
        } else {
            Err(DeviceError::Precision { device, precision })
        }
    }

    /// Whether the device, which is not `auto`, computes in `precision`.
    fn computes_in(self, precision: Precision) -> bool {
        match precision {
            Precision::Fp32 => true,
            Precision::Bf16 => matches!(self, Self::LibTorch | Self::LibTorchCuda(_)),
        }
    }

    /// Opens the device, without autodiff.
    ///
    /// # Errors
    /// When it was not compiled in (the message names the cargo feature) or
    /// the machine lacks the GPU.
    pub fn open(self) -> Result<Device, DeviceError> {
        match self.resolved() {
            Self::Auto | Self::Flex => open_flex(),
            Self::LibTorch => open_libtorch(),
            Self::LibTorchCuda(index) => open_libtorch_cuda(index),
            Self::Cuda(index) => open_cuda(index),
        }
    }
}

impl Precision {
    /// This precision where `device` knows it, or else fp32.
    #[must_use]
    pub fn on(self, device: DeviceSpec) -> Self {
        if device.resolved().computes_in(self) {
            self
        } else {
            Self::Fp32
        }
    }
}

/// Whether the NVIDIA driver's control device exists on this machine.
fn nvidia_driver_is_loaded() -> bool {
    std::path::Path::new("/dev/nvidiactl").exists()
}

#[cfg(not(feature = "libtorch"))]
const LIBTORCH_HINT: &str = " (scripts/libtorch.sh provides LibTorch first)";

#[cfg(feature = "flex")]
fn open_flex() -> Result<Device, DeviceError> {
    Ok(Device::flex())
}

#[cfg(not(feature = "flex"))]
fn open_flex() -> Result<Device, DeviceError> {
    Err(DeviceError::NotCompiled {
        device: DeviceSpec::Flex,
        feature: "flex",
        hint: "",
    })
}

#[cfg(feature = "libtorch")]
fn libtorch_gpus() -> i64 {
    tch::Cuda::device_count()
}

#[cfg(not(feature = "libtorch"))]
fn libtorch_gpus() -> i64 {
    0
}

#[cfg(feature = "libtorch")]
fn open_libtorch() -> Result<Device, DeviceError> {
    Ok(Device::libtorch())
}

#[cfg(not(feature = "libtorch"))]
fn open_libtorch() -> Result<Device, DeviceError> {
    Err(DeviceError::NotCompiled {
        device: DeviceSpec::LibTorch,
        feature: "libtorch",
        hint: LIBTORCH_HINT,
    })
}

#[cfg(feature = "libtorch")]
fn open_libtorch_cuda(index: usize) -> Result<Device, DeviceError> {
    let count = libtorch_gpus();
    if (index as i64) < count {
        return Ok(Device::libtorch_cuda(index));
    }
    Err(DeviceError::Absent {
        device: DeviceSpec::LibTorchCuda(index),
        reason: format!(
            "LibTorch sees {count} CUDA GPUs (a GPU needs the CUDA build: \
             `scripts/libtorch.sh --cuda`)"
        ),
    })
}

#[cfg(not(feature = "libtorch"))]
fn open_libtorch_cuda(index: usize) -> Result<Device, DeviceError> {
    Err(DeviceError::NotCompiled {
        device: DeviceSpec::LibTorchCuda(index),
        feature: "libtorch",
        hint: LIBTORCH_HINT,
    })
}

#[cfg(feature = "cuda")]
fn open_cuda(index: usize) -> Result<Device, DeviceError> {
    if nvidia_driver_is_loaded() {
        return Ok(Device::cuda(index));
    }
    Err(DeviceError::Absent {
        device: DeviceSpec::Cuda(index),
        reason: "no NVIDIA driver is loaded (/dev/nvidiactl does not exist)".to_owned(),
    })
}

#[cfg(not(feature = "cuda"))]
fn open_cuda(index: usize) -> Result<Device, DeviceError> {
    Err(DeviceError::NotCompiled {
        device: DeviceSpec::Cuda(index),
        feature: "cuda",
        hint: "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_device_name_reads_back_as_itself() {
        for name in ["auto", "flex", "libtorch", "libtorch:cuda:3", "cuda:0"] {
            assert_eq!(name.parse::<DeviceSpec>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn an_unknown_device_is_refused_with_the_known_forms() {
        let message = "gpu:x".parse::<DeviceSpec>().unwrap_err().to_string();
        assert!(message.contains("gpu:x") && message.contains("libtorch:cuda:N"));
    }

    #[cfg(feature = "flex")]
    #[test]
    fn a_precision_that_the_device_does_not_know_is_refused_with_those_that_do() {
        let message = DeviceSpec::Flex
            .open_for(Precision::Bf16)
            .unwrap_err()
            .to_string();
        for part in ["flex", "bf16", "fp32", "libtorch:cuda:N"] {
            assert!(message.contains(part), "{message}");
        }
        assert!(DeviceSpec::Flex.open_for(Precision::Fp32).is_ok());
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_device_that_is_not_compiled_in_names_its_feature() {
        let message = DeviceSpec::Cuda(0).open().unwrap_err().to_string();
        assert!(message.contains("--features cuda"), "{message}");
    }

    #[cfg(not(feature = "libtorch"))]
    #[test]
    fn libtorch_that_is_not_compiled_in_names_its_feature_and_script() {
        let message = DeviceSpec::LibTorch.open().unwrap_err().to_string();
        assert!(message.contains("--features libtorch") && message.contains("scripts/libtorch.sh"));
    }
}
