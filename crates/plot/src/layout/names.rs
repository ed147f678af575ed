//! Names where there is little room.

/// The names without the words (`perspective_score_`) that all of them begin
/// with, as far as that leaves something of each. A single name stays whole.
#[must_use]
pub fn short_names(names: &[String]) -> Vec<String> {
    let first = names.first().filter(|_| names.len() > 1);
    let first = first.map_or("", String::as_str);
    let is_shared = |end: &usize| {
        let words = &first[..*end];
        let mut names = names.iter();
        names.all(|name| name.starts_with(words) && name.len() > *end)
    };
    let ends = first.rmatch_indices(['_', '-', ' ', '.', '/']);
    let shared = ends.map(|(index, _)| index + 1).find(is_shared);
    let shared = shared.unwrap_or(0);
    names.iter().map(|name| name[shared..].to_owned()).collect()
}

/// The names as they stand above panels in so many columns: shortened where
/// three stand side by side.
pub(crate) fn panel_names(targets: &[String], columns: usize) -> Vec<String> {
    if columns < 3 {
        targets.to_vec()
    } else {
        short_names(targets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::owned;

    fn short(names: &[&str]) -> Vec<String> {
        short_names(&owned(names))
    }

    #[test]
    fn words_that_all_targets_begin_with_are_left_out() {
        assert_eq!(
            short(&["perspective_score_hood", "perspective_score_backdoor_left"]),
            ["hood", "backdoor_left"]
        );
        assert_eq!(short(&["größe_a", "größe_b"]), ["a", "b"]);
        assert_eq!(short(&["a_b", "a_b_c"]), ["b", "b_c"]);
        assert_eq!(short(&["car-hood", "car-door"]), ["hood", "door"]);
    }

    #[test]
    fn a_name_is_never_left_empty_or_cut_within_a_word() {
        assert_eq!(short(&["hood", "hoof"]), ["hood", "hoof"]);
        assert_eq!(
            short(&["perspective_score_hood"]),
            ["perspective_score_hood"]
        );
        assert_eq!(short(&["score_", "score_b"]), ["score_", "score_b"]);
        assert_eq!(short(&["a_b_", "a_b_c"]), ["b_", "b_c"]);
        assert_eq!(short(&["üb_x", "ob_x"]), ["üb_x", "ob_x"]);
    }
}
