//! Samplers that need no results: the grid in order, the grid at random, and
//! the ranges behind it at random.

use std::collections::HashMap;

use rand_chacha::ChaCha8Rng;
use toml::Value;

use crate::dimension::Dimension;
use crate::domain::Axis;
use crate::error::SpaceError;
use crate::point::Point;
use crate::rng::{below, generator, unit};
use crate::seen::Seen;
use crate::space::Space;

/// How often an excluded point is drawn again.
pub(crate) const MOST_TRIES: usize = 10_000;

/// Draws points from a space.
pub trait Sampler {
    /// The next point; `None` once there are no more.
    ///
    /// # Errors
    /// [`SpaceError::Exhausted`] when only excluded points were drawn.
    fn draw(&mut self) -> Option<Result<Point, SpaceError>>;
}

/// All points of the grid, in order.
#[derive(Clone, Debug)]
pub struct Grid<'a> {
    space: &'a Space,
    next: u128,
}

impl<'a> Grid<'a> {
    /// A sampler at the grid's first point.
    pub fn new(space: &'a Space) -> Self {
        Self { space, next: 0 }
    }
}

impl Sampler for Grid<'_> {
    fn draw(&mut self) -> Option<Result<Point, SpaceError>> {
        let point = self.space.point(self.next)?;
        self.next += 1;
        Some(Ok(point))
    }
}

/// All points of the grid in random order: each draw is uniform among those not
/// drawn before.
///
/// Fisher and Yates' shuffle as Durstenfeld wrote it (1964), of which only the
/// places that differ from the grid's order are kept: the memory is that of the
/// points drawn, however large the grid.
#[derive(Clone, Debug)]
pub struct RandomGrid<'a> {
    space: &'a Space,
    rng: ChaCha8Rng,
    drawn: u128,
    /// The points that stand at other places than their own.
    displaced: HashMap<u128, u128>,
}

impl<'a> RandomGrid<'a> {
    /// A sampler whose order `seed` decides.
    pub fn new(space: &'a Space, seed: u64) -> Self {
        Self {
            space,
            rng: generator(seed, 0),
            drawn: 0,
            displaced: HashMap::new(),
        }
    }
}

impl Sampler for RandomGrid<'_> {
    fn draw(&mut self) -> Option<Result<Point, SpaceError>> {
        let left = self
            .space
            .count()
            .checked_sub(self.drawn)
            .filter(|&left| left > 0)?;
        let place = self.drawn + below(&mut self.rng, left);
        // No later draw looks at the place that the drawn point leaves.
        let first = self.displaced.remove(&self.drawn).unwrap_or(self.drawn);
        let index = if place == self.drawn {
            first
        } else {
            self.displaced.insert(place, first).unwrap_or(place)
        };
        self.drawn += 1;
        self.space.point(index).map(Ok)
    }
}

/// Uniform draws from lists and from the ranges themselves, not their grid:
/// numbers of a `log` range log-uniform, integers by their steps. It does not
/// end, and may repeat itself. A condition on a single value of a range is
/// almost never met: give it `min` and `max`.
#[derive(Clone, Debug)]
pub struct Random<'a> {
    space: &'a Space,
    seed: u64,
    next: u64,
}

impl<'a> Random<'a> {
    /// A sampler at draw number 0.
    pub fn new(space: &'a Space, seed: u64) -> Self {
        Self {
            space,
            seed,
            next: 0,
        }
    }

    /// Draw number `number`, which depends on it and the seed only.
    ///
    /// # Errors
    /// [`SpaceError::Exhausted`] when only excluded points were drawn.
    pub fn nth(&self, number: u64) -> Result<Point, SpaceError> {
        let drawn = self.nth_new(number, &Seen::new())?;
        drawn.ok_or_else(|| self.space.exhausted(MOST_TRIES))
    }

    /// The same, but no point that was `seen`: then the next one of this draw. `None`
    /// where every point was.
    ///
    /// # Errors
    /// As [`Random::nth`].
    pub fn nth_new(&self, number: u64, seen: &Seen) -> Result<Option<Point>, SpaceError> {
        let mut rng = generator(self.seed, number);
        let value = |dimension: &Dimension, _| uniform(dimension, &mut rng);
        self.space.assemble(MOST_TRIES, seen, value)
    }
}

impl Sampler for Random<'_> {
    fn draw(&mut self) -> Option<Result<Point, SpaceError>> {
        let number = self.next;
        self.next = number.checked_add(1)?;
        Some(self.nth(number))
    }
}

fn uniform(dimension: &Dimension, rng: &mut ChaCha8Rng) -> Value {
    match Axis::new(&dimension.domain) {
        Some(axis) => axis.value(axis.low + unit(rng) * (axis.high - axis.low)),
        None => dimension.grid[below(rng, dimension.grid.len() as u128) as usize].clone(),
    }
}
