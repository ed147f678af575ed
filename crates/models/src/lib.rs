//! Backbones in torchvision's structure and names, the regression head,
//! weights in and out, and the devices they run on.
//!
//! One file holds one architecture, and what is known of it ([`BackboneSpec`]).
//! Module paths are torchvision's `state_dict` keys (see [`path`]), so weights
//! need no translation.

// burn-tch 0.22 is its last release, which Burn says with a deprecation.
#![cfg_attr(feature = "libtorch", allow(deprecated))]

mod backbone_kind;
pub mod backbones;
mod batch_statistics;
mod config;
pub mod device;
mod freeze;
pub mod graph;
pub mod head;
mod inference;
mod init;
pub mod nn;
pub mod ops;
mod output;
pub mod path;
pub mod precision;
pub mod predict;
pub mod pretrained;
pub mod regressor;
pub mod stages;
pub mod state;
pub mod summary;
mod torchvision;
pub mod weights;

pub use backbone_kind::BackboneKind;
pub use backbones::{Backbone, BackboneSpec, ExplainedBy};
pub use batch_statistics::{BatchStatistics, is_running_statistic};
pub use config::ModelConfig;
pub use device::{DeviceError, DeviceSpec};
pub use inference::InferenceModel;
pub use output::Output;
pub use precision::Precision;
pub use regressor::{Input, Regressor};
pub use stages::HEAD;
pub use state::{HostTensor, StateDict, StateError};
pub use summary::{BackboneSummary, multiply_adds_of};
pub use weights::{
    Recognised, WeightsError, WeightsFile, read_state_dict, read_weights, state_dict_of,
    write_state_dict,
};
