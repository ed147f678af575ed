//! What a configuration's keys decide: which may vary between trials, and which
//! between two calls on one study.

use psp_space::Space;
use psp_train::config::SplitSource;
use psp_train::{Change, RunConfig};

use crate::error::SearchError;

/// Keys of `[data]` that may vary: they leave what is validated and tested alone.
const FREE_DATA: [&str; 1] = [TRAIN_IMAGES];

/// How many of the training images are used.
pub(crate) const TRAIN_IMAGES: &str = "data.train_images";

/// Whether a key decides which images, labels and split a score is of.
pub(crate) fn decides_what_is_measured(key: &str) -> bool {
    key.starts_with("data.") && !FREE_DATA.contains(&key)
}

/// Refuses a space over keys whose values can't be compared by the score.
///
/// # Errors
/// [`SearchError::Unsearchable`] with the line of the first such key.
pub(crate) fn check_searched(space: &Space, name: &str) -> Result<(), SearchError> {
    for dimension in space.dimensions() {
        let key = dimension.key.as_str();
        let reason = if Change::MEANS.contains(&key) {
            "it changes how a trial is computed and not its result; set it once, outside of [space]"
        } else if decides_what_is_measured(key) {
            "trials are ranked by their score on the same images, labels and split, and this key \
             changes what is measured; begin a study for each value"
        } else {
            continue;
        };
        return Err(SearchError::Unsearchable {
            place: space.place(key).unwrap_or_else(|| name.to_owned()),
            key: key.to_owned(),
            reason,
        });
    }
    Ok(())
}

/// The keys in which two configurations differ, those that may change while a study
/// goes on aside: `key (1 there, 2 here)`.
///
/// # Errors
/// A path that is not valid UTF-8.
pub(crate) fn differing(then: &RunConfig, now: &RunConfig) -> Result<Vec<String>, SearchError> {
    // A split's file may lie elsewhere too; whether it is the same, its content tells.
    let is_file = |config: &RunConfig| matches!(config.data.split, SplitSource::File(_));
    let are_files = is_file(then) && is_file(now);
    let mut changes = now.changes_since(&then.to_table()?)?;
    changes.retain(|change| {
        let is_moved = are_files && change.key == "data.split";
        !change.is_without_effect() && !is_moved
    });
    let named = changes
        .iter()
        .map(|Change { key, then, now }| format!("{key} ({then} there, {now} here)"));
    Ok(named.collect())
}

/// `key=value` of each key that differs and may: what makes a trial of the one
/// configuration one that is computed as the other says.
///
/// # Errors
/// A path that is not valid UTF-8.
pub(crate) fn local_overrides(
    then: &RunConfig,
    now: &RunConfig,
) -> Result<Vec<String>, SearchError> {
    let mut changes = now.changes_since(&then.to_table()?)?;
    changes.retain(Change::is_without_effect);
    Ok(changes
        .iter()
        .map(|change| format!("{}={}", change.key, change.now))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(overrides: &[&str]) -> RunConfig {
        let overrides: Vec<String> = overrides.iter().map(|one| (*one).to_owned()).collect();
        RunConfig::default().with_overrides(&overrides).unwrap()
    }

    #[test]
    fn what_decides_a_result_differs_and_where_it_is_computed_does_not() {
        let then = config(&[]);
        let now = config(&[
            "train.epochs=3",
            "data.dir='/else where'",
            "data.threads=2",
            "train.device='flex'",
        ]);
        let differing = differing(&then, &now).unwrap();
        assert_eq!(differing.len(), 1, "{differing:?}");
        assert!(differing[0].starts_with("train.epochs ("), "{differing:?}");
        assert!(differing[0].ends_with(", 3 here)"), "{differing:?}");
        // Those that may differ make one the other.
        let local = local_overrides(&then, &now).unwrap();
        let moved = then.with_overrides(&local).unwrap();
        assert_eq!(moved.data.dir, now.data.dir);
        assert_eq!(moved.data.threads, Some(2));
        assert_eq!(moved.train.device, now.train.device);
        assert_eq!(moved.train.epochs, then.train.epochs);
    }

    #[test]
    fn a_space_over_data_split_or_device_is_refused_with_its_line_and_reason() {
        for (line, part) in [
            ("data.dir = ['a', 'b']", "the same images"),
            ("data.targets = [['a'], ['a', 'b']]", "the same images"),
            ("data.split_seed = [0, 1]", "the same images"),
            (
                "data.fractions = [[0.8, 0.1, 0.1], [0.7, 0.2, 0.1]]",
                "split",
            ),
            ("data.label_range = [[0, 1], [0, 2]]", "labels"),
            ("data.threads = [1, 2]", "not its result"),
            ("train.device = ['auto', 'flex']", "not its result"),
        ] {
            let text = format!("[space]\nmodel.hidden = [4, 8]\n{line}\n");
            let error = crate::SearchConfig::parse(&text, "s.toml", &[]).unwrap_err();
            let error = error.to_string();
            let key = line.split(' ').next().unwrap();
            for part in ["s.toml, line 3", key, part] {
                assert!(error.contains(part), "no `{part}` in {error}");
            }
        }
        let text = "[space]\npreprocess.size = [32, 48]\ntrain.epochs = [1, 2]\n";
        crate::SearchConfig::parse(text, "s.toml", &[]).unwrap();
    }
}
