//! Names where there is little room.

/// The names without the words ("perspective_score_") that all of them begin
/// with, where that leaves something of each.
pub(crate) fn short_names(targets: &[String]) -> Vec<String> {
    let Some((first, others)) = targets.split_first() else {
        return Vec::new();
    };
    let common = others.iter().fold(first.as_str(), |common, other| {
        let same = common
            .char_indices()
            .zip(other.chars())
            .take_while(|((_, a), b)| a == b)
            .map(|((index, a), _)| index + a.len_utf8())
            .last();
        &common[..same.unwrap_or(0)]
    });
    let words = common
        .rfind(['_', ' ', '.', '/'])
        .filter(|_| !others.is_empty())
        .map_or(0, |index| index + 1);
    let words = if targets.iter().all(|name| name.len() > words) {
        words
    } else {
        0
    };
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
