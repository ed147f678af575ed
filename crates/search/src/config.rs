//! What a study file says: a training configuration, what of it varies, and how
//! it is searched.

use std::path::{Path, PathBuf};

use psp_schema::{Access, FileError};
use psp_space::Space;
use psp_train::config::{DataConfig, ModelSection, PreprocessConfig, TrainConfig, by_key};
use psp_train::{ConfigError, EXPERIMENTS, RunConfig};
use serde::Deserialize;
use toml::{Table, Value};

use crate::error::SearchError;
use crate::keys;

mod refit;
mod study;

pub use refit::RefitSection;
pub use study::StudySection;

/// A study file, read and checked.
#[derive(Clone, Debug)]
pub struct SearchConfig {
    /// How to search.
    pub study: StudySection,
    /// The configuration that all trials share.
    pub base: RunConfig,
    /// What varies.
    pub space: Space,
    /// The tables that the space was read from.
    pub(crate) tables: Table,
    /// The file's name and content and what overrides it, for errors.
    name: String,
    text: String,
    overrides: Vec<String>,
}

/// The whole file; what varies is read by [`Space`].
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Document {
    study: StudySection,
    data: DataConfig,
    preprocess: PreprocessConfig,
    model: ModelSection,
    train: TrainConfig,
    #[serde(rename = "space")]
    _space: Table,
    #[serde(rename = "exclude")]
    _exclude: Vec<Table>,
}

impl SearchConfig {
    /// Reads a study file, with `section.key=value` overrides of what trials
    /// share.
    ///
    /// # Errors
    /// Names file and line of whatever is unknown, impossible or malformed.
    pub fn read(path: &Path, overrides: &[String]) -> Result<Self, SearchError> {
        let text = std::fs::read_to_string(path).map_err(FileError::read(path))?;
        Self::parse(&text, &path.display().to_string(), overrides)
    }

    /// The same from text; `name` stands for the file in errors.
    ///
    /// # Errors
    /// As [`SearchConfig::read`].
    pub fn parse(text: &str, name: &str, overrides: &[String]) -> Result<Self, SearchError> {
        let config = Self::parse_stored(text, name, overrides)?;
        let checked = config.study.check();
        checked.map_err(|error| error.with_line(text, name, &[]))?;
        config.check_refit()?;
        keys::check_searched(&config.space, name)?;
        Ok(config)
    }

    /// Reads the file of a study that was begun, by an earlier psp perhaps that
    /// refused less.
    pub(crate) fn read_stored(path: &Path) -> Result<Self, SearchError> {
        let text = std::fs::read_to_string(path).map_err(FileError::read(path))?;
        Self::parse_stored(&text, &path.display().to_string(), &[])
    }

    /// The same from text.
    pub(crate) fn parse_stored(
        text: &str,
        name: &str,
        overrides: &[String],
    ) -> Result<Self, SearchError> {
        let document: Document = psp_train::config::parse(text, name)?;
        let mut tables: Table = psp_train::config::parse(text, name)?;
        tables.retain(|key, _| key == "space" || key == "exclude");
        let base = RunConfig {
            data: document.data,
            preprocess: document.preprocess,
            model: document.model,
            train: document.train,
        };
        let base = base.with_overrides(overrides)?;
        let space = Space::parse(text, name, &by_key(&base.to_table()?))?;
        let mut study = document.study;
        if study.name.is_empty() {
            let stem = Path::new(name).file_stem();
            study.name = stem.map_or_else(|| "study".into(), |s| s.to_string_lossy().into_owned());
        }
        Ok(Self {
            study,
            base,
            space,
            tables,
            name: name.to_owned(),
            text: text.to_owned(),
            overrides: overrides.to_vec(),
        })
    }

    /// Gives the study another name.
    ///
    /// # Errors
    /// A name that can't be that of a folder.
    pub fn rename(&mut self, name: &str) -> Result<(), SearchError> {
        name.clone_into(&mut self.study.name);
        Ok(self.study.check()?)
    }

    /// Asks for so many trials.
    ///
    /// # Errors
    /// A number that the sampler can't draw.
    pub fn set_trials(&mut self, trials: u64) -> Result<(), SearchError> {
        self.study.trials = trials;
        Ok(self.study.check()?)
    }

    /// The configuration of a point of the space, checked.
    ///
    /// # Errors
    /// Names the line of the key whose value does not fit, or the whole point.
    pub fn trial(&self, point: &psp_space::Point) -> Result<RunConfig, SearchError> {
        let values = point.iter().map(|(key, value)| (key.as_str(), value));
        let config = self.base.with_values(values, |key| self.place(key))?;
        config.validate().map_err(|source| {
            let shared = self.base.validate().err();
            // What is wrong with all trials is no fault of the point.
            if shared.is_some_and(|shared| shared.to_string() == source.to_string()) {
                return self.with_line(source);
            }
            let place = match &source {
                ConfigError::Value { key, .. } => self.place(key),
                _ => self.name.clone(),
            };
            SearchError::Point {
                place,
                point: psp_space::point_text(point),
                source,
            }
        })?;
        Ok(config)
    }

    /// Checks what no new study is begun with, though earlier versions began with it.
    ///
    /// # Errors
    /// A value out of its range, or a searched key that has no effect at this point.
    pub(crate) fn check_new(&self, point: &psp_space::Point) -> Result<(), SearchError> {
        let trial = self.trial(point)?;
        trial.validate_new()?;
        let dimensions = self.space.dimensions();
        let is_searched = |key: &str| {
            let dimension = dimensions.iter().find(|one| one.key == key);
            point.contains_key(key) && dimension.is_some_and(|one| one.grid().len() > 1)
        };
        let mut idle = trial.idle().into_iter();
        match idle.find(|(key, _)| is_searched(key)) {
            Some((key, reason)) => Err(SearchError::Idle {
                place: self.place(key),
                key,
                reason,
            }),
            None => Ok(()),
        }
    }

    /// An error of what the file says, with the line of it.
    pub(crate) fn with_line(&self, error: ConfigError) -> SearchError {
        let error = error.with_line(&self.text, &self.name, &self.overrides);
        error.into()
    }

    /// The file's name, for errors.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// `file, line N` of a key of the space.
    fn place(&self, key: &str) -> String {
        self.space.place(key).unwrap_or_else(|| self.name.clone())
    }

    /// Stores paths so that trials can be run from another folder.
    pub(crate) fn make_absolute(&mut self) -> Result<(), SearchError> {
        Ok(self.base.make_absolute()?)
    }

    /// Where the study is kept unless told otherwise.
    pub fn default_folder(&self) -> PathBuf {
        Path::new(EXPERIMENTS).join(&self.study.name)
    }

    /// The whole as a study file again, with every default written out.
    ///
    /// # Errors
    /// When a path is not valid UTF-8.
    pub fn to_toml(&self) -> Result<String, SearchError> {
        let mut table = Table::new();
        table.insert("study".to_owned(), Value::Table(self.study_table()?));
        table.extend(self.base.to_table()?);
        table.extend(self.tables.clone());
        toml::to_string_pretty(&table).map_err(|error| self.not_toml(&error))
    }

    /// `[study]`, every default written out.
    pub(crate) fn study_table(&self) -> Result<Table, SearchError> {
        Table::try_from(&self.study).map_err(|error| self.not_toml(&error))
    }

    fn not_toml(&self, error: &toml::ser::Error) -> SearchError {
        let path = Path::new(&self.name);
        FileError::at(path, Access::Read("put it into TOML"))(std::io::Error::other(
            error.to_string(),
        ))
        .into()
    }
}
