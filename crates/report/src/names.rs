//! Short names of targets, and of values.

use std::collections::{BTreeMap, BTreeSet};

/// The targets' names without what all of them begin with, up to a separator:
/// `hood` and `backdoor_left` of `perspective_score_hood` and
/// `perspective_score_backdoor_left`. The same names where they share nothing, or
/// there is only one.
pub(crate) fn short_names(names: &[String]) -> Vec<String> {
    let Some(first) = names.first().filter(|_| names.len() > 1) else {
        return names.to_vec();
    };
    let separator = |character: char| matches!(character, '_' | '-' | '.' | ' ' | '/');
    let mut shared = 0;
    for (place, character) in first.char_indices().filter(|(_, c)| separator(*c)) {
        let end = place + character.len_utf8();
        let prefix = &first[..end];
        // Something has to be left of every name.
        if names
            .iter()
            .all(|name| name.starts_with(prefix) && name.len() > end)
        {
            shared = end;
        }
    }
    names.iter().map(|name| name[shared..].to_owned()).collect()
}

/// The values of one key as they are shown: paths by their file names, where these
/// tell them apart.
pub(crate) fn short_values<'a>(
    values: impl Iterator<Item = &'a str>,
) -> BTreeMap<&'a str, &'a str> {
    let shown: BTreeMap<&str, &str> = values
        .map(|value| (value, value.rsplit('/').next().unwrap_or(value)))
        .collect();
    let names: BTreeSet<&str> = shown.values().copied().collect();
    if names.len() == shown.len() && !names.contains("") {
        shown
    } else {
        shown.into_keys().map(|value| (value, value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{short_names, short_values};

    fn of(names: &[&str]) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        short_names(&names)
    }

    #[test]
    fn what_all_names_begin_with_is_left_out() {
        assert_eq!(
            of(&["perspective_score_hood", "perspective_score_backdoor_left"]),
            ["hood", "backdoor_left"]
        );
        assert_eq!(of(&["a_b", "a_b_c"]), ["b", "b_c"]);
    }

    #[test]
    fn paths_are_shown_by_their_names_if_these_differ() {
        let shown = short_values(["/a/x.pth", "/b/y.pth", "none"].into_iter());
        assert_eq!(shown["/a/x.pth"], "x.pth");
        assert_eq!(shown["none"], "none");
        let alike = short_values(["/a/x.pth", "/b/x.pth"].into_iter());
        assert_eq!(alike["/b/x.pth"], "/b/x.pth");
    }

    #[test]
    fn names_that_share_nothing_and_single_names_stay_as_they_are() {
        assert_eq!(of(&["score_hood"]), ["score_hood"]);
        assert_eq!(of(&["a_", "a_x"]), ["a_", "a_x"]);
        assert_eq!(of(&["üb_x", "ob_x"]), ["üb_x", "ob_x"]);
    }
}
