//! Studies and runs, gathered as the [`Input`](psp_report::input::Input) of a report.
//!
//! What a report needs beyond what lies in the folders is computed here and stored
//! there, so that it is computed once: predictions of runs that have none yet
//! ([`psp_export::predict_part`]), and what prediction costs ([`cost`]).

// burn-tch 0.22 is its last release, which Burn says with a deprecation.
#![cfg_attr(feature = "libtorch", allow(deprecated))]

mod backbones;
mod candidate;
pub mod cost;
mod data;
mod error;
mod explain;
mod run;
mod runs;
mod settings;
mod space;
mod study;

pub use error::CollectError;
pub use psp_report::input;
pub use runs::collect_runs;
pub use settings::{CollectEvent, Measure, Settings};
pub use study::collect_study;

/// A report's input, and its photos.
#[derive(Clone, Debug)]
pub struct Collected {
    /// What the report is made of.
    pub input: psp_report::Input,
    /// The data set, which knows where each photo is.
    pub dataset: std::sync::Arc<psp_data::Dataset>,
    /// Which images are refused before they are decoded.
    pub limits: psp_data::DecodeLimits,
}
