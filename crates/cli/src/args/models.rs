//! Arguments of `psp models`.

use std::path::PathBuf;

use clap::{ArgGroup, Args as ClapArgs, Subcommand};

use super::numbers::{positive, whole};
use psp_models::{BackboneKind, DeviceSpec};

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
    /// Compare a backbone with recorded numbers of torchvision.
    ///
    /// Fails when any part is out of tolerance. --export writes psp's own numbers in the
    /// same form.
    Verify(VerifyArgs),
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
    #[arg(long, value_name = "PIXELS", requires = "backbone", value_parser = whole::<u32>)]
    pub(crate) size: Option<u32>,
    /// Images in the batch; default: 2.
    #[arg(long, requires = "backbone", value_parser = positive::<u16>)]
    pub(crate) batch: Option<u16>,
    /// File for the numbers computed here, in the form of a reference; replaces an
    /// existing reference.
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
    /// auto, flex, libtorch, libtorch:cuda:N or cuda:N.
    #[arg(long, default_value = "auto")]
    pub(crate) device: DeviceSpec,
}
