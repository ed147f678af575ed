//! What may differ when a run is continued.

use std::collections::BTreeSet;
use std::fmt;

use toml::{Table, Value};

use super::read::from_table;
use super::{ConfigError, RunConfig};

/// Keys that decide when a run ends.
const LENGTH: &[&str] = &["train.epochs", "train.patience"];

/// A key that has another value than when the run was last worked on.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Section and key, such as `train.epochs`.
    pub key: String,
    /// The value then, as TOML; empty for none.
    pub then: String,
    /// The value now, as TOML; empty for none.
    pub now: String,
}

impl Change {
    /// Keys that say where the data lies; what it holds is compared by its fingerprint.
    const PLACES: &'static [&'static str] = &["data.dir", "data.labels", "data.images"];

    /// Keys that decide where a run computes, how fast and in how much memory, but not
    /// what comes out.
    pub const MEANS: &'static [&'static str] = &[
        "data.threads",
        "data.cache_mib",
        "data.pixel_store_mib",
        "data.cache_dir",
        "data.max_megapixels",
        "train.device",
        "train.replicas",
        "train.cache_features",
        "train.gradient_checkpointing",
        "train.checkpoint_seconds",
    ];

    /// Whether the result is the same with either value.
    pub fn is_without_effect(&self) -> bool {
        let key = self.key.as_str();
        Self::PLACES.contains(&key) || Self::MEANS.contains(&key)
    }

    /// Whether it changes when the run ends.
    pub fn is_of_length(&self) -> bool {
        LENGTH.contains(&self.key.as_str())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &str| match text {
            "" => "not set".to_owned(),
            _ => text.to_owned(),
        };
        let (then, now) = (shown(&self.then), shown(&self.now));
        write!(f, "{}: {then} → {now}", self.key)
    }
}

impl RunConfig {
    /// The keys whose value differs from the one in `then`, a configuration that
    /// this version or an earlier one has stored; what it lacks had its default.
    ///
    /// # Errors
    /// When a path is not valid UTF-8.
    pub fn changes_since(&self, then: &Table) -> Result<Vec<Change>, ConfigError> {
        let (then, now) = (flat(then), flat(&self.to_table()?));
        let default = flat(&Self::default().to_table()?);
        let keys: BTreeSet<&(String, String)> = then.keys().chain(now.keys()).collect();
        let text = |value: Option<&Value>| value.map_or_else(String::new, ToString::to_string);
        let changes = keys.into_iter().filter_map(|key| {
            let before = then.get(key).or_else(|| default.get(key));
            let after = now.get(key);
            if before == after || (after.is_none() && !is_known(key, before)) {
                return None;
            }
            Some(Change {
                key: format!("{}.{}", key.0, key.1),
                then: text(before),
                now: text(after),
            })
        });
        Ok(changes.collect())
    }
}

/// Whether a key that another version may have stored still exists.
fn is_known((section, key): &(String, String), value: Option<&Value>) -> bool {
    let Some(value) = value else { return false };
    let inner = Table::from_iter([(key.clone(), value.clone())]);
    let table = Table::from_iter([(section.clone(), Value::Table(inner))]);
    from_table(table, "").is_ok()
}

/// Values by section and key.
fn flat(table: &Table) -> std::collections::BTreeMap<(String, String), Value> {
    let sections = table.iter().filter_map(|(section, value)| {
        let keys = value.as_table()?;
        Some(keys.iter().map(move |(key, value)| {
            let place = (section.clone(), key.clone());
            (place, value.clone())
        }))
    });
    sections.flatten().collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn stored(config: &RunConfig) -> Table {
        // As `run.json` holds it.
        let json = serde_json::to_string(&config.to_table().unwrap()).unwrap();
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn a_configuration_does_not_differ_from_what_is_stored_of_it() {
        let mut config = RunConfig::default();
        config.train.stage_learning_rates = [("head".to_owned(), 1e-4)].into();
        config.data.targets = vec!["a b".to_owned(), "ö".to_owned()];
        let changes = config.changes_since(&stored(&config)).unwrap();
        assert_eq!(changes, []);
    }

    #[test]
    fn every_changed_key_is_named_with_both_values() {
        let then = stored(&RunConfig::default());
        let sets = ["train.epochs=99", "model.dropout=0.5"].map(str::to_owned);
        let now = RunConfig::default().with_overrides(&sets).unwrap();
        let changes = now.changes_since(&then).unwrap();
        let texts: Vec<String> = changes.iter().map(ToString::to_string).collect();
        let (dropout, epochs) = (
            RunConfig::default().model.dropout,
            RunConfig::default().train.epochs,
        );
        let dropout = Value::from(dropout);
        assert_eq!(
            texts,
            [
                format!("model.dropout: {dropout} → 0.5"),
                format!("train.epochs: {epochs} → 99")
            ]
        );
        assert!(changes[1].is_of_length() && !changes[0].is_of_length());
        assert!(!changes[0].is_without_effect());
    }

    #[test]
    fn a_key_that_an_earlier_version_did_not_have_had_its_default_and_one_that_is_gone_is_passed_over()
     {
        let mut then = stored(&RunConfig::default());
        let train = then["train"].as_table_mut().unwrap();
        train.remove("epochs");
        train.insert("gone".to_owned(), Value::from(1));
        assert_eq!(RunConfig::default().changes_since(&then).unwrap(), []);
    }

    #[test]
    fn every_key_that_may_differ_exists() {
        let all = flat(&RunConfig::default().to_table().unwrap());
        let lists = [Change::PLACES, Change::MEANS, LENGTH];
        for name in lists.concat() {
            let (section, key) = name.split_once('.').unwrap();
            let place = (section.to_owned(), key.to_owned());
            assert!(all.contains_key(&place), "{name}");
        }
    }
}
