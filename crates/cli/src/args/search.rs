//! Arguments of `psp search` and `psp study`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use psp_models::DeviceSpec;
use psp_train::EXPERIMENTS;

use super::config::setting;
use super::numbers::{hours, positive, whole};
use super::weights::VerboseArgs;

const EXAMPLES: &str = "\
Examples:
  psp search --config configs/search.toml --data photos --plan    what it would do, and how long
  psp search --config configs/search.toml --data photos           begins or continues the study
  psp search --study experiments/search --max-hours 8             continues it";

#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SearchArgs {
    /// Study file; `configs/search.toml` is a commented one. Without it, the study
    /// that --study names is continued.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Data folder (`data.dir`). A study can be continued when its data has moved.
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
    /// Trials to run (`study.trials`); more than before continues a study; 0: every
    /// point of the grid.
    #[arg(long, value_parser = whole::<u64>)]
    pub(crate) trials: Option<u64>,
    /// Worker processes; default: one per core or per 4 GiB of free memory, whichever
    /// are fewer (cgroup limits count); one with `train.replicas`.
    #[arg(long, value_parser = positive::<u16>)]
    pub(crate) workers: Option<u16>,
    /// Save and stop after this many hours, such as 1.5; the same command continues.
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    pub(crate) max_hours: Option<Duration>,
    /// Print the trials and an estimate of the time, and stop; goes with --config.
    #[arg(long)]
    pub(crate) plan: bool,
    /// Override a value that trials share, such as `train.epochs=20`; may be repeated;
    /// goes with --config.
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE", value_parser = setting)]
    pub(crate) overrides: Vec<String>,
    /// Where the workers run.
    #[arg(long, value_enum, default_value_t = Launcher::Local)]
    pub(crate) launcher: Launcher,
    /// Tasks of the array, or pods; default: 4.
    #[arg(long, value_name = "N", value_parser = positive::<u32>)]
    pub(crate) tasks: Option<u32>,
    /// Write the job without submitting it. Kubernetes: print it.
    #[arg(long)]
    pub(crate) emit: bool,
    /// Kubernetes: the image, whose entry point is `psp`.
    #[arg(long, required_if_eq("launcher", "k8s"))]
    pub(crate) image: Option<String>,
    /// Kubernetes: the persistent volume claim that holds study and data.
    #[arg(long, required_if_eq("launcher", "k8s"))]
    pub(crate) claim: Option<String>,
    /// Kubernetes: where it is mounted, on this machine as in the pods.
    #[arg(long, required_if_eq("launcher", "k8s"))]
    pub(crate) mount: Option<String>,
    #[command(flatten)]
    pub(crate) verbose: VerboseArgs,
    /// Slurm: further arguments of sbatch, such as `-- --time=60 --partition=gpu`.
    #[arg(last = true)]
    pub(crate) sbatch: Vec<String>,
}

impl SearchArgs {
    /// Whether anything is said of a cluster's job.
    pub(crate) fn is_for_a_cluster(&self) -> bool {
        let of_a_pod = [&self.image, &self.claim, &self.mount];
        self.emit
            || self.tasks.is_some()
            || !self.sbatch.is_empty()
            || of_a_pod.iter().any(|given| given.is_some())
    }

    /// Tasks of the array, or pods.
    pub(crate) fn tasks(&self) -> u32 {
        self.tasks.unwrap_or(4)
    }
}

/// Where a study's workers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Launcher {
    /// As processes on this machine.
    Local,
    /// As an array job, submitted by `sbatch`.
    Slurm,
    /// As an Indexed Job of Kubernetes (with --emit).
    K8s,
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
    /// Override a setting that does not affect results.
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
    /// Also do the refit.
    #[arg(long)]
    pub(crate) refit: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StudyCommand {
    /// List the studies in a folder.
    List(StudyListArgs),
    /// Show a study's trials, finalists and choice.
    Show(StudyShowArgs),
    /// Print the folder of the chosen run, or of the best trial so far.
    Best(StudyBestArgs),
    /// Mark failed trials to be tried again when the study continues.
    Retry(StudyRetryArgs),
    /// Remove a study and all of its runs.
    Rm(StudyRmArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StudyListArgs {
    /// The folder.
    #[arg(default_value = EXPERIMENTS)]
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
pub(crate) struct StudyRetryArgs {
    /// Name of a study in `experiments/`, or a folder.
    pub(crate) study: PathBuf,
    /// Numbers or folders of failed trials, or of trained ones whose best checkpoint or
    /// run.json is lost; default: all that failed, finalists whose training or test failed,
    /// and the chosen run if it has lost its model.
    pub(crate) trials: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StudyRmArgs {
    /// Name of a study in `experiments/`, or a folder.
    pub(crate) study: PathBuf,
    /// Remove it even if trials are being worked on, or its files are damaged.
    #[arg(long)]
    pub(crate) force: bool,
}
