//! Whether a study's trials can be computed on a machine.

use psp_models::DeviceSpec;
use psp_train::trainer;

use crate::config::SearchConfig;
use crate::error::SearchError;
use crate::weights::searched;

impl SearchConfig {
    /// Refuses a device on which a trial can't be computed: `given`, or else those that the
    /// configuration names.
    ///
    /// # Errors
    /// As [`trainer::check_devices`].
    pub fn check_device(&self, given: Option<DeviceSpec>) -> Result<(), SearchError> {
        let train = &self.base.train;
        let devices = match given {
            Some(device) => vec![device],
            None => [&[train.device], train.replicas.as_slice()].concat(),
        };
        for precision in searched(self, "train.precision", &train.precision.to_string()) {
            // One that is none is told of with its line.
            if let Ok(precision) = precision.parse() {
                trainer::check_devices(&devices, precision)?;
            }
        }
        Ok(())
    }
}
