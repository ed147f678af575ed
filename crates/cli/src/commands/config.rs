//! `psp config`, and the configurations that commands are given.

use std::process::ExitCode;

use anyhow::Result;
use psp_models::DeviceSpec;
use psp_train::RunConfig;

use crate::args::{ConfigArgs, ConfigCommand};

pub(super) fn run(command: &ConfigCommand) -> Result<ExitCode> {
    match command {
        ConfigCommand::Show(args) => {
            let devices = on_devices(&args.devices.device);
            print!("{}", resolve(&args.config, &devices)?.to_toml()?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The configuration from file, flags and overrides; `more` are further
/// overrides that come from a command's own flags.
pub(super) fn resolve(args: &ConfigArgs, more: &[String]) -> Result<RunConfig> {
    let mut overrides = Vec::new();
    if let Some(dir) = &args.data {
        overrides.push(format!("data.dir={}", toml_string(&dir.to_string_lossy())));
    }
    overrides.extend(more.iter().cloned());
    overrides.extend(args.overrides.iter().cloned());
    Ok(RunConfig::read(args.config.as_deref(), &overrides)?)
}

/// The key of `section.key=value`.
pub(super) fn key_of(given: &str) -> &str {
    given.split('=').next().unwrap_or_default().trim()
}

/// The overrides that put training on these devices; none for none.
pub(super) fn on_devices(devices: &[DeviceSpec]) -> Vec<String> {
    let Some((device, replicas)) = devices.split_first() else {
        return Vec::new();
    };
    let name = |device: &DeviceSpec| toml_string(&device.to_string());
    let replicas: Vec<String> = replicas.iter().map(name).collect();
    vec![
        format!("train.device={}", name(device)),
        format!("train.replicas=[{}]", replicas.join(", ")),
    ]
}

/// A TOML basic string; JSON's escapes are valid in it.
pub(super) fn toml_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
