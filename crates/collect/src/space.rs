//! The searched keys.

use psp_report::input::{Dimension, DimensionAxis};
use psp_search::SearchConfig;
use psp_space::Domain;
use toml::Value;

/// What the study searched, in alphabetical order of the keys.
pub(crate) fn dimensions(config: &SearchConfig) -> Vec<Dimension> {
    let dimension = |one: &psp_space::Dimension| Dimension {
        key: one.key.clone(),
        domain: words(&one.domain),
        axis: axis(&one.domain),
        condition: one.when.as_ref().map(ToString::to_string),
    };
    config.space.dimensions().iter().map(dimension).collect()
}

fn words(domain: &Domain) -> String {
    match domain {
        Domain::Values(values) => {
            let values: Vec<String> = values.iter().map(text).collect();
            values.join(", ")
        }
        Domain::Range {
            low,
            high,
            log,
            points,
        } => {
            let scale = if *log { ", logarithmic" } else { "" };
            format!("{low:?} to {high:?}{scale}, {points} grid points")
        }
        Domain::Integers { low, high, step } => format!("{low} to {high} in steps of {step}"),
        Domain::LogIntegers { low, high, points } => {
            format!("{low} to {high}, logarithmic, {points} grid points")
        }
    }
}

fn axis(domain: &Domain) -> DimensionAxis {
    match domain {
        Domain::Values(values) => DimensionAxis::Categories(values.iter().map(text).collect()),
        Domain::Range { log, .. } => DimensionAxis::Numbers { log: *log },
        Domain::Integers { .. } => DimensionAxis::Numbers { log: false },
        Domain::LogIntegers { .. } => DimensionAxis::Numbers { log: true },
    }
}

/// A value as people write it: strings without quotes.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join("+"),
        other => other.to_string(),
    }
}
