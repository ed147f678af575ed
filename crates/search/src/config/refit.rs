//! `[study.refit]`: what the chosen configuration is trained again with.

use std::collections::BTreeMap;

use psp_models::BackboneKind;
use psp_train::config::line_of;
use psp_train::{ConfigError, RunConfig};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::SearchConfig;
use crate::error::SearchError;
use crate::keys;

/// The sections of a run's configuration.
const SECTIONS: [&str; 4] = ["data", "preprocess", "model", "train"];

/// `[study.refit]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RefitSection {
    /// Whether training and validation images are trained on together. There is no
    /// validation then, and the last epoch is exported.
    #[serde(default)]
    pub valid: bool,
    /// What replaces the chosen configuration's values: tables of a run's
    /// configuration, and tables of these by the name of a backbone, for it alone.
    #[serde(flatten)]
    tables: Table,
}

/// A value of `[study.refit]`: `section.key`, and the same with the backbone that it
/// is for, if it is for one.
struct Given<'a> {
    key: String,
    path: String,
    value: &'a Value,
}

impl RefitSection {
    /// Everything that is given, what is for all backbones first.
    fn given(&self) -> Vec<Given<'_>> {
        let mut all = Vec::new();
        let mut own = Vec::new();
        for (name, value) in &self.tables {
            match (SECTIONS.contains(&&**name), value) {
                (true, Value::Table(keys)) => all.extend(of_section(String::new(), name, keys)),
                (false, Value::Table(sections)) => {
                    for (section, keys) in sections {
                        if let Value::Table(keys) = keys {
                            own.extend(of_section(format!("{name}."), section, keys));
                        }
                    }
                }
                _ => {}
            }
        }
        all.extend(own);
        all
    }

    /// The values for a backbone; of two for one key the later one counts.
    fn values(&self, backbone: BackboneKind) -> Vec<Given<'_>> {
        let prefix = format!("{backbone}.");
        let mut given = self.given();
        given.retain(|one| one.path == one.key || one.path.starts_with(&prefix));
        given
    }

    /// What `model.weights` is for a backbone, where it is given.
    pub(crate) fn weights(&self, backbone: BackboneKind) -> Option<&str> {
        let mut given = self.values(backbone).into_iter().rev();
        let weights = given.find(|one| one.key == "model.weights")?;
        weights.value.as_str()
    }

    /// Every value that is given to `data.train_images`.
    pub(crate) fn train_images(&self) -> Vec<i64> {
        let given = self.given().into_iter();
        let given = given.filter(|one| one.key == "data.train_images");
        given.filter_map(|one| one.value.as_integer()).collect()
    }

    /// The values for a backbone, as text.
    pub(crate) fn text(&self, backbone: BackboneKind) -> String {
        let values = self.values(backbone);
        let values: BTreeMap<&str, &Value> = values
            .iter()
            .map(|one| (one.key.as_str(), one.value))
            .collect();
        let parts: Vec<String> = values
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let text = if parts.is_empty() {
            "its own values".to_owned()
        } else {
            parts.join(" ")
        };
        if self.valid {
            format!("{text}, on validation images too")
        } else {
            text
        }
    }
}

fn of_section<'a>(
    prefix: String,
    section: &'a str,
    keys: &'a Table,
) -> impl Iterator<Item = Given<'a>> {
    keys.iter().map(move |(name, value)| {
        let key = format!("{section}.{name}");
        Given {
            path: format!("{prefix}{key}"),
            key,
            value,
        }
    })
}

impl SearchConfig {
    /// The line of a path within `[study.refit]`, or else of that table.
    fn place_in_refit(&self, path: &str) -> String {
        let line = |key: &str| line_of(&self.text, &self.name, key);
        line(&format!("study.refit.{path}"))
            .or_else(|| line("study.refit"))
            .unwrap_or_else(|| self.name.clone())
    }

    /// The configuration that the trial of `point` is trained with again should it be
    /// chosen, checked; `None` where the study has no `[study.refit]`.
    ///
    /// # Errors
    /// Names the line of the value that does not fit.
    pub fn refit(&self, point: &psp_space::Point) -> Result<Option<RunConfig>, SearchError> {
        match self.study.refit {
            Some(_) => self.with_refit(self.trial(point)?, point).map(Some),
            None => Ok(None),
        }
    }

    /// The configuration of `point` with what `[study.refit]` says in place of its own
    /// values, checked.
    ///
    /// # Errors
    /// As [`SearchConfig::refit`].
    pub(crate) fn with_refit(
        &self,
        trial: RunConfig,
        point: &psp_space::Point,
    ) -> Result<RunConfig, SearchError> {
        let Some(refit) = &self.study.refit else {
            return Ok(trial);
        };
        let given = refit.values(trial.model.backbone);
        let path = |key: &str| {
            let last = given.iter().rev().find(|one| one.key == key);
            last.map_or("", |one| one.path.as_str())
        };
        let place = |key: &str| self.place_in_refit(path(key));
        let values = given.iter().map(|one| (one.key.as_str(), one.value));
        let config = trial.with_values(values, place)?;
        let checked = config.validate().and_then(|()| {
            if refit.valid {
                config.validate_unvalidated()
            } else {
                Ok(())
            }
        });
        checked.map_err(|source| {
            let key = match &source {
                ConfigError::Value { key, .. } => key,
                _ => "",
            };
            SearchError::Refit {
                place: place(key),
                point: psp_space::point_text(point),
                backbone: trial.model.backbone,
                source: Box::new(source),
            }
        })?;
        Ok(config)
    }

    /// Refuses a refit on validation images, too, that leaves most images out.
    ///
    /// # Errors
    /// As [`SearchConfig::refit`].
    pub(crate) fn check_refit_on_validation(
        &self,
        point: &psp_space::Point,
    ) -> Result<(), SearchError> {
        let is_merged = self.study.refit.as_ref().is_some_and(|refit| refit.valid);
        let refit = self.refit(point)?.filter(|_| is_merged);
        match refit.and_then(|config| config.data.train_images) {
            Some(count) => Err(SearchError::RefitKey {
                place: self.place_in_refit("valid"),
                key: "valid".to_owned(),
                expected: format!(
                    "data.train_images = 0 beside valid = true, which is there to train on more \
                     images, and not {count} of them"
                ),
            }),
            None => Ok(()),
        }
    }

    /// The names of the backbones that trials may have.
    fn backbones(&self) -> impl Iterator<Item = &str> {
        let mut dimensions = self.space.dimensions().iter();
        let searched = dimensions.find(|dimension| dimension.key == "model.backbone");
        let shared = searched
            .is_none_or(|dimension| dimension.when.is_some())
            .then(|| self.base.model.backbone.name());
        let searched = searched.into_iter().flat_map(|dimension| dimension.grid());
        searched.filter_map(Value::as_str).chain(shared)
    }

    /// Checks that everything in `[study.refit]` is a key that a refit may change.
    pub(crate) fn check_refit(&self) -> Result<(), SearchError> {
        let Some(refit) = &self.study.refit else {
            return Ok(());
        };
        let refuse = |path: &str, key: &str, expected: String| {
            Err(SearchError::RefitKey {
                place: self.place_in_refit(path),
                key: key.to_owned(),
                expected,
            })
        };
        let backbones: Vec<&str> = BackboneKind::ALL.iter().map(|kind| kind.name()).collect();
        for (name, value) in &refit.tables {
            let is_section = SECTIONS.contains(&&**name);
            if !(is_section || backbones.contains(&&**name)) || !value.is_table() {
                let known = SECTIONS.iter().chain(&backbones).copied();
                let nearest = known.min_by_key(|known| strsim::damerau_levenshtein(name, known));
                let expected = format!(
                    "`valid`, section.key of a run's configuration, such as train.epochs, or a \
                     table of these for one backbone, such as [study.refit.vit_b_16]; did you \
                     mean `{}`?",
                    nearest.unwrap_or_default()
                );
                return refuse(name, name, expected);
            }
            if !is_section && !self.backbones().any(|backbone| backbone == name) {
                let expected = "a backbone that trials have; add this one to model.backbone, or \
                                remove its table";
                return refuse(name, name, expected.to_owned());
            }
            if let (false, Value::Table(sections)) = (is_section, value)
                && let Some((section, _)) = sections
                    .iter()
                    .find(|(section, keys)| !SECTIONS.contains(&&***section) || !keys.is_table())
            {
                let path = format!("{name}.{section}");
                let expected = "section.key of a run's configuration, such as train.epochs";
                return refuse(&path, section, expected.to_owned());
            }
        }
        for one in refit.given() {
            if one.key == "train.seed" {
                let expected = "no seed: a refit has its trial's";
                return refuse(&one.path, &one.key, expected.to_owned());
            }
            if keys::decides_what_is_measured(&one.key) || one.key == "model.backbone" {
                let expected = "a key that leaves data and backbone as they were searched; of \
                                [data], train_images alone may differ";
                return refuse(&one.path, &one.key, expected.to_owned());
            }
            let place = |_: &str| self.place_in_refit(&one.path);
            self.base
                .with_values([(one.key.as_str(), one.value)], place)?;
        }
        Ok(())
    }
}
