//! Counting a grid's points, and finding a point by its number, without listing
//! them.
//!
//! Dimensions are decided one after another. How many ways there are to go on
//! depends only on which conditions can still hold: that is remembered instead
//! of the values themselves, so that values that no condition tells apart are
//! counted together, and each state is counted once.

use std::collections::HashMap;

use crate::condition::Condition;
use crate::dimension::Dimension;
use crate::error::SpaceError;
use crate::point::Point;
use crate::steps::{State, Step, steps};
use crate::value::same;

/// How many states are followed before a space is refused.
const MOST_STATES: usize = 100_000;

/// The number of points from each state on.
#[derive(Clone, Debug)]
pub(crate) struct Counter {
    steps: Vec<Step>,
    /// Before each step, and after the last.
    counts: Vec<HashMap<State, u128>>,
    start: State,
}

impl Counter {
    pub(crate) fn new(
        name: &str,
        dimensions: &[Dimension],
        excludes: &[&Condition],
    ) -> Result<Self, SpaceError> {
        let (steps, start) = steps(name, dimensions, excludes)?;
        let mut counter = Self {
            steps,
            counts: Vec::new(),
            start,
        };
        let levels = counter.reachable(name)?;
        counter.fill(levels).ok_or_else(|| SpaceError::TooLarge {
            name: name.to_owned(),
        })?;
        Ok(counter)
    }

    pub(crate) fn count(&self) -> u128 {
        self.remaining(0, &self.start)
    }

    pub(crate) fn order(&self) -> impl Iterator<Item = usize> {
        self.steps.iter().map(|step| step.dimension)
    }

    /// The first dimension that is in no point.
    pub(crate) fn never_active(&self) -> Option<usize> {
        let levels = self.steps.iter().zip(&self.counts);
        let never = levels.filter(|(step, states)| {
            !states
                .iter()
                .any(|(state, &count)| count > 0 && step.is_active(state))
        });
        never.map(|(step, _)| step.dimension).min()
    }

    pub(crate) fn point(&self, dimensions: &[Dimension], mut index: u128) -> Option<Point> {
        if index >= self.count() {
            return None;
        }
        let mut point = Point::new();
        let mut state = self.start.clone();
        for (at, step) in self.steps.iter().enumerate() {
            if !step.is_active(&state) {
                state = step.after(&state, None)?;
                continue;
            }
            let sizes = self.sizes(at, &state);
            let mut values = step.class_of.iter().enumerate();
            let (value, &class) = values.find(|&(_, &class)| {
                let is_here = index < sizes[class];
                index -= if is_here { 0 } else { sizes[class] };
                is_here
            })?;
            let dimension = &dimensions[step.dimension];
            point.insert(dimension.key.clone(), dimension.grid[value].clone());
            state = step.after(&state, Some(class))?;
        }
        Some(point)
    }

    pub(crate) fn index(&self, dimensions: &[Dimension], point: &Point) -> Option<u128> {
        let mut index = 0;
        let mut found = 0;
        let mut state = self.start.clone();
        for (at, step) in self.steps.iter().enumerate() {
            let dimension = &dimensions[step.dimension];
            if !step.is_active(&state) {
                state = step.after(&state, None)?;
                continue;
            }
            let given = point.get(&dimension.key)?;
            let value = dimension.grid.iter().position(|one| same(one, given))?;
            let sizes = self.sizes(at, &state);
            index += step.class_of[..value]
                .iter()
                .map(|&class| sizes[class])
                .sum::<u128>();
            state = step.after(&state, Some(step.class_of[value]))?;
            found += 1;
        }
        (found == point.len()).then_some(index)
    }

    /// Points per value of each class.
    fn sizes(&self, at: usize, state: &State) -> Vec<u128> {
        let step = &self.steps[at];
        let after = |class| step.after(state, Some(class));
        (0..step.classes.len())
            .map(|class| after(class).map_or(0, |next| self.remaining(at + 1, &next)))
            .collect()
    }

    fn remaining(&self, at: usize, state: &State) -> u128 {
        self.counts[at].get(state).copied().unwrap_or(0)
    }

    /// The states that can be met before each step, and after the last.
    fn reachable(&self, name: &str) -> Result<Vec<HashMap<State, u128>>, SpaceError> {
        let mut levels = vec![HashMap::from([(self.start.clone(), 0)])];
        let mut states = 1;
        for step in &self.steps {
            let mut next = HashMap::new();
            for state in levels.last().into_iter().flatten().map(|(state, _)| state) {
                let following = step.following(state);
                next.extend(following.map(|(state, _)| (state, 0)));
                if states + next.len() > MOST_STATES {
                    return Err(SpaceError::Entangled {
                        name: name.to_owned(),
                        limit: MOST_STATES,
                    });
                }
            }
            states += next.len();
            levels.push(next);
        }
        Ok(levels)
    }

    /// Counts from the last step backwards; `None` when a count is too large.
    fn fill(&mut self, mut levels: Vec<HashMap<State, u128>>) -> Option<()> {
        let mut later: HashMap<State, u128> = levels.pop()?;
        later.values_mut().for_each(|count| *count = 1);
        let mut counts = vec![later];
        for (step, mut level) in self.steps.iter().zip(levels).rev() {
            let later = counts.last()?;
            for (state, count) in &mut level {
                for (next, values) in step.following(state) {
                    let each = later.get(&next).copied().unwrap_or(0);
                    *count = each.checked_mul(values)?.checked_add(*count)?;
                }
            }
            counts.push(level);
        }
        counts.reverse();
        self.counts = counts;
        Some(())
    }
}
