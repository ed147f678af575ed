//! Arguments of `psp report`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use psp_models::DeviceSpec;

#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    /// A study, by its name in experiments/ or its folder; or the folders of runs,
    /// of which those that differ in the seed alone count as one model.
    #[arg(required = true)]
    pub(crate) sources: Vec<PathBuf>,
    /// Folder to write into; without it, reports/ and the study's or first run's name.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Replace the report on other runs, or on another study, that is there.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Where predictions that are not stored yet are computed; without it, where each
    /// run was trained.
    #[arg(long)]
    pub(crate) device: Option<DeviceSpec>,
    /// Test images for which to show what the chosen model looks at.
    #[arg(long, default_value_t = 3)]
    pub(crate) explain: usize,
    /// Leave speed and memory unmeasured where they are not stored yet.
    #[arg(long)]
    pub(crate) no_measure: bool,
    /// A sentence on where images and labels come from; may be repeated.
    #[arg(long = "note", value_name = "SENTENCE")]
    pub(crate) notes: Vec<String>,
}
