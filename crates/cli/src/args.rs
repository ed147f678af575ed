//! The command line. Every flag is documented where it is declared.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args as ClapArgs, Parser, Subcommand};
use psp_data::Part;
use psp_models::{BackboneKind, DeviceSpec, Precision};

#[cfg(test)]
mod messages;
mod report;
mod search;

pub(crate) use report::ReportArgs;
pub(crate) use search::{
    Launcher, SearchArgs, StudyBestArgs, StudyCommand, StudyListArgs, StudyRetryArgs, StudyRmArgs,
    StudyShowArgs, WorkerArgs,
};

/// What one does with it, in the order in which one does.
const EXAMPLES: &str = "\
Examples:
  psp data split --data photos                        photos/labels.csv and photos/imgs/
  psp train --data photos --out experiments/mine      one model
  psp search --config configs/search.toml --data photos   the best of many
  psp eval experiments/mine                           on images that it has not seen
  psp export experiments/mine --out model
  psp predict --model model new-photos/ --csv

Exit status: 0 done, 1 failed, 2 wrong usage, 75 failed for a reason that may pass
or out of --max-hours (try again), 130 interrupted and saved.";

/// How runs begin and go on.
const TRAIN_EXAMPLES: &str = "\
Examples:
  psp train --data photos --out experiments/mine
  psp train --data photos --config configs/train.toml --set model.weights=imagenet
  psp train --resume experiments/mine                           after an interruption
  psp train --resume experiments/mine --set train.epochs=40     longer
  psp train --resume experiments/mine --data /new/place/photos  moved data";

/// Train, compare, export and use image regressors: numbers for what a photo shows.
#[derive(Debug, Parser)]
#[command(name = "psp", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// With an error about weights, list every tensor that does not fit.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
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
    /// The same command continues it, here or on another machine that shares the folder.
    Search(SearchArgs),
    /// List, show and remove studies.
    #[command(subcommand)]
    Study(StudyCommand),
    /// Works on a study's trials; started by `psp search`.
    #[command(hide = true)]
    SearchWorker(WorkerArgs),
    /// Evaluate a run or an exported model on labelled images.
    Eval(EvalArgs),
    /// Turn a study, or runs on the same data, into a report to read.
    Report(ReportArgs),
    /// Export a run's or a study's best model, for `psp predict`.
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

#[derive(Debug, ClapArgs)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Optimiser steps: forward, backward, AdamW.
    Train(BenchArgs),
    /// Forward passes of a model for prediction.
    Infer(BenchArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BenchArgs {
    /// The backbone.
    #[arg(long, default_value = "resnet18")]
    pub(crate) backbone: BackboneKind,
    /// auto, flex, libtorch, libtorch:cuda:N or cuda:N.
    #[arg(long, default_value = "auto")]
    pub(crate) device: DeviceSpec,
    /// fp32, or bf16 on LibTorch.
    #[arg(long, default_value = "fp32")]
    pub(crate) precision: Precision,
    /// Images per step.
    #[arg(long, default_value_t = 16)]
    pub(crate) batch: usize,
    /// Side of the square images in pixels; without it, the backbone's own.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub(crate) size: u32,
    /// Steps before measuring.
    #[arg(long, default_value_t = 3)]
    pub(crate) warmup: usize,
    /// Runs, of which the median is printed.
    #[arg(long, default_value_t = 5)]
    pub(crate) runs: usize,
    /// Steps per run.
    #[arg(long, default_value_t = 2)]
    pub(crate) steps: usize,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Render a labelled data set of cars.
    Synth(SynthArgs),
    /// Divide a data set into train, valid and test.
    Split(SplitArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the configuration that results from defaults, file and overrides.
    Show(ConfigArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum WeightsCommand {
    /// List the files, with where each one is stored.
    List(WeightsListArgs),
    /// Download files, verify them and store them.
    Fetch(FetchArgs),
    /// Say which backbone a weights file fits, and what does not fit.
    Check(WeightsCheckArgs),
    /// Convert a weights file to .safetensors, once it fits.
    Import(ImportArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct WeightsListArgs {
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct FetchArgs {
    /// Backbones; without any, all.
    pub(crate) backbone: Vec<BackboneKind>,
    /// Folder to store in.
    #[arg(long, env = "PSP_WEIGHTS_DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// A folder that holds the files, or the address of a mirror.
    #[arg(long, env = "PSP_WEIGHTS_MIRROR")]
    pub(crate) from: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct WeightsCheckArgs {
    /// The .pth, .ckpt or .safetensors file, an exported model or a run.
    pub(crate) file: PathBuf,
    /// The backbone that it must fit; without it, the one that it fits best.
    #[arg(long)]
    pub(crate) backbone: Option<BackboneKind>,
    /// What stands before the backbone's names in it, such as `module.`; without it,
    /// it is found.
    #[arg(long)]
    pub(crate) prefix: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ImportArgs {
    /// The .pth, .ckpt or .safetensors file, an exported model or a run.
    pub(crate) file: PathBuf,
    /// The backbone that it is for.
    #[arg(long)]
    pub(crate) backbone: BackboneKind,
    /// What stands before the backbone's names in it, such as `model_ema.module.`;
    /// without it, it is found.
    #[arg(long)]
    pub(crate) prefix: Option<String>,
    /// The .safetensors file to write.
    #[arg(long)]
    pub(crate) out: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ModelsArgs {
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Option<ModelsCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// Compare a backbone with recorded numbers of torchvision, and write its
    /// own in the same form; exits 1 when any part is out of tolerance.
    Verify(VerifyArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SynthArgs {
    /// Folder to write; an interrupted set of the same parameters is continued.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Number of images.
    #[arg(long, default_value_t = 2000)]
    pub(crate) count: usize,
    /// Seed of the scenes.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Width and height in pixels.
    #[arg(long, default_value = "674x506", value_parser = size)]
    pub(crate) size: (u32, u32),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SplitArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// File to write; default: `split.csv` in the data folder.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Shares of train, valid and test (`data.fractions`).
    #[arg(long, value_delimiter = ',', num_args = 3, value_names = ["TRAIN", "VALID", "TEST"])]
    pub(crate) fractions: Option<Vec<f64>>,
    /// Seed (`data.split_seed`).
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Replace an existing file.
    #[arg(long)]
    pub(crate) overwrite: bool,
}

/// What a configuration is made of; later entries win.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct ConfigArgs {
    /// TOML file; `configs/` has commented ones.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Data folder (`data.dir`).
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// auto, flex, libtorch, libtorch:cuda:N or cuda:N (`train.device`). Several of
    /// one kind, with commas between them, share each step's batches
    /// (`train.replicas`).
    #[arg(long, value_delimiter = ',')]
    pub(crate) device: Vec<DeviceSpec>,
    /// Override of one value, such as `train.epochs=20`; may be repeated.
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
}

#[derive(Debug, ClapArgs)]
#[command(group = ArgGroup::new("settings").required(true).args(["reference", "backbone"]))]
pub(crate) struct VerifyArgs {
    /// File of recorded numbers to compare with; may be repeated without
    /// --export.
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: Vec<PathBuf>,
    /// Compare with nothing: export this backbone's numbers, computed with the
    /// settings of torchvision's own.
    #[arg(long, requires = "export")]
    pub(crate) backbone: Option<BackboneKind>,
    /// Side of the square input in pixels; default: the backbone's own, 224 or
    /// 299.
    #[arg(long, value_name = "PIXELS", requires = "backbone")]
    pub(crate) size: Option<u32>,
    /// Images in the batch; default: 2.
    #[arg(long, requires = "backbone", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) batch: Option<u16>,
    /// File for the numbers computed here, in the form of a reference; one
    /// that is there is replaced.
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
    /// auto, flex, libtorch, libtorch:cuda:N or cuda:N.
    #[arg(long, default_value = "auto")]
    pub(crate) device: DeviceSpec,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = TRAIN_EXAMPLES)]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Run folder; default: `experiments/<config>-<date>-<time>`.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Continue the run in this folder with its own configuration. --device names
    /// other devices, --data where the same data lies now, --set
    /// train.epochs=N trains a finished run longer (also: train.patience, and what
    /// does not decide the result).
    #[arg(long, value_name = "RUN", conflicts_with_all = ["out", "config"])]
    pub(crate) resume: Option<PathBuf>,
    /// Save and stop after so many hours, such as 1.5, with exit status 75; --resume
    /// continues.
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    pub(crate) max_hours: Option<Duration>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct EvalArgs {
    /// Run folder or exported model.
    pub(crate) model: PathBuf,
    /// Part to evaluate: train, valid, test, or all (only with --data).
    /// Default: test, or all with --data.
    #[arg(long, value_parser = chosen_part)]
    pub(crate) split: Option<ChosenPart>,
    /// Another data folder than the run's own.
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// Folder to write; default: `reports/<model>-<part>`.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Replace the results of another run, model or data set that are there.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// auto, flex, libtorch, libtorch:cuda:N or cuda:N.
    #[arg(long, default_value = "auto")]
    pub(crate) device: DeviceSpec,
    /// fp32, or bf16 on LibTorch.
    #[arg(long, default_value = "fp32")]
    pub(crate) precision: Precision,
    /// Photos on the page of random samples; 0 leaves it out.
    #[arg(long, default_value_t = 16)]
    pub(crate) samples: usize,
    /// Seed that chooses them.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExportArgs {
    /// Run folder, or a study's: its chosen model.
    pub(crate) run: PathBuf,
    /// Of a study: the best model of this backbone instead.
    #[arg(long)]
    pub(crate) backbone: Option<BackboneKind>,
    /// Folder to write.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Replace an exported model that is there.
    #[arg(long)]
    pub(crate) overwrite: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PredictArgs {
    /// Exported model or run folder.
    #[arg(long)]
    pub(crate) model: PathBuf,
    /// Images, folders of images, or a data folder, whose images are called what its
    /// labels call them.
    #[arg(required = true)]
    pub(crate) images: Vec<PathBuf>,
    /// Also score the images in sub-folders.
    #[arg(long)]
    pub(crate) recursive: bool,
    /// File to write instead of printing: JSON by its name (.json, .jsonl), or else CSV.
    /// One that is there is replaced once all images are scored.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// CSV: `filename` and a column per score.
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// JSON lines, one object per image.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print scores as the model gives them, not clipped to the labels' range.
    #[arg(long)]
    pub(crate) raw: bool,
    /// Refuse larger images, in megapixels; without it, the limit that the model was
    /// trained with.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_megapixels: Option<u32>,
    /// Images per forward pass.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) batch_size: u16,
    /// auto, flex, libtorch, libtorch:cuda:N or cuda:N.
    #[arg(long, default_value = "auto")]
    pub(crate) device: DeviceSpec,
    /// fp32, or bf16 on LibTorch.
    #[arg(long, default_value = "fp32")]
    pub(crate) precision: Precision,
}

/// A part of a split, or all images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChosenPart {
    All,
    Part(Part),
}

impl ChosenPart {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Part(part) => part.name(),
        }
    }
}

fn chosen_part(text: &str) -> Result<ChosenPart, String> {
    if text == "all" {
        return Ok(ChosenPart::All);
    }
    match text.parse() {
        Ok(part) => Ok(ChosenPart::Part(part)),
        Err(_) => Err("expected train, valid, test or all".to_owned()),
    }
}

/// Hours, fractions allowed.
fn hours(text: &str) -> Result<Duration, String> {
    let hours: Option<f64> = text.parse().ok().filter(|hours| *hours > 0.0);
    let duration = hours.and_then(|hours| Duration::try_from_secs_f64(hours * 3600.0).ok());
    duration.ok_or_else(|| "expected a number of hours above 0, such as 1.5".to_owned())
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parsed = text
        .split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    parsed.ok_or_else(|| "expected WIDTHxHEIGHT in pixels, such as 674x506".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Args::command().debug_assert();
    }
}
