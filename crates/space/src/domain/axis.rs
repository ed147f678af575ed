//! A range's values as places on a line on which all are equally likely.

use toml::Value;

use super::Domain;
use crate::value::{number, rounded};

/// A numeric domain as an interval of reals. An integer is the middle of a
/// cell, and the outermost cells reach beyond the domain's ends, so that each
/// integer has its full share.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    scale: Scale,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// What a place on the line stands for.
#[derive(Clone, Copy, Debug)]
enum Scale {
    /// The value itself.
    Linear { low: f64, high: f64 },
    /// Its natural logarithm.
    Log { low: f64, high: f64 },
    /// How many steps an integer is above the lowest.
    Steps { low: i64, high: i64, step: i64 },
    /// The natural logarithm of an integer.
    LogIntegers { low: i64, high: i64 },
}

impl Axis {
    /// `None` for a list.
    pub(crate) fn new(domain: &Domain) -> Option<Self> {
        let (scale, low, high) = match *domain {
            Domain::Values(_) => return None,
            Domain::Range { low, high, log, .. } if log => {
                (Scale::Log { low, high }, low.ln(), high.ln())
            }
            Domain::Range { low, high, .. } => (Scale::Linear { low, high }, low, high),
            Domain::Integers { low, high, step } => (
                Scale::Steps { low, high, step },
                -0.5,
                steps(low, high as f64, step) + 0.5,
            ),
            Domain::LogIntegers { low, high, .. } => (
                Scale::LogIntegers { low, high },
                (low as f64 - 0.5).ln(),
                (high as f64 + 0.5).ln(),
            ),
        };
        Some(Self { scale, low, high })
    }

    /// The value at a place.
    pub(crate) fn value(&self, place: f64) -> Value {
        match self.scale {
            Scale::Linear { low, high } => Value::Float(rounded(place).clamp(low, high)),
            Scale::Log { low, high } => Value::Float(rounded(place.exp()).clamp(low, high)),
            Scale::Steps { low, high, step } => {
                let value = i128::from(low) + place.round() as i128 * i128::from(step);
                // Fits: it is between two i64.
                Value::Integer(value.clamp(low.into(), high.into()) as i64)
            }
            Scale::LogIntegers { low, high } => {
                Value::Integer((place.exp().round() as i64).clamp(low, high))
            }
        }
    }

    /// The place of a value; `None` for what is no number of the domain.
    pub(crate) fn place(&self, value: &Value) -> Option<f64> {
        let value = number(value)?;
        let place = match self.scale {
            Scale::Linear { .. } => value,
            Scale::Log { .. } | Scale::LogIntegers { .. } => value.ln(),
            Scale::Steps { low, step, .. } => steps(low, value, step),
        };
        (self.low..=self.high).contains(&place).then_some(place)
    }

    /// The ends of the cell around the integer at `place`; `None` where values
    /// lie densely.
    pub(crate) fn cell(&self, place: f64) -> Option<(f64, f64)> {
        match self.scale {
            Scale::Linear { .. } | Scale::Log { .. } => None,
            Scale::Steps { .. } => Some((place.round() - 0.5, place.round() + 0.5)),
            Scale::LogIntegers { low, high } => {
                let value = place.exp().round().clamp(low as f64, high as f64);
                Some(((value - 0.5).ln(), (value + 0.5).ln()))
            }
        }
    }
}

fn steps(low: i64, value: f64, step: i64) -> f64 {
    (value - low as f64) / step as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains() -> [Domain; 4] {
        let range = |low, high, log| Domain::Range {
            low,
            high,
            log,
            points: 9,
        };
        [
            range(1e-5, 1e-2, true),
            range(-0.3, 0.5, false),
            Domain::Integers {
                low: -64,
                high: 512,
                step: 64,
            },
            Domain::LogIntegers {
                low: 2,
                high: 12,
                // Enough to hit every integer.
                points: 100,
            },
        ]
    }

    #[test]
    fn every_value_of_a_grid_is_found_again_at_its_place() {
        for domain in domains() {
            let axis = Axis::new(&domain).unwrap();
            for value in domain.grid() {
                let place = axis.place(&value).unwrap();
                assert_eq!(axis.value(place), value, "{domain:?}");
            }
        }
    }

    #[test]
    fn the_cells_of_integers_fill_the_line_without_gaps_and_other_numbers_have_none() {
        for domain in domains() {
            let axis = Axis::new(&domain).unwrap();
            let places = domain
                .grid()
                .into_iter()
                .map(|value| axis.place(&value).unwrap());
            let cells: Vec<Option<(f64, f64)>> = places.map(|place| axis.cell(place)).collect();
            if matches!(domain, Domain::Range { .. }) {
                assert!(cells.iter().all(Option::is_none), "{domain:?}");
                continue;
            }
            let mut end = axis.low;
            for (low, high) in cells.into_iter().map(Option::unwrap) {
                assert!((low - end).abs() < 1e-12, "{domain:?} at {low}");
                end = high;
            }
            assert!((end - axis.high).abs() < 1e-12, "{domain:?}");
        }
    }

    #[test]
    fn what_lies_outside_or_is_no_number_has_no_place() {
        let axis = Axis::new(&domains()[0]).unwrap();
        assert_eq!(axis.place(&Value::Float(0.1)), None);
        assert_eq!(axis.place(&Value::Float(-1.0)), None);
        assert_eq!(axis.place(&Value::String("0.001".to_owned())), None);
    }
}
