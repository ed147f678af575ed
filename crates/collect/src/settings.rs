//! How a report's input is gathered.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use psp_data::Part;
use psp_models::DeviceSpec;
use psp_report::input::{Environment, MeasuredCost};
use psp_train::{Machine, RunConfig};

/// Measures what a model of this configuration costs to predict with on a device, or says
/// why it can't.
pub type Measure<'a> = &'a mut dyn FnMut(&RunConfig, DeviceSpec) -> Result<MeasuredCost, String>;

/// How a report's input is gathered.
#[allow(missing_debug_implementations)]
pub struct Settings<'a> {
    /// The report's folder, which links start from.
    pub out: PathBuf,
    /// Where is predicted, explained and measured what is not stored yet.
    pub machine: Machine,
    /// Images that are explained; 0: none.
    pub explained: usize,
    /// Measures speed and memory where that is not stored yet; `None`: nothing is
    /// measured.
    pub measure: Option<Measure<'a>>,
    /// What a reader has to know about the data, a sentence each.
    pub notes: Vec<String>,
    /// Versions, hardware, commands, date.
    pub environment: Environment,
    /// Set to true, it ends the work after the batch that is being computed.
    pub cancelled: &'a AtomicBool,
    /// Is told of what takes long.
    pub observe: &'a mut dyn FnMut(CollectEvent<'_>),
}

/// Something that takes long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollectEvent<'a> {
    /// A run's images are predicted.
    Predicting {
        /// The run's folder.
        run: &'a Path,
        /// The part of its split that is predicted.
        part: Part,
        /// Images predicted.
        done: usize,
        /// Images in all.
        total: usize,
    },
    /// What a model costs is measured.
    Measuring {
        /// The backbone.
        backbone: &'a str,
    },
    /// Images are explained.
    Explaining {
        /// Forward passes done.
        done: usize,
        /// Forward passes in all.
        total: usize,
    },
    /// What a run's model would have told is left out of the report.
    LeftOut {
        /// The run's folder.
        run: &'a Path,
        /// What is left out.
        what: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// Something else is, or can't be stored for the next one.
    Warning {
        /// What, and why.
        text: &'a str,
    },
}

impl Settings<'_> {
    /// A folder as a link from the report's.
    pub(crate) fn link(&self, folder: &Path) -> String {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let (folder, out) = (absolute(folder), absolute(&self.out));
        let relative = pathdiff::diff_paths(&folder, &out).unwrap_or(folder);
        relative.to_string_lossy().into_owned()
    }

    pub(crate) fn leave_out(&mut self, run: &Path, what: &str, reason: &str) {
        (self.observe)(CollectEvent::LeftOut { run, what, reason });
    }

    pub(crate) fn warn(&mut self, text: &str) {
        (self.observe)(CollectEvent::Warning { text });
    }
}
