//! The order in which dimensions are decided.

use std::collections::BTreeSet;

use crate::dimension::Dimension;
use crate::error::SpaceError;
use crate::source::place;

/// Dimensions that have to be remembered together, by number: those of an
/// exclude, or those of a `when` and the dimensions that have it.
pub(crate) type Group = BTreeSet<usize>;

/// Orders the dimensions so that those named by a `when` (`parents` of each)
/// come before it. Among those that may come next, the one is taken that leaves
/// the fewest groups begun and unfinished, since counting has to tell these
/// apart; then the first.
pub(crate) fn order(
    name: &str,
    dimensions: &[Dimension],
    parents: &[Vec<usize>],
    groups: &[&Group],
) -> Result<Vec<usize>, SpaceError> {
    let mut order: Vec<usize> = Vec::with_capacity(dimensions.len());
    let mut is_placed = vec![false; dimensions.len()];
    while order.len() < dimensions.len() {
        let is_free = |&one: &usize| !is_placed[one] && parents[one].iter().all(|&p| is_placed[p]);
        let begun_by = |&one: &usize| {
            let is_decided = |&member: &usize| member == one || is_placed[member];
            let is_begun =
                |group: &&&Group| group.iter().any(is_decided) && !group.iter().all(is_decided);
            groups.iter().filter(is_begun).count()
        };
        let next = (0..dimensions.len()).filter(is_free).min_by_key(begun_by);
        let Some(next) = next else {
            return Err(cycle(name, dimensions, parents, &is_placed));
        };
        is_placed[next] = true;
        order.push(next);
    }
    Ok(order)
}

/// Names the keys of a cycle among the dimensions that could not be placed.
fn cycle(
    name: &str,
    dimensions: &[Dimension],
    parents: &[Vec<usize>],
    is_placed: &[bool],
) -> SpaceError {
    let is_stuck = |&one: &usize| !is_placed[one];
    let mut path: Vec<usize> = Vec::new();
    let mut next = (0..dimensions.len()).find(is_stuck);
    // Each that is stuck has a parent that is; the walk has to meet itself.
    while let Some(at) = next {
        if let Some(start) = path.iter().position(|&seen| seen == at) {
            path.drain(..start);
            path.push(at);
            break;
        }
        path.push(at);
        next = parents[at].iter().copied().find(is_stuck);
    }
    let keys: Vec<&str> = path
        .iter()
        .map(|&one| dimensions[one].key.as_str())
        .collect();
    let line = path.first().map_or(1, |&one| dimensions[one].line);
    SpaceError::Cycle {
        place: place(name, line),
        keys: keys.join(" → "),
    }
}
