//! What this machine gives to runs: the one place where its environment is read for them.

use std::path::PathBuf;

use psp_models::DeviceSpec;
use psp_train::Machine;

/// This machine, with `devices` in place of the configured ones.
pub(crate) fn with_devices(devices: &[DeviceSpec]) -> Machine {
    Machine {
        devices: devices.to_vec(),
        threads: None,
        cores: cores(),
        cache_dir: given("PSP_CACHE_DIR").or_else(cache_dir),
        weights_dir: weights_dir(),
    }
}

/// This machine, with the configured devices.
pub(crate) fn here() -> Machine {
    with_devices(&[])
}

/// `PSP_WEIGHTS_DIR`, or `psp/weights` in the user's cache folder; `None` where there is
/// neither.
pub(crate) fn weights_dir() -> Option<PathBuf> {
    given("PSP_WEIGHTS_DIR").or_else(|| Some(cache_dir()?.join("weights")))
}

/// Cores that this process may use. Slurm does not everywhere keep a task from
/// the others.
pub(crate) fn cores() -> usize {
    let given = std::env::var("SLURM_CPUS_PER_TASK").ok();
    let given = given.and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

fn cache_dir() -> Option<PathBuf> {
    Some(dirs::cache_dir()?.join("psp"))
}

/// The folder that an environment variable names, as an absolute path.
fn given(variable: &str) -> Option<PathBuf> {
    let value = std::env::var_os(variable)?;
    // An empty one has none.
    std::path::absolute(value).ok()
}
