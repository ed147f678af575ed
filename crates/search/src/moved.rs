//! Data that have moved, and the runs that look for them.

use psp_schema::FileError;
use psp_train::{RunConfig, RunDir};

use crate::config::SearchConfig;
use crate::error::SearchError;
use crate::study::Study;

impl Study {
    /// Has the runs that lie where `from` says look for data where the study does.
    pub(crate) fn relocate_runs(&self, from: &RunConfig) -> Result<(), SearchError> {
        for folder in [self.dir.trials(), self.dir.finals(), self.dir.refits()] {
            for entry in std::fs::read_dir(&folder).into_iter().flatten() {
                let entry = entry.map_err(FileError::list(&folder))?;
                let run = RunDir::new(entry.path());
                if run.is_begun() && run.read_config()?.data.dir == from.data.dir {
                    relocate(&run, &self.config.base)?;
                }
            }
        }
        Ok(())
    }
}

/// Has a run look for data where `base` says.
///
/// # Errors
/// A configuration that can't be read or written.
pub(crate) fn relocate(run: &RunDir, base: &RunConfig) -> Result<(), SearchError> {
    let known = run.read_config()?;
    let mut config = known.clone();
    place(&mut config, base);
    config.data.cache_dir.clone_from(&base.data.cache_dir);
    if config != known {
        let text = config.to_toml()?;
        psp_schema::write_atomic(&run.config(), |out| out.write_all(text.as_bytes()))?;
    }
    Ok(())
}

impl SearchConfig {
    /// Has a study file whose data folder is gone name the one of `known`, where that study's data
    /// were moved to; whether it does.
    pub fn follow(&mut self, known: &Self) -> bool {
        let is_moved = !self.base.data.dir.exists() && known.base.data.dir.exists();
        if is_moved {
            place(&mut self.base, &known.base);
        }
        is_moved
    }
}

/// Has a configuration name the places that `like` does.
pub(crate) fn place(config: &mut RunConfig, like: &RunConfig) {
    let (data, like) = (&mut config.data, &like.data);
    data.dir.clone_from(&like.dir);
    data.labels.clone_from(&like.labels);
    data.images.clone_from(&like.images);
}
