//! The command line. Every flag is documented where it is declared.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand};
use psp_models::DeviceSpec;
use psp_train::config::key_and_value;

mod bench;
mod data;
mod eval;
mod models;
mod predict;
mod report;
mod search;
mod train;
mod weights;

pub(crate) use bench::{BenchArgs, BenchCommand};
pub(crate) use data::{DataCommand, SplitArgs, SynthArgs};
pub(crate) use eval::{ChosenPart, EvalArgs};
pub(crate) use models::{ModelsArgs, ModelsCommand, VerifyArgs};
pub(crate) use predict::{ExportArgs, PredictArgs};
pub(crate) use report::ReportArgs;
pub(crate) use search::{
    Launcher, SearchArgs, StudyBestArgs, StudyCommand, StudyListArgs, StudyRetryArgs, StudyRmArgs,
    StudyShowArgs, WorkerArgs,
};
pub(crate) use train::TrainArgs;
pub(crate) use weights::{
    FetchArgs, ImportArgs, WeightsCheckArgs, WeightsCommand, WeightsListArgs,
};

/// The commands in the order in which they are used.
const EXAMPLES: &str = "\
Examples:
  psp data split --data photos                            divide photos/labels.csv, photos/imgs/
  psp train --data photos --out experiments/mine          train one model
  psp search --config configs/search.toml --data photos   train many, choose the best
  psp eval experiments/mine                               measure it on the test images
  psp export experiments/mine --out model                 write it to a folder of its own
  psp predict --model model new-photos/ --csv             score photos

Exit status: 0 done; 1 failed, in whole or in part; 2 wrong usage; 75 try again (the machine
was at fault, or --max-hours is over); 130 interrupted and saved.";

/// Train, compare, export and use models that give images scores.
#[derive(Debug, Parser)]
#[command(name = "psp", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make and split data sets.
    #[command(subcommand)]
    Data(DataCommand),
    /// Show configurations.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// List the backbones with their sizes and costs, or verify them.
    #[command(args_conflicts_with_subcommands = true)]
    Models(ModelsArgs),
    /// List, fetch, check and convert torchvision's weights.
    #[command(subcommand)]
    Weights(WeightsCommand),
    /// Train a model, or continue a run.
    Train(TrainArgs),
    /// Train many configurations in one study, and choose among them.
    ///
    /// The same command continues the study, here or on another machine that shares its folder.
    Search(SearchArgs),
    /// List, show, retry and remove studies.
    #[command(subcommand)]
    Study(StudyCommand),
    /// Work on a study's trials; started by `psp search`.
    #[command(hide = true)]
    SearchWorker(WorkerArgs),
    /// Evaluate a run or an exported model on labelled images.
    Eval(EvalArgs),
    /// Turn a study, or runs on the same data, into a report to read.
    Report(ReportArgs),
    /// Export the best model of a run or a study, for `psp predict`.
    Export(ExportArgs),
    /// Score images with an exported model or a run.
    Predict(PredictArgs),
    /// Measure the speed and memory of training or prediction.
    #[command(subcommand)]
    Bench(BenchCommand),
    /// Print shell completions.
    ///
    /// For bash: psp completions bash > ~/.local/share/bash-completion/completions/psp
    Completions(CompletionsArgs),
}

/// Of commands that read weights.
#[derive(Debug, ClapArgs)]
pub(crate) struct VerboseArgs {
    /// When weights don't fit, list every tensor at fault.
    // Before --help, and not among each command's own.
    #[arg(short, long, display_order = 900)]
    pub(crate) verbose: bool,
}

impl Command {
    /// Whether it is to list every tensor at fault; `None` of one that can't be told to.
    pub(crate) fn is_verbose(&self) -> Option<bool> {
        let args = match self {
            Self::Weights(WeightsCommand::Check(args)) => &args.verbose,
            Self::Weights(WeightsCommand::Import(args)) => &args.verbose,
            Self::Train(args) => &args.verbose,
            Self::Search(args) => &args.verbose,
            Self::Eval(args) => &args.verbose,
            Self::Export(args) => &args.verbose,
            Self::Predict(args) => &args.verbose,
            _ => return None,
        };
        Some(args.verbose)
    }

    /// Whether it takes settings of a configuration, by --set.
    pub(crate) fn takes_settings(&self) -> bool {
        match self {
            Self::Data(DataCommand::Split(_)) | Self::Config(_) => true,
            // What a run or a study has begun with can hardly change.
            Self::Train(args) => args.resume.is_none(),
            Self::Search(args) => args.config.is_some(),
            _ => false,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the configuration that results from defaults, file and overrides.
    Show(ShowArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) devices: DeviceArgs,
}

/// What a configuration is made of; later entries win.
#[derive(Debug, ClapArgs)]
pub(crate) struct ConfigArgs {
    /// TOML file; `configs/` has commented ones.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Data folder (`data.dir`).
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// Set one value, such as `train.epochs=20`; wins over the file and other flags; may
    /// be repeated.
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE", value_parser = setting)]
    pub(crate) overrides: Vec<String>,
}

/// Where a configuration is trained.
#[derive(Debug, ClapArgs)]
pub(crate) struct DeviceArgs {
    /// auto, flex, libtorch, libtorch:cuda:N or cuda:N (`train.device`). Several of
    /// one kind, with commas between them, share each step's batches
    /// (`train.replicas`).
    #[arg(long, value_delimiter = ',')]
    pub(crate) device: Vec<DeviceSpec>,
}

/// An override; whether there is such a key, and what it takes, the configuration tells.
fn setting(text: &str) -> Result<String, String> {
    key_and_value(text).map(|_| text.to_owned())
}

/// Hours, fractions allowed.
fn hours(text: &str) -> Result<Duration, String> {
    let hours: Option<f64> = text.parse().ok().filter(|hours| *hours > 0.0);
    let duration = hours.and_then(|hours| Duration::try_from_secs_f64(hours * 3600.0).ok());
    duration.ok_or_else(|| "expected a number of hours above 0, such as 1.5".to_owned())
}

/// A whole number, 0 or more.
fn whole<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let number: u64 = text
        .parse()
        .map_err(|_| "expected a whole number, 0 or more")?;
    fitting(number)
}

/// A whole number, 1 or more.
fn positive<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    match text.parse::<u64>() {
        Ok(number) if number > 0 => fitting(number),
        _ => Err("expected a whole number, 1 or more".to_owned()),
    }
}

fn fitting<T: TryFrom<u64>>(number: u64) -> Result<T, String> {
    T::try_from(number).map_err(|_| "the number is too large".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use clap::{CommandFactory, Parser};

    #[test]
    fn commands_that_read_weights_may_be_verbose() {
        let parsed = |line: &str| super::Args::try_parse_from(line.split(' '));
        let verbose = parsed("psp weights check a.pth -v").unwrap();
        assert_eq!(verbose.command.is_verbose(), Some(true));
        assert!(parsed("psp data synth --out a -v").is_err());
        let quiet = parsed("psp data synth --out a").unwrap();
        assert_eq!(quiet.command.is_verbose(), None);
    }

    #[test]
    fn whole_numbers_are_read_and_others_refused_in_words() {
        assert_eq!(super::whole::<u64>("0"), Ok(0));
        assert_eq!(super::positive::<u16>("7"), Ok(7));
        for (text, told) in [
            ("0.001", "1 or more"),
            ("0", "1 or more"),
            ("70000", "too large"),
        ] {
            let refused = super::positive::<u16>(text).unwrap_err();
            assert!(refused.contains(told), "{text}: {refused}");
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        super::Args::command().debug_assert();
    }
}
