//! What a machine decides of a run, whatever the run's configuration says.

use std::ops::Deref;
use std::path::PathBuf;

use psp_models::DeviceSpec;

use crate::config::{ConfigError, RunConfig};

/// Where runs are computed on this machine, and where they store what they share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Devices in place of the configured ones, the first of them the run's and the
    /// others its replicas'; empty: as configured.
    pub devices: Vec<DeviceSpec>,
    /// Threads that decode images, in place of the configured number.
    pub threads: Option<usize>,
    /// Cores that a run may use where its configuration leaves that open; 0: all.
    pub cores: usize,
    /// Folder of stored features and pixels of a configuration that names none; `None`:
    /// they are kept in memory.
    pub cache_dir: Option<PathBuf>,
    /// Folder of torchvision's weights files; `None`: there are none.
    pub weights_dir: Option<PathBuf>,
}

/// A configuration on a machine, with what it leaves open decided. It is read like the
/// [`RunConfig`] that it was made of, which is what a run stores.
#[derive(Clone, Debug)]
pub struct ResolvedRun {
    config: RunConfig,
    /// The device, by its own name where the configuration leaves it open.
    pub device: DeviceSpec,
    /// Threads that decode images; 0: one per core.
    pub threads: usize,
    /// Folder of stored features and pixels; `None`: they are kept in memory.
    pub cache_dir: Option<PathBuf>,
}

impl Machine {
    /// The device that a run of `config` is computed on here, by its own name.
    pub fn device_of(&self, config: &RunConfig) -> DeviceSpec {
        let device = self.devices.first().copied();
        device.unwrap_or(config.train.device).resolved()
    }
}

impl RunConfig {
    /// This configuration on `machine`.
    ///
    /// # Errors
    /// When the run can't be on the machine's devices together.
    pub fn on(mut self, machine: &Machine) -> Result<ResolvedRun, ConfigError> {
        if machine.threads.is_some() {
            self.data.threads = machine.threads;
        }
        if let Some((&device, replicas)) = machine.devices.split_first() {
            self.train.device = device;
            self.train.replicas = replicas.to_vec();
            self.validate()?;
        }
        Ok(ResolvedRun {
            device: self.train.device.resolved(),
            threads: self.data.threads.unwrap_or(machine.cores),
            cache_dir: self
                .data
                .cache_dir
                .as_ref()
                .or(machine.cache_dir.as_ref())
                .cloned(),
            config: self,
        })
    }
}

impl Deref for ResolvedRun {
    type Target = RunConfig;

    fn deref(&self) -> &RunConfig {
        &self.config
    }
}
