//! Conditions on other keys' values: `when` of a dimension, and excludes.

use std::fmt;

use toml::Value;
use toml::de::{DeTable, DeValue};

use crate::error::SpaceError;
use crate::point::Point;
use crate::source::{Source, Spanned, nearest};
use crate::value::{is_finite, number, same};

/// What a key's value has to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// One of these values.
    OneOf(Vec<Value>),
    /// A number between two ends, both included; `None` is no end.
    Between {
        /// The smallest that passes.
        min: Option<f64>,
        /// The largest that passes.
        max: Option<f64>,
    },
}

impl Test {
    /// Whether a value passes.
    pub fn holds(&self, value: &Value) -> bool {
        match self {
            Self::OneOf(values) => values.iter().any(|one| same(one, value)),
            Self::Between { min, max } => number(value).is_some_and(|value| {
                min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max)
            }),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(values) => match values.as_slice() {
                [value] if !value.is_array() && !value.is_table() => write!(f, "{value}"),
                _ => write!(f, "{}", Value::Array(values.clone())),
            },
            Self::Between { min, max } => {
                let ends = [("min", min), ("max", max)];
                let ends: Vec<String> = ends
                    .iter()
                    .filter_map(|(name, end)| end.map(|end| format!("{name} = {end}")))
                    .collect();
                write!(f, "{{ {} }}", ends.join(", "))
            }
        }
    }
}

/// A test of one key's value.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The key, `section.key`.
    pub key: String,
    /// What its value has to be.
    pub test: Test,
    /// Line of the document.
    pub line: usize,
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.key, self.test)
    }
}

/// Tests that all have to hold, of different keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The tests, in alphabetical order of their keys.
    pub terms: Vec<Term>,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms: Vec<String> = self.terms.iter().map(ToString::to_string).collect();
        f.write_str(&terms.join(" and "))
    }
}

impl Condition {
    /// Whether the point has every key named here, with a value that passes.
    pub fn holds(&self, point: &Point) -> bool {
        self.terms.iter().all(|term| {
            point
                .get(&term.key)
                .is_some_and(|value| term.test.holds(value))
        })
    }

    /// Reads `{ section.key = test, … }`; `owner` is whose condition it is.
    pub(crate) fn read<'a>(
        source: Source<'a>,
        owner: &str,
        table: &DeTable<'a>,
    ) -> Result<Self, SpaceError> {
        let terms = source.entries(table, owner)?.into_iter().map(|entry| {
            Ok(Term {
                test: read_test(source, owner, &entry.key, entry.value)?,
                line: source.line(&entry.span),
                key: entry.key,
            })
        });
        let terms = terms.collect::<Result<_, SpaceError>>()?;
        Ok(Self { terms })
    }
}

/// A value, a list of values, or `{ min, max }`.
fn read_test(
    source: Source<'_>,
    owner: &str,
    key: &str,
    value: &Spanned<'_>,
) -> Result<Test, SpaceError> {
    let span = value.span();
    let values = match value.get_ref() {
        DeValue::Table(ends) => return read_ends(source, owner, key, &span, ends),
        DeValue::Array(values) => values.iter().map(|one| source.value(one)).collect(),
        _ => source.value(value).map(|one| vec![one]),
    }?;
    if values.is_empty() || !values.iter().all(is_finite) {
        let found = format!("{key} is compared with {}", Value::Array(values));
        return Err(source.malformed(&span, owner, found, "at least one value, finite"));
    }
    Ok(Test::OneOf(values))
}

fn read_ends(
    source: Source<'_>,
    owner: &str,
    key: &str,
    span: &std::ops::Range<usize>,
    ends: &DeTable<'_>,
) -> Result<Test, SpaceError> {
    const NAMES: [&str; 2] = ["min", "max"];
    let mut found: [Option<f64>; 2] = [None, None];
    for (name, value) in ends {
        let Some(at) = NAMES.iter().position(|known| known == name.get_ref()) else {
            return Err(SpaceError::Unknown {
                place: source.place(&name.span()),
                name: name.get_ref().to_string(),
                expected: "a value of a key, min or max",
                nearest: nearest(name.get_ref(), NAMES),
            });
        };
        let value = source.value(value)?;
        let end = number(&value).filter(|end| end.is_finite());
        found[at] = Some(end.ok_or_else(|| {
            let found = format!("{} of {key} is {value}", NAMES[at]);
            source.malformed(&name.span(), owner, found, "a finite number")
        })?);
    }
    match found {
        [None, None] => Err(source.malformed(
            span,
            owner,
            format!("{key} is compared with nothing"),
            "min, max or both",
        )),
        [Some(min), Some(max)] if min > max => Err(source.malformed(
            span,
            owner,
            format!("{key} has to be at least {min} and at most {max}"),
            "a min that is not above max",
        )),
        [min, max] => Ok(Test::Between { min, max }),
    }
}
