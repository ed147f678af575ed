//! Arguments of `psp eval`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use psp_data::Part;
use psp_models::{DeviceSpec, Precision};

use super::numbers::{positive, whole};
use super::weights::VerboseArgs;

const EXAMPLES: &str = "\
Examples:
  psp eval experiments/mine                   the run's own test images
  psp eval experiments/mine --split valid
  psp eval model --data other-photos          an exported model on other labelled images";

#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct EvalArgs {
    /// Run folder or exported model.
    pub(crate) model: PathBuf,
    /// Part to evaluate: train, valid, test, or all (only with --data).
    /// Default: test, or all where --data names data that the model was not trained on.
    #[arg(long, value_parser = chosen_part, requires_if("all", "data"))]
    pub(crate) split: Option<ChosenPart>,
    /// Data folder in place of the run's own; an exported model needs one.
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// Folder to write; default: `reports/<model>-<part>`.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Replace results of another run, model or data set in that folder.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Refuse images of more megapixels; default: the limit that the model was
    /// trained with.
    #[arg(long, value_name = "N", value_parser = positive::<u32>)]
    pub(crate) max_megapixels: Option<u32>,
    /// auto, flex, libtorch, libtorch:cuda:N or cuda:N.
    #[arg(long, default_value = "auto")]
    pub(crate) device: DeviceSpec,
    /// fp32, or bf16 on LibTorch.
    #[arg(long, default_value = "fp32")]
    pub(crate) precision: Precision,
    /// Photos on the page of random samples; 0 leaves it out.
    #[arg(long, default_value_t = 16, value_parser = whole::<usize>)]
    pub(crate) samples: usize,
    /// Seed that chooses them.
    #[arg(long, default_value_t = 0, value_parser = whole::<u64>)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) verbose: VerboseArgs,
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
