//! What may differ when a run is continued.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use toml::{Table, Value};

use super::read::{from_table, insert};
use super::{ConfigError, RunConfig};

/// Keys that decide when a run ends.
const LENGTH: &[&str] = &["train.epochs", "train.patience"];

/// A key that has another value than when the run was last worked on.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Section and key, such as `train.epochs`.
    pub key: String,
    /// The value then, as TOML, or `not set`.
    pub then: String,
    /// The value now, as TOML, or `not set`.
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

    /// The keys whose values differ, by their dotted names.
    pub fn between(then: &BTreeMap<String, Value>, now: &BTreeMap<String, Value>) -> Vec<Self> {
        let text =
            |value: Option<&Value>| value.map_or_else(|| "not set".to_owned(), ToString::to_string);
        let keys: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
        let differing = keys
            .into_iter()
            .filter(|&key| then.get(key) != now.get(key));
        let changes = differing.map(|key| Self {
            key: key.clone(),
            then: text(then.get(key)),
            now: text(now.get(key)),
        });
        changes.collect()
    }

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
        let Self { key, then, now } = self;
        write!(f, "{key}: {then} → {now}")
    }
}

impl RunConfig {
    /// The keys whose value differs from the one in `then`, a configuration that
    /// this version or an earlier one has stored; what it lacks had its default.
    ///
    /// # Errors
    /// When a path is not valid UTF-8.
    pub fn changes_since(&self, then: &Table) -> Result<Vec<Change>, ConfigError> {
        let (mut then, now) = (by_key(then), by_key(&self.to_table()?));
        for (key, value) in by_key(&Self::default().to_table()?) {
            if now.contains_key(&key) {
                then.entry(key).or_insert(value);
            }
        }
        then.retain(|key, value| now.contains_key(key) || is_known(key, value));
        Ok(Change::between(&then, &now))
    }
}

/// Whether a key that another version may have stored still exists.
fn is_known(key: &str, value: &Value) -> bool {
    let mut table = Table::new();
    insert(&mut table, key, value.clone(), String::new).is_ok() && from_table(table, "").is_ok()
}

/// The values of a table and of those within it, by their dotted keys.
pub fn by_key(table: &Table) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    for (key, value) in table {
        if let Value::Table(inner) = value {
            let inner = by_key(inner).into_iter();
            values.extend(inner.map(|(rest, value)| (format!("{key}.{rest}"), value)));
        } else {
            values.insert(key.clone(), value.clone());
        }
    }
    values
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
        let all = by_key(&RunConfig::default().to_table().unwrap());
        let lists = [Change::PLACES, Change::MEANS, LENGTH];
        for name in lists.concat() {
            assert!(all.contains_key(name), "{name}");
        }
    }

    #[test]
    fn a_stages_own_rate_that_came_or_went_is_a_change() {
        let plain = RunConfig::default();
        let mut rated = plain.clone();
        rated.train.stage_learning_rates =
            [("encoder.layers.encoder_layer_11".to_owned(), 1e-4)].into();
        let texts = |now: &RunConfig, then: &RunConfig| -> Vec<String> {
            let changes = now.changes_since(&stored(then)).unwrap();
            changes.iter().map(ToString::to_string).collect()
        };
        let key = "train.stage_learning_rates.encoder.layers.encoder_layer_11";
        assert_eq!(texts(&rated, &plain), [format!("{key}: not set → 0.0001")]);
        assert_eq!(texts(&plain, &rated), [format!("{key}: 0.0001 → not set")]);
    }
}
