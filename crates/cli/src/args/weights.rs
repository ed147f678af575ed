//! Arguments of `psp weights`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use psp_models::BackboneKind;

/// The flag shared by commands that read weights.
#[derive(Debug, ClapArgs)]
pub(crate) struct VerboseArgs {
    /// When weights don't fit, list every tensor at fault.
    // Before --help, and not among each command's own.
    #[arg(short, long, display_order = 900)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WeightsCommand {
    /// List the files, with where each one is stored or else is fetched from.
    List(WeightsListArgs),
    /// Download files, verify them and store them.
    Fetch(FetchArgs),
    /// Say which backbone a weights file fits, and what does not fit.
    Check(WeightsCheckArgs),
    /// Convert a weights file to .safetensors, if it fits.
    Import(ImportArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct WeightsListArgs {
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

const FETCH_EXAMPLES: &str = "\
Examples:
  psp weights fetch resnet18
  psp weights fetch --from https://mirror.example.com/torchvision";

#[derive(Debug, ClapArgs)]
#[command(after_help = FETCH_EXAMPLES)]
pub(crate) struct FetchArgs {
    /// Backbones; default: all.
    pub(crate) backbone: Vec<BackboneKind>,
    /// Folder to store them in.
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
    /// The backbone that it must fit; default: the one that it fits best.
    #[arg(long)]
    pub(crate) backbone: Option<BackboneKind>,
    /// What precedes the backbone's tensor names in the file, such as `module.`;
    /// default: whatever is found there.
    #[arg(long)]
    pub(crate) prefix: Option<String>,
    #[command(flatten)]
    pub(crate) verbose: VerboseArgs,
}

const IMPORT_EXAMPLES: &str = "\
Example:
  psp weights import model.pth --backbone vit_b_16 --out vit.safetensors";

#[derive(Debug, ClapArgs)]
#[command(after_help = IMPORT_EXAMPLES)]
pub(crate) struct ImportArgs {
    /// The .pth, .ckpt or .safetensors file, an exported model or a run.
    pub(crate) file: PathBuf,
    /// The backbone that it is for.
    #[arg(long)]
    pub(crate) backbone: BackboneKind,
    /// What precedes the backbone's tensor names in the file, such as
    /// `model_ema.module.`; default: whatever is found there.
    #[arg(long)]
    pub(crate) prefix: Option<String>,
    /// The .safetensors file to write.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Replace an existing file.
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) verbose: VerboseArgs,
}
