//! The count's steps: for each dimension, which conditions its values decide.

use std::collections::{BTreeMap, HashMap};

use crate::condition::{Condition, Test};
use crate::dimension::Dimension;
use crate::error::SpaceError;
use crate::order::{Group, order};

/// Which conditions can still hold, by number; those that no longer matter are
/// false.
pub(crate) type State = Vec<bool>;

/// A dimension's place in the count.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) dimension: usize,
    /// The condition under which it exists.
    when: Option<usize>,
    /// The conditions that name it.
    named_by: Vec<usize>,
    /// Which of these its values pass, and how many values pass just these.
    pub(crate) classes: Vec<(Vec<bool>, u128)>,
    /// The class of each value.
    pub(crate) class_of: Vec<usize>,
    /// Excludes that are decided here.
    excludes: Vec<usize>,
    /// Conditions that no later step asks about.
    done: Vec<usize>,
}

impl Step {
    pub(crate) fn is_active(&self, state: &State) -> bool {
        self.when.is_none_or(|when| state[when])
    }

    /// The states that may follow, and how many values lead to each; a state may
    /// come more than once.
    pub(crate) fn following(&self, state: &State) -> impl Iterator<Item = (State, u128)> {
        let is_active = self.is_active(state);
        let absent = (!is_active).then(|| (self.after(state, None), 1));
        let present = self.classes.iter().enumerate().filter(move |_| is_active);
        let present = present.map(|(class, &(_, values))| (self.after(state, Some(class)), values));
        absent
            .into_iter()
            .chain(present)
            .filter_map(|(next, values)| next.map(|next| (next, values)))
    }

    /// The state once the dimension has a value of a class, or does not exist;
    /// `None` when the point is then excluded.
    pub(crate) fn after(&self, state: &State, class: Option<usize>) -> Option<State> {
        let mut next = state.clone();
        for (place, &condition) in self.named_by.iter().enumerate() {
            next[condition] &= class.is_some_and(|class| self.classes[class].0[place]);
        }
        if self.excludes.iter().any(|&exclude| next[exclude]) {
            return None;
        }
        for &condition in &self.done {
            next[condition] = false;
        }
        Some(next)
    }
}

/// A condition by the numbers of the dimensions that it names.
struct Numbered<'a> {
    tests: BTreeMap<usize, &'a Test>,
    /// The dimensions that it names, and those that exist by it.
    group: Group,
    is_exclude: bool,
}

/// The steps in their order, and the state before the first: every condition,
/// each of which names a dimension, can still hold.
pub(crate) fn steps(
    name: &str,
    dimensions: &[Dimension],
    excludes: &[&Condition],
) -> Result<(Vec<Step>, State), SpaceError> {
    let (conditions, when_of) = numbered(dimensions, excludes);
    let parents: Vec<Vec<usize>> = when_of
        .iter()
        .map(|when| when.map_or_else(Vec::new, |w| conditions[w].tests.keys().copied().collect()))
        .collect();
    let groups: Vec<&Group> = conditions.iter().map(|one| &one.group).collect();
    let order = order(name, dimensions, &parents, &groups)?;
    let mut position = vec![0; dimensions.len()];
    for (at, &dimension) in order.iter().enumerate() {
        position[dimension] = at;
    }
    let numbers_where = |holds: &dyn Fn(&Numbered<'_>) -> bool| -> Vec<usize> {
        (0..conditions.len())
            .filter(|&number| holds(&conditions[number]))
            .collect()
    };
    let step = |&dimension: &usize| {
        let at = position[dimension];
        let is_last = |member: &usize| position[*member] == at;
        let ends_here = |members: &mut dyn Iterator<Item = &usize>| {
            members
                .max_by_key(|&&member| position[member])
                .is_some_and(is_last)
        };
        let named_by = numbers_where(&|one| one.tests.contains_key(&dimension));
        let passes: Vec<&Test> = named_by
            .iter()
            .map(|&number| conditions[number].tests[&dimension])
            .collect();
        let (classes, class_of) = classes(&dimensions[dimension], &passes);
        Step {
            dimension,
            when: when_of[dimension],
            named_by,
            classes,
            class_of,
            excludes: numbers_where(&|one| one.is_exclude && ends_here(&mut one.tests.keys())),
            done: numbers_where(&|one| ends_here(&mut one.group.iter())),
        }
    };
    Ok((
        order.iter().map(step).collect(),
        vec![true; conditions.len()],
    ))
}

/// All conditions, equal ones of dimensions once, and that of each dimension.
fn numbered<'a>(
    dimensions: &'a [Dimension],
    excludes: &[&'a Condition],
) -> (Vec<Numbered<'a>>, Vec<Option<usize>>) {
    let number_of: HashMap<&str, usize> = (dimensions.iter().enumerate())
        .map(|(number, dimension)| (dimension.key.as_str(), number))
        .collect();
    let read = |condition: &'a Condition, is_exclude| {
        let tests: BTreeMap<usize, &Test> = (condition.terms.iter())
            .filter_map(|term| Some((*number_of.get(term.key.as_str())?, &term.test)))
            .collect();
        let group = tests.keys().copied().collect();
        Numbered {
            tests,
            group,
            is_exclude,
        }
    };
    let mut found: Vec<Numbered<'_>> = Vec::new();
    let mut when_of = vec![None; dimensions.len()];
    for (number, dimension) in dimensions.iter().enumerate() {
        let Some(when) = &dimension.when else {
            continue;
        };
        let when = read(when, false);
        let known = found.iter().position(|one| one.tests == when.tests);
        let condition = known.unwrap_or_else(|| {
            found.push(when);
            found.len() - 1
        });
        found[condition].group.insert(number);
        when_of[number] = Some(condition);
    }
    found.extend(excludes.iter().map(|exclude| read(exclude, true)));
    (found, when_of)
}

/// Groups a dimension's values by which tests they pass: each group's outcomes
/// and size, and the group of each value.
fn classes(dimension: &Dimension, tests: &[&Test]) -> (Vec<(Vec<bool>, u128)>, Vec<usize>) {
    let mut number_of: HashMap<Vec<bool>, usize> = HashMap::new();
    let mut classes: Vec<(Vec<bool>, u128)> = Vec::new();
    let class_of = dimension.grid.iter().map(|value| {
        let outcomes: Vec<bool> = tests.iter().map(|test| test.holds(value)).collect();
        let class = *number_of.entry(outcomes).or_insert_with_key(|outcomes| {
            classes.push((outcomes.clone(), 0));
            classes.len() - 1
        });
        classes[class].1 += 1;
        class
    });
    let class_of = class_of.collect();
    (classes, class_of)
}
