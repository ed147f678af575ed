//! What may not differ between two calls on one study.

use std::collections::{BTreeMap, BTreeSet};

use psp_schema::SamplerName;
use psp_space::{Condition, Domain};
use psp_train::config::{Change, by_key};
use toml::{Table, Value};

use crate::config::{SearchConfig, StudySection};
use crate::error::SearchError;
use crate::keys;
use crate::pruner::Pruner;

impl SearchConfig {
    /// The keys of `[study]` whose value differs from the one in `then`.
    ///
    /// # Errors
    /// A value that TOML can't hold.
    pub fn changes_since(&self, then: &Self) -> Result<Vec<Change>, SearchError> {
        let values = |config: &Self| {
            let study = Value::Table(config.study_table()?);
            Ok::<_, SearchError>(by_key(&Table::from_iter([("study".to_owned(), study)])))
        };
        Ok(Change::between(&values(then)?, &values(self)?))
    }

    /// What differs in `other` in what decides the results of trials; `None` when
    /// nothing does. The number of trials, retries and finalists may change while a
    /// study runs, and so may where data lie and trials are computed.
    ///
    /// # Errors
    /// A path that is not valid UTF-8.
    pub fn difference(&self, other: &Self) -> Result<Option<String>, SearchError> {
        let drawn = |study: &StudySection| {
            let lag = (study.sampler == SamplerName::Tpe).then_some(study.lag);
            (study.sampler, study.seed, lag)
        };
        let pruned = |study: &StudySection| Pruner::of(study);
        let shared = keys::differing(&self.base, &other.base)?;
        let name = |what: &str| Some(what.to_owned());
        Ok(match () {
            () if !shared.is_empty() => Some(format!(
                "the configuration that trials share: {}",
                shared.join(", ")
            )),
            () if self.tables != other.tables => Some(difference_of_spaces(self, other)),
            () if drawn(&self.study) != drawn(&other.study) => {
                name("the sampler, its seed or its lag")
            }
            () if pruned(&self.study) != pruned(&other.study) => name("the pruner or its rungs"),
            () => None,
        })
    }
}

/// The space, with the keys that vary otherwise, if it isn't what is excluded that differs.
fn difference_of_spaces(one: &SearchConfig, other: &SearchConfig) -> String {
    fn by_key(config: &SearchConfig) -> BTreeMap<&str, (&Domain, &Option<Condition>)> {
        let dimensions = config.space.dimensions().iter();
        let named = dimensions.map(|one| (one.key.as_str(), (&one.domain, &one.when)));
        named.collect()
    }
    let (own, others) = (by_key(one), by_key(other));
    let keys: BTreeSet<&str> = own.keys().chain(others.keys()).copied().collect();
    let differing = keys
        .into_iter()
        .filter(|key| own.get(key) != others.get(key));
    let differing: Vec<&str> = differing.collect();
    if !differing.is_empty() {
        format!("the space ({})", differing.join(", "))
    } else if one.tables.get("exclude") != other.tables.get("exclude") {
        "what is excluded from the space".to_owned()
    } else {
        "how the space is written".to_owned()
    }
}
