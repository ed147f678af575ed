//! Which trials a study runs, known before any of them does.

use psp_schema::SamplerName;
use psp_space::{Grid, Point, Random, RandomGrid, Sampler, Seen, SpaceError, tpe};
use psp_train::RunConfig;
use psp_train::config::InitialWeights;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::SearchConfig;
use crate::error::SearchError;
use crate::folder::{StudyDir, TrialDir};
use crate::records::damaged;
use crate::weights::Weights;

/// A trial of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedTrial {
    /// Its place in the draw, from 0.
    pub number: usize,
    /// Hash of configuration, data and split; its folder's name ends with it.
    pub id: String,
    /// The values that vary.
    pub point: Point,
}

impl StudyDir {
    /// A trial's folder.
    pub fn trial(&self, trial: &PlannedTrial) -> TrialDir {
        let name = format!("{:05}-{}", trial.number, trial.id);
        TrialDir::new(self.trials().join(name))
    }
}

impl PlannedTrial {
    /// The trial of a point, once its configuration has been checked.
    fn new(
        config: &SearchConfig,
        number: usize,
        point: Point,
        data_fingerprint: &str,
        split_fingerprint: &str,
        weights: &Weights,
    ) -> Result<Self, SearchError> {
        let run = config.trial(&point)?;
        let id = trial_id(&run, data_fingerprint, split_fingerprint, weights)?;
        Ok(Self { number, id, point })
    }
}

/// How many trials of the sampler `tpe` are drawn without a result: until as many
/// are known as it starts with, counted from `lag` trials before.
fn known_from_the_start(lag: u64) -> usize {
    let lag = usize::try_from(lag).unwrap_or(usize::MAX);
    lag.saturating_add(tpe::Settings::default().startup - 1)
}

/// `plan.json`: the trials that are known from the start, by their values and ids.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of psp that drew it.
    pub psp_version: String,
    /// SHA-256 over targets, file names, labels and images.
    pub data_fingerprint: String,
    /// SHA-256 over targets, file names and labels; earlier versions stored none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels_fingerprint: Option<String>,
    /// SHA-256 over which image is in which part.
    pub split_fingerprint: String,
    /// Points of the space's grid, in decimal digits: they may exceed what JSON
    /// numbers hold.
    pub grid_points: String,
    /// SHA-256 over which image is in which part, for each fold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fold_fingerprints: Vec<String>,
    /// The same of a refit that trains on validation images, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refit_fingerprint: Option<String>,
    /// What trials and the refit begin with, but for weights that are drawn.
    #[serde(default, skip_serializing_if = "Weights::is_empty")]
    pub weights: Weights,
    /// `study.toml` as it was last written, so that an edit is noticed; earlier versions
    /// stored none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study_file: Option<String>,
    /// In the order of the draw: all, but for the sampler `tpe` only those that
    /// depend on no result.
    pub trials: Vec<PlannedTrial>,
}

impl Plan {
    /// Draws the study's first `trials` trials, as far as they depend on no results,
    /// and checks the configuration of each; those of a smaller number are the first
    /// of a larger one. No point is drawn twice: a space with fewer points gives fewer
    /// trials. `known` are trials of a study that goes on, which stay as they are.
    ///
    /// # Errors
    /// A point that is no valid configuration, or a space without points.
    pub fn draw(
        config: &SearchConfig,
        data_fingerprint: String,
        split_fingerprint: String,
        weights: Weights,
        known: &[PlannedTrial],
    ) -> Result<Self, SearchError> {
        let mut wanted = match config.study.trials {
            0 => usize::MAX,
            trials => usize::try_from(trials).unwrap_or(usize::MAX),
        };
        if config.study.sampler == SamplerName::Tpe {
            wanted = wanted.min(known_from_the_start(config.study.lag));
        }
        let mut trials = known.to_vec();
        let mut seen: Seen = known.iter().map(|trial| &trial.point).collect();
        let mut draw = Draw::of(config);
        while trials.len() < wanted {
            let number = trials.len();
            let Some(point) = draw.next(number, &seen)? else {
                break;
            };
            seen.insert(&point);
            trials.push(PlannedTrial::new(
                config,
                number,
                point,
                &data_fingerprint,
                &split_fingerprint,
                &weights,
            )?);
        }
        // What can't be refitted is found now, and not when all else is done.
        for trial in &trials {
            config.refit(&trial.point)?;
        }
        Ok(Self {
            psp_version: env!("CARGO_PKG_VERSION").to_owned(),
            data_fingerprint,
            labels_fingerprint: None,
            split_fingerprint,
            grid_points: config.space.count().to_string(),
            fold_fingerprints: Vec::new(),
            refit_fingerprint: None,
            weights,
            study_file: None,
            trials,
        })
    }

    /// The study in `dir` as its file was last written; `None` where an earlier version wrote it.
    ///
    /// # Errors
    /// A damaged plan.
    pub(crate) fn study_as_written(
        &self,
        dir: &StudyDir,
    ) -> Result<Option<SearchConfig>, SearchError> {
        let name = dir.study().display().to_string();
        let parse = |text: &String| SearchConfig::parse_stored(text, &name, &[]);
        let then = self.study_file.as_ref().map(parse).transpose();
        then.map_err(|error| damaged(&dir.plan(), &error).into())
    }

    /// A trial that is drawn later, once its configuration has been checked.
    pub(crate) fn trial(
        &self,
        config: &SearchConfig,
        number: usize,
        point: Point,
    ) -> Result<PlannedTrial, SearchError> {
        let (data, split) = (&self.data_fingerprint, &self.split_fingerprint);
        PlannedTrial::new(config, number, point, data, split, &self.weights)
    }

    /// Whether these trials are of `config`, as far as this psp can tell: another
    /// version may have known other settings, which the ids are hashes of, too.
    pub(crate) fn is_of(&self, config: &SearchConfig) -> Result<bool, SearchError> {
        if self.psp_version != env!("CARGO_PKG_VERSION") {
            return Ok(true);
        }
        for known in &self.trials {
            let trial = self.trial(config, known.number, known.point.clone())?;
            if trial.id != known.id {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The id of a run of this configuration on a split of the study's.
    pub(crate) fn id_of(&self, config: &RunConfig, split: &str) -> Result<String, SearchError> {
        trial_id(config, &self.data_fingerprint, split, &self.weights)
    }
}

/// Where trials that depend on no results come from.
enum Draw<'a> {
    /// Those of the grid, one after the other.
    Grid(Box<dyn Sampler + 'a>),
    /// By their number.
    Ranges(Random<'a>, Option<u128>),
}

impl<'a> Draw<'a> {
    fn of(config: &'a SearchConfig) -> Self {
        let (space, seed) = (&config.space, config.study.seed);
        match config.study.sampler {
            SamplerName::RandomGrid => Self::Grid(Box::new(RandomGrid::new(space, seed))),
            SamplerName::Grid => Self::Grid(Box::new(Grid::new(space))),
            SamplerName::Random | SamplerName::Tpe => {
                Self::Ranges(Random::new(space, seed), space.drawable_points())
            }
        }
    }

    /// The point of trial `number`; `None` where all were seen.
    fn next(&mut self, number: usize, seen: &Seen) -> Result<Option<Point>, SpaceError> {
        match self {
            Self::Grid(sampler) => std::iter::from_fn(|| sampler.draw())
                .find(|point| point.as_ref().map_or(true, |point| !seen.contains(point)))
                .transpose(),
            Self::Ranges(_, Some(points)) if seen.len() as u128 >= *points => Ok(None),
            Self::Ranges(random, _) => random.nth_new(number as u64, seen),
        }
    }
}

/// Hash of what decides a trial's result: its configuration, seed included,
/// without what only says where files lie or how many threads and replicas work,
/// and the images, labels and weights themselves.
fn trial_id(
    config: &RunConfig,
    data_fingerprint: &str,
    split_fingerprint: &str,
    weights: &Weights,
) -> Result<String, SearchError> {
    let weights = weights.of_run(config);
    let mut config = config.clone();
    let defaults = RunConfig::default();
    config.data.dir.clone_from(&defaults.data.dir);
    config.data.labels.clone_from(&defaults.data.labels);
    config.data.images.clone_from(&defaults.data.images);
    config.data.split.clone_from(&defaults.data.split);
    config.data.cache_dir.clone_from(&defaults.data.cache_dir);
    config.data.cache_mib = defaults.data.cache_mib;
    config.data.pixel_store_mib = defaults.data.pixel_store_mib;
    config.data.threads = defaults.data.threads;
    config.train.replicas.clear();
    if let InitialWeights::Path(path) = &mut config.model.weights
        && let Some(name) = path.file_name()
    {
        *path = name.into();
    }
    let mut hash = Sha256::new();
    let parts = [&config.to_toml()?, data_fingerprint, split_fingerprint];
    for part in parts.into_iter().chain(weights) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    Ok(hex::encode(&hash.finalize()[..6]))
}
