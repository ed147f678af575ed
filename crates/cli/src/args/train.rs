//! Arguments of `psp train`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;

use super::config::{ConfigArgs, DeviceArgs};
use super::numbers::hours;
use super::weights::VerboseArgs;

/// How runs begin and continue.
const EXAMPLES: &str = "\
Examples:
  psp train --data photos --out experiments/mine
  psp train --data photos --config configs/train.toml --set model.weights=imagenet
  psp train --resume experiments/mine                           after an interruption
  psp train --resume experiments/mine --set train.epochs=40     longer
  psp train --resume experiments/mine --data /new/place/photos  with its data moved";

#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) devices: DeviceArgs,
    /// Run folder, new or empty; default: `experiments/<config>-<date>-<time>`.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Continue the run in this folder with its own configuration. --device may name
    /// other devices, --data the folder that its data has moved to; --set may change
    /// train.epochs (to train a finished run longer), train.patience, and what does not
    /// affect results. A study's runs are continued by psp search.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["out", "config"])]
    pub(crate) resume: Option<PathBuf>,
    /// Save and stop after this many hours, such as 1.5; --resume continues.
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    pub(crate) max_hours: Option<Duration>,
    #[command(flatten)]
    pub(crate) verbose: VerboseArgs,
}
