//! What the tests share.

use std::collections::BTreeMap;

use psp_space::{Point, Sampler, Space, SpaceError};
use toml::Value;

/// Reads a space called `s.toml` with these fixed values.
pub(crate) fn parse_with(text: &str, fixed: &[(&str, Value)]) -> Result<Space, SpaceError> {
    let fixed: BTreeMap<String, Value> = fixed
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()))
        .collect();
    Space::parse(text, "s.toml", &fixed)
}

/// Reads a space that is valid.
pub(crate) fn space(text: &str) -> Space {
    parse_with(text, &[]).unwrap()
}

/// All that a sampler draws, at most so many.
pub(crate) fn drawn(sampler: &mut dyn Sampler, most: usize) -> Vec<Point> {
    let points = std::iter::from_fn(|| sampler.draw());
    points.take(most).map(Result::unwrap).collect()
}
