//! Whether data, split and weights are those that a study began with.

use std::path::Path;
use std::sync::Arc;

use psp_data::{DataError, Dataset, Splits};
use psp_schema::{Class, Classify};
use psp_train::config::SplitSource;
use psp_train::{Inputs, RunConfig};

use crate::error::SearchError;
use crate::study::{Study, split_at};
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
            None => Dataset::open(&base.dataset_options()).map(Arc::new),
        };
        let found = dataset.and_then(|dataset| Ok((dataset.fingerprint()?, dataset)));
        let (now, dataset) = match found {
            Ok((now, dataset)) => (Ok(now), Some(dataset)),
            Err(error) => (Err(error), None),
        };
        self.check_data(base, now)?;
        // Named anew, a split must be the same.
        let given = &base.data.split;
        if let (Some(dataset), SplitSource::File(path)) = (dataset, given)
            && *given != self.config.base.data.split
        {
            let splits = Splits::read(path, &dataset)?;
            let then = &self.plan.split_fingerprint;
            self.changed("the split", then, &splits.fingerprint())?;
        }
        self.check_split_is_there()?;
        let mut own = base.clone();
        own.data.split = split_at(&self.dir.split())?;
        let inputs = match Inputs::open(&own) {
            Ok(inputs) => inputs,
            Err(error) if error.class() == Class::Input => {
                return Err(self.lost_split(&error.to_string())?.unwrap_or(error.into()));
            }
            Err(error) => return Err(error.into()),
        };
        self.check_split(&inputs)?;
        Ok(inputs)
    }

    /// Refuses a split that is not the one that the study began with.
    ///
    /// # Errors
    /// [`SearchError::Changed`].
    pub fn check_split(&self, inputs: &Inputs) -> Result<(), SearchError> {
        let (then, now) = (&self.plan.split_fingerprint, inputs.splits.fingerprint());
        self.changed("the split", then, &now)
    }

    /// Whether the study says that its data are in `dir`.
    fn is_at(&self, dir: &Path) -> bool {
        let own = &self.config.base.data.dir;
        dir == own || psp_schema::is_same_place(dir, own)
    }

    /// Whether the study's data, as it began with them, are still where it says.
    pub(crate) fn finds_its_data(&self) -> bool {
        let Ok(found) = Dataset::open(&self.config.base.dataset_options()) else {
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
        let missing = format!("{}: missing", self.dir.split().display());
        self.lost_split(&missing)?.map_or(Ok(()), Err)
    }

    /// That the study's split is lost, if one of its runs has a copy.
    fn lost_split(&self, fault: &str) -> Result<Option<SearchError>, SearchError> {
        let copies = tasks_in(&self.dir.trials())?.into_iter();
        let mut copies = copies.map(|trial| trial.run().split());
        let copy = copies.find(|copy| copy.exists());
        Ok(copy.map(|copy| SearchError::LostSplit {
            study: self.dir.clone(),
            fault: fault.to_owned(),
            copy,
        }))
    }

    /// Refuses data that are not, or not there any more, those that the study began with.
    ///
    /// # Errors
    /// As [`Study::begin`].
    pub fn check_own_data(&self) -> Result<(), SearchError> {
        self.check_split_is_there()?;
        let dataset = Dataset::open(&self.config.base.dataset_options());
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
            Ok(_) if !self.is_at(dir) => Err(SearchError::OtherData {
                study: self.dir.root().to_owned(),
                given: dir.clone(),
                own: self.config.base.data.dir.clone(),
            }),
            Ok(now) => {
                let labels = self.plan.labels_fingerprint.as_deref();
                let data = Dataset::open(&base.dataset_options());
                let what = data.map(|data| data.changed_since(labels));
                let what = what.unwrap_or_else(|_| "the data".to_owned());
                self.changed(&what, &self.plan.data_fingerprint, &now)
            }
            // The folder that was named now is at fault, and not the study's data.
            Err(error) if !self.is_at(dir) => Err(error.into()),
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
        self.changed(&format!("the weights file {weights}"), then, &now)
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
