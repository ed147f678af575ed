//! The perspective-score project: the one whose report made this task known.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::input::Data;

const FILE: &str = include_str!("../data/perspective_scores.toml");

// A test reads the file, so that the default is never taken.
static PROJECT: LazyLock<Project> = LazyLock::new(|| toml::from_str(FILE).unwrap_or_default());

/// What is known of the project: all of `data/perspective_scores.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// The columns that it predicts.
    targets: Vec<String>,
    /// What it is, for a reader of a report on its data.
    pub(crate) about: String,
    /// What its sizes are of, for a reader of a list of backbones.
    pub sizes_note: String,
    /// MiB in its table of model sizes, by torchvision's name.
    pub sizes: BTreeMap<String, f64>,
    pub(crate) misnamed: Misnamed,
    pub(crate) suggestions: Vec<Suggestion>,
}

/// The row of its table that has another backbone's name.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Misnamed {
    /// Whose size it is.
    pub(crate) backbone: String,
    /// Whose name it has.
    pub(crate) claimed: String,
    pub(crate) remark: String,
    /// With `{stated}` and `{claimed}` for the sizes.
    pub(crate) reason: String,
}

/// A way to better results that its report suggests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Suggestion {
    pub(crate) name: String,
    pub(crate) title: String,
    /// What can say something of it; `None`: nothing here does.
    pub(crate) evidence: Option<Evidence>,
    /// The keys that speak of it.
    #[serde(default)]
    pub(crate) keys: Vec<String>,
    /// What is said where there is no evidence.
    pub(crate) untried: String,
}

/// What can say something of a suggestion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Evidence {
    /// What more trials gave.
    Search,
    /// Finished trials by the values of keys.
    Keys,
    /// The speed of prediction.
    Speed,
}

/// The perspective-score project.
pub fn perspective_scores() -> &'static Project {
    &PROJECT
}

impl Project {
    /// Whether the targets of `data` are the project's. Of other data its sizes and what it
    /// suggests are no matter.
    pub(crate) fn has_data(&self, data: &Data) -> bool {
        data.targets
            .iter()
            .all(|target| self.targets.contains(target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_what_the_project_states_and_suggests() {
        let project: Project = toml::from_str(FILE).unwrap();
        assert_eq!(project.sizes["googlenet"], 22.421);
        assert!(!project.sizes.contains_key(&project.misnamed.claimed));
        assert_eq!(project.suggestions.len(), 6);
    }
}
