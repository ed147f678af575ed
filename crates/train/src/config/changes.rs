//! What may differ when a run is continued.

use std::collections::{BTreeMap, BTreeSet};
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

    /// The keys whose values differ, by their dotted names.
    pub fn between(then: &BTreeMap<String, Value>, now: &BTreeMap<String, Value>) -> Vec<Self> {
        let text = |value: Option<&Value>| value.map_or_else(String::new, ToString::to_string);
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
    let Some((section, key)) = key.split_once('.') else {
        return false;
    };
    let inner = Table::from_iter([(key.to_owned(), value.clone())]);
    let table = Table::from_iter([(section.to_owned(), Value::Table(inner))]);
    from_table(table, "").is_ok()
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
