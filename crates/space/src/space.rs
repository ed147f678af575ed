//! A search space: dimensions, their conditions, and excluded points.

use std::collections::BTreeMap;

use toml::Value;

use crate::condition::Condition;
use crate::count::Counter;
use crate::dimension::Dimension;
use crate::domain::Domain;
use crate::error::SpaceError;
use crate::point::Point;
use crate::seen::Seen;
use crate::source::place;
use crate::{check, read};

/// Integers of a `log` range beyond the grid that are listed; more count as endless.
const MOST_INTEGERS: i64 = 4096;

/// A search space, checked: it has at least one point, and each dimension is in
/// at least one.
///
/// It depends on the content of `[space]` and `[[exclude]]`, and not on the
/// order of their lines: dimensions are in alphabetical order of their keys, as
/// they are in a [`Point`], and so a draw stays the same when a document is
/// sorted or written anew. A dimension that a point lacks passes no test.
#[derive(Clone, Debug)]
pub struct Space {
    name: String,
    dimensions: Vec<Dimension>,
    excludes: Vec<Condition>,
    counter: Counter,
}

impl Space {
    /// Reads the tables `space` and `exclude` of a document; other tables belong
    /// to the caller. `name` stands for the document in errors; `fixed` are the
    /// values of keys that all points share, which conditions may refer to. A key
    /// that is in both is searched.
    ///
    /// # Errors
    /// Whatever is malformed, unknown, contradictory or without effect, with its
    /// line; a space of 2^128 points or more.
    pub fn parse(
        text: &str,
        name: &str,
        fixed: &BTreeMap<String, Value>,
    ) -> Result<Self, SpaceError> {
        let (mut dimensions, mut excludes) = read::read(text, name)?;
        check::conditions(name, &mut dimensions, &mut excludes, fixed)?;
        let counter = check::count(name, &dimensions, &excludes)?;
        let excludes = excludes.into_iter().map(|exclude| exclude.condition);
        Ok(Self {
            name: name.to_owned(),
            dimensions,
            excludes: excludes.collect(),
            counter,
        })
    }

    /// What is searched, in alphabetical order of the keys.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// `file, line N` of a dimension's key.
    pub fn place(&self, key: &str) -> Option<String> {
        let dimension = self.dimensions.iter().find(|one| one.key == key)?;
        Some(place(&self.name, dimension.line))
    }

    /// Points on the grid, at least 1: combinations of the values of those
    /// dimensions that exist in them, without those excluded.
    pub fn count(&self) -> u128 {
        self.counter.count()
    }

    /// The grid's point number `index`, from 0; `None` from [`Space::count`] on.
    /// Later dimensions change faster. They are taken in alphabetical order,
    /// save that those connected by conditions stand together, and after those
    /// that their `when` names.
    pub fn point(&self, index: u128) -> Option<Point> {
        self.counter.point(&self.dimensions, index)
    }

    /// The number of a point of the grid; `None` for what is none.
    pub fn index(&self, point: &Point) -> Option<u128> {
        self.counter.index(&self.dimensions, point)
    }

    /// Every point that can be drawn from the ranges behind the grid: `None` where
    /// these are endless.
    fn drawable(&self) -> Option<(Vec<Dimension>, Counter)> {
        let mut dimensions = self.dimensions.clone();
        for dimension in &mut dimensions {
            match dimension.domain {
                Domain::Range { .. } if dimension.grid.len() > 1 => return None,
                Domain::LogIntegers { low, high, .. } => {
                    if high.saturating_sub(low) >= MOST_INTEGERS {
                        return None;
                    }
                    dimension.grid = (low..=high).map(Value::Integer).collect();
                }
                _ => {}
            }
        }
        let excludes: Vec<&Condition> = self.excludes.iter().collect();
        let counter = Counter::new(&self.name, &dimensions, &excludes).ok()?;
        Some((dimensions, counter))
    }

    /// How many points can be drawn from the ranges behind the grid; `None` where these
    /// are endless, as ranges of numbers are.
    pub fn drawable_points(&self) -> Option<u128> {
        self.drawable().map(|(_, counter)| counter.count())
    }

    /// Dimensions, those that a `when` names before it.
    pub(crate) fn ordered(&self) -> impl Iterator<Item = &Dimension> {
        let order = self.counter.order();
        order.map(|dimension| &self.dimensions[dimension])
    }

    /// The first of at most `tries` points that is not excluded and not among those
    /// `seen`. `value` gives the value of a dimension that exists, told which try it
    /// is, from 0. Where so many tries find nothing new in a finite space, its first
    /// point that is new; `None` if there is none.
    pub(crate) fn assemble(
        &self,
        tries: usize,
        seen: &Seen,
        mut value: impl FnMut(&Dimension, usize) -> Value,
    ) -> Result<Option<Point>, SpaceError> {
        for attempt in 0..tries {
            let mut point = Point::new();
            for dimension in self.ordered() {
                if dimension
                    .when
                    .as_ref()
                    .is_none_or(|when| when.holds(&point))
                {
                    point.insert(dimension.key.clone(), value(dimension, attempt));
                }
            }
            let is_excluded = self.excludes.iter().any(|exclude| exclude.holds(&point));
            if !is_excluded && !seen.contains(&point) {
                return Ok(Some(point));
            }
        }
        match self.drawable() {
            Some((dimensions, counter)) if !seen.is_empty() => {
                let mut points = (0..counter.count()).filter_map(|n| counter.point(&dimensions, n));
                Ok(points.find(|point| !seen.contains(point)))
            }
            _ => Err(self.exhausted(tries)),
        }
    }

    pub(crate) fn exhausted(&self, tries: usize) -> SpaceError {
        SpaceError::Exhausted {
            name: self.name.clone(),
            tries,
        }
    }
}
