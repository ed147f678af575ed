//! Arguments of `psp search` and `psp study`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use psp_models::DeviceSpec;

#[derive(Debug, ClapArgs)]
pub(crate) struct SearchArgs {
    /// Study file; `configs/search.toml` is a commented one.
    #[arg(long)]
    pub(crate) config: PathBuf,
    /// Data folder (`data.dir`).
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// auto, flex, libtorch, libtorch:cuda:N or cuda:N (`train.device`). Several,
    /// with commas between them, go to the workers in turn.
    #[arg(long, value_delimiter = ',')]
    pub(crate) device: Vec<DeviceSpec>,
    /// Name of the study, or path of its folder; default: `study.name`, in
    /// `experiments/`.
    #[arg(long)]
    pub(crate) study: Option<PathBuf>,
    /// Trials to run (`study.trials`); more than before continues a study.
    #[arg(long)]
    pub(crate) trials: Option<u64>,
    /// Worker processes; default: one per core, or as many as there are 4 GiB of
    /// free memory.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) workers: Option<u16>,
    /// Print the trials and an estimate of the time, and stop.
    #[arg(long)]
    pub(crate) plan: bool,
    /// Override of a value that trials share, such as `train.epochs=20`; may be
    /// repeated.
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
}

/// What `psp search` starts its workers with.
#[derive(Debug, ClapArgs)]
pub(crate) struct WorkerArgs {
    /// The study's folder.
    pub(crate) study: PathBuf,
    /// Its name among the workers.
    #[arg(long)]
    pub(crate) name: String,
    /// Threads that decode images.
    #[arg(long)]
    pub(crate) threads: usize,
    /// The device, where it is not the study's.
    #[arg(long)]
    pub(crate) device: Option<DeviceSpec>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StudyCommand {
    /// List the studies in a folder.
    List(StudyListArgs),
    /// Show a study's trials, finalists and choice.
    Show(StudyShowArgs),
    /// Print the folder of the chosen run, or of the best trial so far.
    Best(StudyBestArgs),
    /// Remove a study and all of its runs.
    Rm(StudyRmArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StudyListArgs {
    /// The folder.
    #[arg(default_value = "experiments")]
    pub(crate) dir: PathBuf,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StudyShowArgs {
    /// Name of a study in `experiments/`, or a folder.
    pub(crate) study: PathBuf,
    /// Print CSV, one line per trial.
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StudyBestArgs {
    /// Name of a study in `experiments/`, or a folder.
    pub(crate) study: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StudyRmArgs {
    /// Name of a study in `experiments/`, or a folder.
    pub(crate) study: PathBuf,
    /// Remove it although trials have begun that have not ended.
    #[arg(long)]
    pub(crate) force: bool,
}
