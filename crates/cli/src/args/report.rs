//! Arguments of `psp report`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use psp_models::DeviceSpec;

use super::numbers::whole;

const EXAMPLES: &str = "\
Examples:
  psp report search                             a study, finished or still running
  psp report experiments/a experiments/b        runs on the same data";

#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReportArgs {
    /// A study, by its name in experiments/ or its folder; or run folders (runs that
    /// differ only in their seed count as one model).
    #[arg(required = true)]
    pub(crate) sources: Vec<PathBuf>,
    /// Folder to write; default: `reports/<study or first run>`.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Replace a report on another study, or on other runs, in that folder.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Where predictions that are not stored yet are computed; default: where each run
    /// was trained.
    #[arg(long)]
    pub(crate) device: Option<DeviceSpec>,
    /// Test images for which to show what the chosen model looks at.
    #[arg(long, default_value_t = 3, value_parser = whole::<usize>)]
    pub(crate) explain: usize,
    /// Don't measure speed and memory where they are not stored yet.
    #[arg(long)]
    pub(crate) no_measure: bool,
    /// A sentence on where images and labels come from; may be repeated.
    #[arg(long = "note", value_name = "SENTENCE")]
    pub(crate) notes: Vec<String>,
}
