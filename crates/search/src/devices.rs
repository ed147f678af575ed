//! Whether a study's trials can be computed on a machine.

use psp_train::{Machine, trainer};

use crate::config::SearchConfig;
use crate::error::SearchError;
use crate::weights::searched;

impl SearchConfig {
    /// Refuses devices of `machine`, or of the configuration, on which a trial can't be
    /// computed.
    ///
    /// # Errors
    /// As [`trainer::check_devices`].
    pub fn check_devices(&self, machine: &Machine) -> Result<(), SearchError> {
        let precision = self.base.train.precision.to_string();
        for precision in searched(self, "train.precision", &precision) {
            let mut config = self.base.clone();
            // One that is none is told of with its line.
            if let Ok(precision) = precision.parse() {
                config.train.precision = precision;
                trainer::check_devices(config, machine)?;
            }
        }
        Ok(())
    }
}
