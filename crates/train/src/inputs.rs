//! The data that a run trains on: opened, split and fingerprinted.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::features::Content;
use psp_data::{DataError, DataNotice, Dataset, Part, PixelStore, Splits, find_split};
use psp_models::Output;

use crate::config::{ConfigError, DataConfig, RunConfig, SplitSource};
use crate::error::TrainError;
use crate::run_dir::{Manifest, RunDir};
use crate::session::Session;

mod loaders;

/// A run's data set and which part each image is in.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The images and labels.
    pub dataset: Arc<Dataset>,
    /// The part of each.
    pub splits: Splits,
    /// Where the split came from, for messages.
    pub split_source: PathBuf,
    /// Which of the training images are used.
    sample: TrainSample,
    /// The keys that say how a split would be drawn in place of the one that was found.
    unused_keys: Vec<&'static str>,
    /// Rows that were added since the run began, which are left out.
    added: usize,
    /// Pixels on disk, opened by the first loader.
    pixels: OnceLock<Option<Arc<PixelStore>>>,
}

impl Inputs {
    /// A data set with a split that came from `split_source`.
    pub fn new(dataset: Arc<Dataset>, splits: Splits, split_source: PathBuf) -> Self {
        Self {
            dataset,
            splits,
            split_source,
            sample: TrainSample::default(),
            unused_keys: Vec::new(),
            added: 0,
            pixels: OnceLock::new(),
        }
    }

    /// Opens the data that `config` names, with its split.
    ///
    /// # Errors
    /// Names the file, row and column of whatever is not valid.
    pub fn open(config: &RunConfig) -> Result<Self, TrainError> {
        Self::open_within(config, &Session::new())
    }

    /// The same, with what `session` keeps of earlier runs.
    pub(crate) fn open_within(config: &RunConfig, session: &Session) -> Result<Self, TrainError> {
        Self::on(session.dataset(&config.dataset_options())?, config)
    }

    /// The same on `dataset`, the one that `config` names, which is open already.
    ///
    /// # Errors
    /// As [`Inputs::open`].
    pub fn on(dataset: Arc<Dataset>, config: &RunConfig) -> Result<Self, TrainError> {
        let data = &config.data;
        let auto = data.split == SplitSource::Auto;
        let (splits, split_source) = if let SplitSource::File(path) = &data.split {
            if !path.exists() {
                return Err(ConfigError::Value {
                    key: "data.split",
                    value: format!("{path:?}"),
                    expected: "expected auto, random, or a CSV that exists, by its path from here"
                        .to_owned(),
                }
                .into());
            }
            (Splits::read(path, &dataset)?, path.clone())
        } else if auto && dataset.split_column().is_some() {
            let labels = dataset.labels_path().to_owned();
            (Splits::from_column(&dataset)?, labels)
        } else if auto && let Some(beside) = find_split(&data.dir)? {
            (Splits::read(&beside, &dataset)?, beside)
        } else {
            (drawn_split(config, &dataset)?, data.dir.clone())
        };
        let is_found = auto && split_source != data.dir;
        Ok(Self {
            sample: TrainSample::of(config),
            unused_keys: if is_found {
                unused_keys(data, splits.counts())
            } else {
                Vec::new()
            },
            ..Self::new(dataset, splits, split_source)
        })
    }

    /// Opens a run's data with the split that the run was trained on. Rows that were added
    /// since are left out, of which [`added`](Self::added) tells.
    ///
    /// # Errors
    /// As [`Inputs::open`]; also when `split.csv` of the run no longer fits, or is not
    /// what it was: an image that the run was trained on would count as a new one.
    pub fn of_run(config: &RunConfig, run: &RunDir) -> Result<Self, TrainError> {
        Self::of_run_on(
            Arc::new(Dataset::open(&config.dataset_options())?),
            config,
            run,
        )
    }

    /// The same on `dataset`, the run's data, which is open already.
    ///
    /// # Errors
    /// As [`Inputs::of_run`].
    pub fn of_run_on(
        dataset: Arc<Dataset>,
        config: &RunConfig,
        run: &RunDir,
    ) -> Result<Self, TrainError> {
        let inputs = Self::with_split_of(run, dataset, config)?;
        inputs.check_split(run, &run.read_manifest()?)?;
        Ok(inputs)
    }

    /// The same with any `split.csv` that fits, and what `session` keeps of earlier runs.
    pub(crate) fn of_run_within(
        config: &RunConfig,
        run: &RunDir,
        session: &Session,
    ) -> Result<Self, TrainError> {
        Self::with_split_of(run, session.dataset(&config.dataset_options())?, config)
    }

    fn with_split_of(
        run: &RunDir,
        dataset: Arc<Dataset>,
        config: &RunConfig,
    ) -> Result<Self, TrainError> {
        if !run.split().exists() {
            return Err(TrainError::missing(run.split()));
        }
        let (dataset, splits, added) = match Splits::read(&run.split(), &dataset) {
            Ok(splits) => (dataset, splits, 0),
            Err(error) => {
                let manifest = run.read_manifest()?;
                let known = dataset.only(&Splits::names(&run.split())?);
                let added = dataset.len() - known.len();
                if added == 0 || known.fingerprint()? != manifest.data_fingerprint {
                    // Of data that changed it is not the split's fault.
                    run.check_data(&manifest, &dataset)?;
                    return Err(error.into());
                }
                let splits = Splits::read(&run.split(), &known)?;
                (Arc::new(known), splits, added)
            }
        };
        Ok(Self {
            sample: TrainSample::of(config),
            added,
            ..Self::new(dataset, splits, run.split())
        })
    }

    /// That rows were added to the run's data since it began, if any were.
    pub fn added(&self) -> Option<DataNotice> {
        (self.added > 0).then(|| DataNotice::AddedRows {
            path: self.dataset.labels_path().to_owned(),
            count: self.added,
        })
    }

    /// Refuses a split that is not the one that the run began with. Where only its
    /// fingerprint is known, which is of the labels' order, too, it says nothing of changed
    /// data, which are told of elsewhere.
    pub(crate) fn check_split(&self, run: &RunDir, manifest: &Manifest) -> Result<(), TrainError> {
        if manifest.split_sha256.is_some() {
            return run.check_split(manifest);
        }
        let (then, now) = (&manifest.split_fingerprint, self.splits.fingerprint());
        if *then == now || self.dataset.fingerprint()? != manifest.data_fingerprint {
            return Ok(());
        }
        Err(TrainError::SplitChanged {
            split: run.split(),
            then: then.clone(),
            now,
        })
    }

    /// What is worth telling about data and split before anything is trained on them.
    ///
    /// # Errors
    /// An image or a folder that can't be read.
    pub fn notices(&self) -> Result<Vec<DataNotice>, TrainError> {
        let mut notices = self.dataset.notices().to_vec();
        notices.extend(self.dataset.unlabelled()?);
        for part in [Part::Train, Part::Valid, Part::Test] {
            let used = self.used(part);
            let same = self.dataset.same_labels(part, &used);
            notices.extend(same.into_iter().map(DataNotice::Label));
            if used.len() == 1 && part != Part::Train {
                notices.push(DataNotice::SingleImage {
                    split: self.split_source.clone(),
                    part,
                });
            }
        }
        let labels = self.dataset.labels_path();
        if self.split_source == labels
            && let Some(beside) = find_split(labels.parent().unwrap_or(Path::new("")))?
        {
            notices.push(DataNotice::UnusedSplitFile {
                path: beside,
                labels: labels.to_owned(),
            });
        }
        if !self.unused_keys.is_empty() {
            notices.push(DataNotice::UnusedSplitKeys {
                split: self.split_source.clone(),
                keys: self.unused_keys.clone(),
            });
        }
        notices.extend(self.splits.copy_notices(&self.dataset)?);
        let available = self.splits.counts()[0];
        if let Some(wanted) = self.sample.count
            && wanted > available
        {
            notices.push(DataNotice::FewerTrainImages { wanted, available });
        }
        Ok(notices)
    }

    /// Indices of a part's images; of the training part's those that
    /// `data.train_images` leaves.
    ///
    /// # Errors
    /// [`TrainError::EmptyPart`].
    pub fn indices(&self, part: Part) -> Result<Vec<usize>, TrainError> {
        let indices = self.used(part);
        if indices.is_empty() {
            return Err(TrainError::EmptyPart {
                source_of_split: self.split_source.clone(),
                part: part.name(),
                hint: match part {
                    Part::Train => "; training needs images to learn from",
                    Part::Valid => {
                        "; to evaluate, name another part with --split; a study needs some \
                         to compare its trials"
                    }
                    Part::Test => "; name another part with --split",
                },
            });
        }
        Ok(indices)
    }

    /// Indices of a part's images that the run uses, in the data set's order.
    fn used(&self, part: Part) -> Vec<usize> {
        let TrainSample { count, seed, bins } = self.sample;
        match (part, count) {
            (Part::Train, Some(count)) => {
                self.splits.sample(&self.dataset, part, count, seed, bins)
            }
            _ => self.splits.indices(part),
        }
    }

    /// Whether the split has validation images.
    pub fn has_validation(&self) -> bool {
        !self.splits.indices(Part::Valid).is_empty()
    }

    /// Images used in training, validation and test.
    pub fn counts(&self) -> [usize; 3] {
        Part::ALL.map(|part| self.used(part).len())
    }

    /// The contents of the images that the run uses.
    ///
    /// # Errors
    /// As [`Dataset::contents`].
    pub(crate) fn used_contents(&self) -> Result<HashSet<Content>, DataError> {
        let contents = self.dataset.contents()?;
        let used = Part::ALL.into_iter().flat_map(|part| self.used(part));
        Ok(used.map(|index| contents[index]).collect())
    }

    /// Mean of each target over the training images.
    pub fn train_means(&self) -> Vec<f64> {
        let indices = self.used(Part::Train);
        let samples = self.dataset.samples();
        (0..self.dataset.targets().len())
            .map(|target| {
                let labels = indices
                    .iter()
                    .map(|&i| f64::from(samples[i].labels[target]));
                labels.sum::<f64>() / indices.len().max(1) as f64
            })
            .collect()
    }

    /// How a model of these targets relates to their labels: standardised by the
    /// training part's mean and standard deviation, and clipped to the range of the
    /// labels.
    pub fn output(&self) -> Output {
        let indices = self.used(Part::Train);
        let samples = self.dataset.samples();
        let means = self.train_means();
        let deviation = |(target, mean): (usize, &f64)| {
            let squares = indices
                .iter()
                .map(|&i| (f64::from(samples[i].labels[target]) - mean).powi(2));
            (squares.sum::<f64>() / indices.len().max(1) as f64).sqrt()
        };
        let deviations = means.iter().enumerate().map(deviation).collect();
        Output::standardised(means, deviations, self.dataset.label_range())
    }
}

/// The sample of the training images that `data.train_images` asks for.
#[derive(Clone, Copy, Debug, Default)]
struct TrainSample {
    /// Images to train on; `None`: all of the part.
    count: Option<usize>,
    seed: u64,
    bins: usize,
}

impl TrainSample {
    fn of(config: &RunConfig) -> Self {
        let data = &config.data;
        Self {
            count: data.train_images,
            seed: data.split_seed,
            bins: data.split_bins,
        }
    }
}

/// The keys that say how a split would be drawn, where one of such parts was found: those
/// that it does not agree with, as far as that shows.
fn unused_keys(data: &DataConfig, counts: [usize; 3]) -> Vec<&'static str> {
    let usual = DataConfig::default();
    // These also draw the training images that are used.
    let draws_images = data.train_images.is_some();
    let keys = [
        ("data.fractions", !are_shares(counts, data.fractions)),
        (
            "data.split_seed",
            !draws_images && data.split_seed != usual.split_seed,
        ),
        (
            "data.split_bins",
            !draws_images && data.split_bins != usual.split_bins,
        ),
    ];
    let unused = keys.into_iter().filter(|(_, is_unused)| *is_unused);
    unused.map(|(key, _)| key).collect()
}

/// Whether parts of so many images are of these shares, up to one image and two percent.
fn are_shares(counts: [usize; 3], fractions: [f64; 3]) -> bool {
    let all = counts.iter().sum::<usize>() as f64;
    let mut parts = counts.iter().zip(fractions);
    parts.all(|(&count, share)| (count as f64 - share * all).abs() <= 1.0 + 0.02 * all)
}

/// The split that `[data]` says to draw; copies of one image are in one part.
///
/// # Errors
/// Shares that can't be had of so few images, or an image that can't be read.
pub fn drawn_split(config: &RunConfig, dataset: &Dataset) -> Result<Splits, DataError> {
    let data = &config.data;
    Splits::stratified(
        dataset,
        &dataset.copies()?,
        config.fractions(),
        data.split_seed,
        data.split_bins,
    )
}
