//! Points that were drawn before.

use std::collections::BTreeSet;

use toml::Value;

use crate::point::Point;

/// The largest integer up to which a float holds every one.
const MOST_EXACT: i64 = 1 << 53;

/// Points that must not be drawn again. 1 and 1.0 are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen(BTreeSet<String>);

impl Seen {
    /// Of no point.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a point; false when it was there.
    pub fn insert(&mut self, point: &Point) -> bool {
        self.0.insert(key(point))
    }

    /// Whether the point is there.
    pub fn contains(&self, point: &Point) -> bool {
        !self.0.is_empty() && self.0.contains(&key(point))
    }

    /// Distinct points.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> FromIterator<&'a Point> for Seen {
    fn from_iter<I: IntoIterator<Item = &'a Point>>(points: I) -> Self {
        Self(points.into_iter().map(key).collect())
    }
}

fn key(point: &Point) -> String {
    let values = point.iter().map(|(key, value)| (key, plain(value)));
    let values = values.map(|(key, value)| format!("{key} = {value}"));
    values.collect::<Vec<_>>().join(", ")
}

/// With integers as the floats that they equal.
fn plain(value: &Value) -> Value {
    match value {
        Value::Integer(integer) if integer.abs() <= MOST_EXACT => Value::Float(*integer as f64),
        // Not −0.
        Value::Float(float) => Value::Float(float + 0.0),
        Value::Array(values) => Value::Array(values.iter().map(plain).collect()),
        Value::Table(table) => {
            let entries = table.iter().map(|(key, value)| (key.clone(), plain(value)));
            Value::Table(entries.collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(text: &str) -> Point {
        Point::from([("a.a".to_owned(), text.parse().unwrap())])
    }

    #[test]
    fn a_point_is_seen_once_however_its_numbers_are_written() {
        let mut seen = Seen::new();
        assert!(seen.insert(&point("1")));
        for same in ["1", "1.0"] {
            assert!(!seen.insert(&point(same)) && seen.contains(&point(same)));
        }
        assert!(seen.insert(&point("[1, 2]")) && !seen.insert(&point("[1.0, 2]")));
        for other in ["\"1\"", "2", "true", "[1]"] {
            assert!(!seen.contains(&point(other)), "{other}");
        }
    }
}
