//! The command line. Every flag is documented where it is declared.

use clap::{Args as ClapArgs, Parser, Subcommand};

mod bench;
mod config;
mod data;
mod eval;
mod models;
mod numbers;
mod predict;
mod report;
mod search;
mod train;
mod weights;

pub(crate) use bench::{BenchArgs, BenchCommand};
pub(crate) use config::{ConfigArgs, ConfigCommand};
pub(crate) use data::{DataCommand, SplitArgs, SynthArgs};
pub(crate) use eval::{ChosenPart, EvalArgs};
pub(crate) use models::{ModelsArgs, ModelsCommand, VerifyArgs};
pub(crate) use predict::{Engine, ExportArgs, Format, PredictArgs};
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
    fn the_command_line_is_consistent() {
        super::Args::command().debug_assert();
    }
}
