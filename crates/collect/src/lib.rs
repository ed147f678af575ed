//! Studies and runs, gathered as the [`Input`] of a report.
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
mod study;

use psp_report::Input;
use psp_train::{Inputs, RunConfig, RunDir};

use backbones::backbones;
use data::data;
use explain::explanations;

pub use error::CollectError;
pub use psp_report::input;
pub use runs::collect_runs;
pub use settings::{CollectEvent, Measure, Settings};
pub use study::collect_study;

/// A report's input, and its photos.
#[derive(Clone, Debug)]
pub struct Collected {
    /// What the report is made of.
    pub input: Input,
    /// The data set, which knows where each photo is.
    pub dataset: std::sync::Arc<psp_data::Dataset>,
    /// Which images are refused before they are decoded.
    pub limits: psp_data::DecodeLimits,
}

impl Collected {
    /// Completes `input` with the data behind `config`, which everything was trained on as
    /// `fingerprint` has it, with what the `shown` run looks at, and with what all reports
    /// tell alike.
    fn of(
        mut input: Input,
        config: &RunConfig,
        inputs: Inputs,
        fingerprint: String,
        shown: Option<&RunDir>,
        mut settings: Settings<'_>,
    ) -> Result<Self, CollectError> {
        input.explanations = explanations(shown, &mut settings)?;
        input.data = data(config, &inputs, fingerprint, shown, &mut settings)?;
        input.backbones = backbones();
        input.environment = settings.environment;
        Ok(Self {
            input,
            dataset: inputs.dataset,
            limits: config.decode_limits(),
        })
    }
}
