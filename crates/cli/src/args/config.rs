//! Arguments of `psp config`, and of every command that a configuration is given to.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use psp_models::DeviceSpec;
use psp_train::config::key_and_value;

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
pub(super) fn setting(text: &str) -> Result<String, String> {
    key_and_value(text).map(|_| text.to_owned())
}
