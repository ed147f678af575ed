//! Names where there is little room.

/// The names without the words ("perspective_score_") that all of them begin
/// with, where that leaves something of each.
pub(crate) fn short_names(targets: &[String]) -> Vec<String> {
    let first = targets.first().map_or("", String::as_str);
    let shared = |end: &usize| targets.iter().all(|name| name.starts_with(&first[..*end]));
    let ends = first.rmatch_indices(['_', ' ', '.', '/']);
    let words = ends.map(|(index, _)| index + 1).find(shared);
    let leaves_all = |end: &usize| targets.iter().all(|name| name.len() > *end);
    let words = words.filter(|_| targets.len() > 1).filter(leaves_all);
    let words = words.unwrap_or(0);
    targets
        .iter()
        .map(|name| name[words..].to_owned())
        .collect()
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

    fn short(names: &[&str]) -> Vec<String> {
        short_names(
            &names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn words_that_all_targets_begin_with_are_left_out() {
        assert_eq!(
            short(&["perspective_score_hood", "perspective_score_backdoor_left"]),
            ["hood", "backdoor_left"]
        );
        assert_eq!(short(&["größe_a", "größe_b"]), ["a", "b"]);
    }

    #[test]
    fn a_name_is_never_left_empty_or_cut_within_a_word() {
        assert_eq!(short(&["hood", "hoof"]), ["hood", "hoof"]);
        assert_eq!(
            short(&["perspective_score_hood"]),
            ["perspective_score_hood"]
        );
        assert_eq!(short(&["score_", "score_b"]), ["score_", "score_b"]);
    }
}
