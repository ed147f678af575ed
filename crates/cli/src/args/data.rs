//! Arguments of `psp data`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::config::ConfigArgs;
use super::numbers::{positive, seed, share, whole};

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Render a labelled data set of cars.
    Synth(SynthArgs),
    /// Divide a data set into train, valid and test.
    Split(SplitArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SynthArgs {
    /// Folder to write; an interrupted set of the same parameters is continued.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Number of images.
    #[arg(long, default_value_t = 2000, value_parser = positive::<usize>)]
    pub(crate) count: usize,
    /// Seed of the scenes.
    #[arg(long, default_value_t = 0, value_parser = whole::<u64>)]
    pub(crate) seed: u64,
    /// Width and height in pixels.
    #[arg(long, default_value = "674x506", value_parser = size)]
    pub(crate) size: (u32, u32),
}

const SPLIT_EXAMPLES: &str = "\
Examples:
  psp data split --data photos
  psp data split --data photos --fractions 0.8 0.1 0.1 --seed 7 --overwrite";

#[derive(Debug, ClapArgs)]
#[command(after_help = SPLIT_EXAMPLES)]
pub(crate) struct SplitArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// File to write; default: `split.csv` in the data folder.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Shares of train, valid and test (`data.fractions`).
    #[arg(long, num_args = 3, value_names = ["TRAIN", "VALID", "TEST"], value_parser = share)]
    pub(crate) fractions: Option<Vec<f64>>,
    /// Seed (`data.split_seed`).
    #[arg(long, value_parser = seed)]
    pub(crate) seed: Option<u64>,
    /// Replace an existing file.
    #[arg(long)]
    pub(crate) overwrite: bool,
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parsed = text
        .split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    parsed.ok_or_else(|| "expected WIDTHxHEIGHT in pixels, such as 674x506".to_owned())
}
