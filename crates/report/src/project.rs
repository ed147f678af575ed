//! The perspective-score project: the one whose report made this task known.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::format::fixed;
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
    sizes_note: String,
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
    /// With `{stated}` and `{claimed}` for the sizes, and `{backbone}`.
    reason: String,
}

/// One of the ways to better results that its report suggests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Suggestion {
    pub(crate) name: String,
    pub(crate) title: String,
    /// What a study can show about it; `None`: nothing.
    pub(crate) evidence: Option<Evidence>,
    /// The searched keys that bear on it.
    #[serde(default)]
    pub(crate) keys: Vec<String>,
    /// What to say without evidence.
    pub(crate) otherwise: String,
}

/// What a study can show about a suggestion.
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
    /// Whether the targets of `data` are the project's. Its sizes and suggestions have no
    /// place in a report on other data.
    pub(crate) fn has_data(&self, data: &Data) -> bool {
        data.targets
            .iter()
            .all(|target| self.targets.contains(target))
    }

    /// What its sizes are of, for a reader of a list of backbones; `mib` are the sizes in
    /// that list by name.
    pub fn sizes_note(&self, mib: impl Fn(&str) -> Option<f64>) -> Option<String> {
        self.with_sizes(&self.sizes_note, mib(&self.misnamed.claimed)?)
    }

    /// Why the row has another backbone's name, which is `claimed` MiB large; `{backbone}` is
    /// left.
    pub(crate) fn misnamed_reason(&self, claimed: f64) -> Option<String> {
        self.with_sizes(&self.misnamed.reason, claimed)
    }

    fn with_sizes(&self, text: &str, claimed: f64) -> Option<String> {
        let stated = *self.sizes.get(&self.misnamed.backbone)?;
        let text = text.replace("{stated}", &fixed(stated, 3));
        Some(text.replace("{claimed}", &fixed(claimed, 3)))
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

    #[test]
    fn its_texts_have_the_sizes_in_their_places() {
        let project = perspective_scores();
        let note = project.sizes_note(|name| (name == "inception_v3").then_some(85.24));
        let note = note.unwrap();
        assert!(note.contains("the 22.421 of its row"), "{note}");
        assert!(note.ends_with("itself has 85.240."), "{note}");
        assert_eq!(project.sizes_note(|_| None), None);
        let reason = project.misnamed_reason(85.24).unwrap();
        assert!(reason.contains("would have 85.240 MiB"), "{reason}");
        assert!(reason.ends_with("beside {backbone} here."), "{reason}");
    }
}
