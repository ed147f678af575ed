//! A point of a space.

use std::collections::BTreeMap;

use toml::Value;

/// The values of the dimensions that exist in a point, by `section.key`.
pub type Point = BTreeMap<String, Value>;

/// A point as one line of text, such as
/// `model.backbone = "resnet18", train.learning_rate = 0.001`, in the space's
/// order of keys.
pub fn point_text(point: &Point) -> String {
    let values = point.iter().map(|(key, value)| format!("{key} = {value}"));
    values.collect::<Vec<_>>().join(", ")
}
