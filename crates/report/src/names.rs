//! Short names of values.

use std::collections::{BTreeMap, BTreeSet};

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
    use super::short_values;

    #[test]
    fn paths_are_shown_by_their_names_if_these_differ() {
        let shown = short_values(["/a/x.pth", "/b/y.pth", "none"].into_iter());
        assert_eq!(shown["/a/x.pth"], "x.pth");
        assert_eq!(shown["none"], "none");
        let alike = short_values(["/a/x.pth", "/b/x.pth"].into_iter());
        assert_eq!(alike["/b/x.pth"], "/b/x.pth");
    }
}
