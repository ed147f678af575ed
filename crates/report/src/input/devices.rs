//! What costs were measured on.

use super::Input;

impl Input {
    /// The devices that costs were measured on, by name.
    pub(crate) fn measured_on(&self) -> Vec<&str> {
        let measured = self
            .candidates
            .iter()
            .filter_map(|c| c.cost.measured.as_ref());
        let mut devices: Vec<&str> = measured.map(|measured| measured.device.as_str()).collect();
        devices.sort_unstable();
        devices.dedup();
        devices
    }
}
