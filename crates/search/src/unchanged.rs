//! Whether data, split and weights are those that a study began with.

use std::path::Path;
use std::sync::Arc;

use psp_data::{DataError, Dataset, Splits};
use psp_train::inputs::dataset_options;
use psp_train::{Inputs, RunConfig};

use crate::begin::absolute_text;
use crate::error::SearchError;
use crate::study::Study;
use crate::under_way::tasks_in;
use crate::weights::Hashes;

impl Study {
    /// The study's data, which `base` says where to find, with its own split: the
    /// images and labels that it began with.
    pub(crate) fn inputs(
        &self,
        base: &RunConfig,
        opened: Option<Inputs>,
    ) -> Result<Inputs, SearchError> {
        let dataset = match opened {
            Some(inputs) => Ok(inputs.dataset),
            None => Dataset::open(&dataset_options(base)).map(Arc::new),
        };
        let found = dataset.and_then(|dataset| Ok((dataset.fingerprint()?, dataset)));
        let (now, dataset) = match found {
            Ok((now, dataset)) => (Ok(now), Some(dataset)),
            Err(error) => (Err(error), None),
        };
        self.check_data(base, now)?;
        let split = &self.plan.split_fingerprint;
        // Named anew, a split must be the same.
        let given = &base.data.split;
        if let (Some(dataset), true) = (dataset, *given != self.config.base.data.split) {
            let splits = Splits::read(Path::new(given), &dataset)?;
            self.changed("the split", split, &splits.fingerprint())?;
        }
        self.check_split_is_there()?;
        let mut own = base.clone();
        own.data.split = absolute_text(&self.dir.split())?;
        let inputs = Inputs::open(&own)?;
        self.changed("the split", split, &inputs.splits.fingerprint())?;
        Ok(inputs)
    }

    /// Whether the study's data, as it began with them, are still where it says.
    pub(crate) fn finds_its_data(&self) -> bool {
        let Ok(found) = Dataset::open(&dataset_options(&self.config.base)) else {
            return false;
        };
        let labels = self.plan.labels_fingerprint.as_ref();
        labels.is_none_or(|labels| *labels == found.labels_fingerprint())
            && found
                .fingerprint()
                .is_ok_and(|found| found == self.plan.data_fingerprint)
    }

    /// Refuses a study whose split is gone, of which its runs have copies.
    fn check_split_is_there(&self) -> Result<(), SearchError> {
        if self.dir.split().exists() {
            return Ok(());
        }
        let copies = tasks_in(&self.dir.trials())?.into_iter();
        let mut copies = copies.map(|trial| trial.run().split());
        match copies.find(|copy| copy.exists()) {
            Some(copy) => Err(SearchError::LostSplit {
                study: self.dir.clone(),
                copy,
            }),
            None => Ok(()),
        }
    }

    /// Refuses data that are not, or not there any more, those that the study began with.
    ///
    /// # Errors
    /// As [`Study::begin`].
    pub fn check_own_data(&self) -> Result<(), SearchError> {
        self.check_split_is_there()?;
        let dataset = Dataset::open(&dataset_options(&self.config.base));
        self.check_data(
            &self.config.base,
            dataset.and_then(|dataset| dataset.fingerprint()),
        )
    }

    /// Whether the data that `base` says where to find, of this fingerprint, are those
    /// that the study began with.
    ///
    /// # Errors
    /// [`SearchError::Changed`], [`SearchError::Unusable`] and
    /// [`SearchError::DataGone`]; or a file that can't be read.
    pub(crate) fn check_data(
        &self,
        base: &RunConfig,
        fingerprint: Result<String, DataError>,
    ) -> Result<(), SearchError> {
        let dir = &base.data.dir;
        match fingerprint {
            Ok(now) if now == self.plan.data_fingerprint => Ok(()),
            Ok(now) => {
                let labels = self.plan.labels_fingerprint.as_deref();
                let data = Dataset::open(&dataset_options(base));
                let what = data.map(|data| data.changed_since(labels));
                let what = what.unwrap_or_else(|_| "the data".to_owned());
                self.changed(&what, &self.plan.data_fingerprint, &now)
            }
            // The folder that was named now is at fault, and not the study's data.
            Err(error) if *dir != self.config.base.data.dir => Err(error.into()),
            Err(_) if matches!(dir.try_exists(), Ok(false)) => Err(SearchError::DataGone {
                study: self.dir.root().to_owned(),
                dir: dir.clone(),
            }),
            Err(error @ DataError::File(_)) => Err(error.into()),
            Err(source) => Err(SearchError::Unusable {
                study: self.dir.root().to_owned(),
                source: Box::new(source),
            }),
        }
    }

    /// Nothing is trained from other weights than the study began with.
    ///
    /// # Errors
    /// [`SearchError::Changed`], or a file that can't be read.
    pub(crate) fn check_weights(
        &self,
        run: &RunConfig,
        hashes: &mut Hashes,
    ) -> Result<(), SearchError> {
        let Some(then) = self.plan.weights.of_run(run) else {
            return Ok(());
        };
        let (weights, backbone) = (&run.model.weights, run.model.backbone);
        let now = hashes.of(weights, backbone)?;
        self.changed(
            &format!("the weights file {}", weights.display()),
            then,
            &now,
        )
    }

    pub(crate) fn changed(&self, what: &str, then: &str, now: &str) -> Result<(), SearchError> {
        if then == now {
            Ok(())
        } else {
            Err(SearchError::Changed {
                study: self.dir.root().to_owned(),
                what: what.to_owned(),
                then: then.to_owned(),
                now: now.to_owned(),
            })
        }
    }
}
