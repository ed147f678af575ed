//! Whether conditions make sense: keys that exist, values that they take, and
//! excludes that leave some points and take others.

use std::collections::BTreeMap;

use toml::Value;

use crate::condition::{Condition, Term, Test};
use crate::count::Counter;
use crate::dimension::Dimension;
use crate::error::SpaceError;
use crate::read::Exclude;
use crate::source::{nearest, place};
use crate::value::{listed, same};

const EVERY_POINT: &str = "this exclude matches every point; narrow it, or remove it";

/// Checks every condition's keys and values, and leaves out of it what fixed
/// values decide.
pub(crate) fn conditions(
    name: &str,
    dimensions: &mut [Dimension],
    excludes: &mut [Exclude],
    fixed: &BTreeMap<String, Value>,
) -> Result<(), SpaceError> {
    let grids: BTreeMap<String, Vec<Value>> = dimensions
        .iter()
        .map(|one| (one.key.clone(), one.grid.clone()))
        .collect();
    let keys = Keys {
        name,
        grids: &grids,
        fixed,
    };
    for dimension in dimensions {
        let Some(when) = dimension.when.take() else {
            continue;
        };
        let when = keys.resolve(&dimension.key, &when)?;
        if let Some((term, value)) = when.unmet {
            return Err(SpaceError::NeverActive {
                place: place(name, term.line),
                key: dimension.key.clone(),
                reason: format!("its `when` asks for {term}, and it is {value} in all points"),
            });
        }
        dimension.when = Some(when.varying).filter(|when| !when.terms.is_empty());
    }
    for exclude in excludes {
        let resolved = keys.resolve("exclude", &exclude.condition)?;
        let reason = match resolved.unmet {
            Some((term, value)) => format!(
                "this exclude matches no point: it asks for {term}, which is {value} in all \
                 points; remove it"
            ),
            None if resolved.varying.terms.is_empty() => EVERY_POINT.to_owned(),
            None => {
                exclude.condition = resolved.varying;
                continue;
            }
        };
        return Err(SpaceError::Exclude {
            place: place(name, exclude.line),
            reason,
        });
    }
    Ok(())
}

/// A condition, as far as it is decided for all points.
struct Resolved<'a> {
    /// The terms on dimensions.
    varying: Condition,
    /// The first term that a fixed value fails, and the value.
    unmet: Option<(Term, &'a Value)>,
}

/// What conditions may name.
struct Keys<'a> {
    name: &'a str,
    grids: &'a BTreeMap<String, Vec<Value>>,
    fixed: &'a BTreeMap<String, Value>,
}

impl<'a> Keys<'a> {
    /// Sorts a condition's terms.
    fn resolve(&self, owner: &str, condition: &Condition) -> Result<Resolved<'a>, SpaceError> {
        let mut terms = Vec::new();
        let mut unmet = None;
        for term in condition.terms.iter().cloned() {
            if let Some(grid) = self.grids.get(&term.key) {
                self.taken(owner, &term, grid)?;
                terms.push(term);
            } else if let Some(value) = self.fixed.get(&term.key) {
                if !term.test.holds(value) {
                    unmet = unmet.or(Some((term, value)));
                }
            } else {
                let known = self.grids.keys().chain(self.fixed.keys());
                return Err(SpaceError::Unknown {
                    place: place(self.name, term.line),
                    nearest: nearest(&term.key, known.map(String::as_str)),
                    name: term.key,
                    expected: "a key of the space or the configuration",
                });
            }
        }
        Ok(Resolved {
            varying: Condition { terms },
            unmet,
        })
    }

    /// Refuses a value that the key never takes: it is misspelt.
    fn taken(&self, owner: &str, term: &Term, grid: &[Value]) -> Result<(), SpaceError> {
        let stray = match &term.test {
            Test::OneOf(values) => values
                .iter()
                .find(|&value| !grid.iter().any(|taken| same(taken, value)))
                .map(Value::to_string),
            test if grid.iter().any(|value| test.holds(value)) => None,
            test => Some(test.to_string()),
        };
        let Some(stray) = stray else { return Ok(()) };
        let mut expected = listed(grid);
        if grid.iter().any(Value::is_array) {
            expected.push_str(" (a value that is a list stands in a list: [[…]])");
        }
        Err(SpaceError::Malformed {
            place: place(self.name, term.line),
            key: owner.to_owned(),
            found: format!("{} is never {stray} on its grid", term.key),
            expected: format!("a value that it takes: {expected}"),
        })
    }
}

/// Counts the points, and refuses excludes and dimensions without effect.
pub(crate) fn count(
    name: &str,
    dimensions: &[Dimension],
    excludes: &[Exclude],
) -> Result<Counter, SpaceError> {
    let all: Vec<&Condition> = excludes.iter().map(|one| &one.condition).collect();
    let whole = Counter::new(name, dimensions, &[])?;
    check_active(name, dimensions, &whole, "no point meets its `when`")?;
    if excludes.is_empty() {
        return Ok(whole);
    }
    for exclude in excludes {
        let left = Counter::new(name, dimensions, &[&exclude.condition])?.count();
        let reason = match left {
            0 => EVERY_POINT,
            _ if left == whole.count() => {
                "this exclude matches no point of the grid; correct its values or remove it"
            }
            _ => continue,
        };
        return Err(SpaceError::Exclude {
            place: place(name, exclude.line),
            reason: reason.to_owned(),
        });
    }
    let counter = Counter::new(name, dimensions, &all)?;
    if let (0, Some(last)) = (counter.count(), excludes.last()) {
        return Err(SpaceError::Exclude {
            place: place(name, last.line),
            reason: "the excludes together match every point; narrow or remove one".to_owned(),
        });
    }
    let reason = "the excludes leave no point that meets its `when`";
    check_active(name, dimensions, &counter, reason)?;
    Ok(counter)
}

fn check_active(
    name: &str,
    dimensions: &[Dimension],
    counter: &Counter,
    reason: &str,
) -> Result<(), SpaceError> {
    match counter.never_active() {
        None => Ok(()),
        Some(dimension) => Err(SpaceError::NeverActive {
            place: place(name, dimensions[dimension].line),
            key: dimensions[dimension].key.clone(),
            reason: reason.to_owned(),
        }),
    }
}
